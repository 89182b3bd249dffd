// What a message needs to know to be shown: names, statuses, pictures, and what its buttons do.

import { el } from "../dom.js";
import { session } from "../session.js";

const pictures = new Map();

const names = {
  user: (id) => (session.model.users.has(id) ? session.model.user(id).name : null),
  channel: (id) => session.model.allChannels.find((channel) => channel.id === id)?.name || null,
};

// What blocks need to be shown; `chosen` is a Map from action id to the value of the pressed thumb.
export const blocksContext = (press, chosen = new Map()) => ({ names, picture, press, chosen, me: session.model.me });

export function messageContext({ openThread, openMenu, press, dismiss }, { withStatuses }) {
  return {
    bot: session.model.bot,
    user: (id) => session.model.user(id),
    names,
    status: (ts) => (withStatuses ? session.model.status(session.here.channel, ts) : null),
    openThread,
    dismiss,
    openMenu,
    forBlocks: (message) =>
      blocksContext((actionId, value, blockId) => press(message, actionId, value, blockId), session.model.chosenIn(message.ts)),
    picture,
    async fileText(file) {
      const content = await session.person.file(file.url_private).then((blob) => blob.arrayBuffer()).catch(() => null);
      return content && decoded(content);
    },
  };
}

// UTF-8, or else Shift-JIS as Windows writes it: the bot reads a file in the same way.
function decoded(content) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    return new TextDecoder("shift_jis").decode(content);
  }
}

// An image that is filled once it was fetched, and replaced by its description if that fails.
function picture(address, alt) {
  const image = el("img", { alt: alt ?? "", loading: "lazy" });
  objectUrl(address).then((source) => (image.src = source)).catch(() => image.replaceWith(alt ?? ""));
  return image;
}

// Fetched with the person's token, which an <img> cannot send; each address once.
function objectUrl(address) {
  if (!pictures.has(address)) pictures.set(address, session.person.file(address).then((blob) => URL.createObjectURL(blob)));
  return pictures.get(address);
}
