// What a message needs to know to be shown: names, statuses, pictures, and what its buttons do.

import { el } from "../dom.js";
import { session } from "../session.js";

const pictures = new Map();

export function messageContext({ openThread, press, dismiss }, { withStatuses }) {
  const context = {
    bot: session.model.bot,
    user: (id) => session.model.user(id),
    names: {
      user: (id) => (session.model.users.has(id) ? session.model.user(id).name : null),
      channel: (id) => session.model.allChannels.find((channel) => channel.id === id)?.name || null,
    },
    status: (ts) => (withStatuses ? session.model.status(session.here.channel, ts) : null),
    openThread,
    dismiss,
    forBlocks: (message) => ({
      names: context.names,
      picture,
      chosen: session.model.chosenIn(message.ts),
      press: (actionId, value) => press(message, actionId, value),
    }),
    picture,
    async fileText(file) {
      return (await session.person.file(file.url_private).catch(() => null))?.text();
    },
  };
  return context;
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
