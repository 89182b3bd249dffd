// What a person does with messages: send one, run a command, press a button, use a shortcut, dismiss.
//
// An action that fails shows a notice with the reason. Knows nothing of how messages look.

import { Unreachable, deleteMessage, editMessage, pressButton, runCommand, runShortcut, stopSession as stop } from "../api.js";
import { COMMANDS, commandNamed, parseCommand } from "../commands.js";
import { session } from "../session.js";
import { t } from "../strings.js";
import { confirmed } from "../text/elements.js";
import { showError } from "../views/notice.js";
import { draw } from "../views/panes.js";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// The text as Slack stores it: special characters escaped, @name as <@ID>.
function encoded(text) {
  const ids = new Map([...session.model.users.values()].map((user) => [user.name, user.id]));
  return escaped(text).replace(/(?<![\w@])@([a-z][\w-]*)/g, (mention, name) => (ids.has(name) ? `<@${ids.get(name)}>` : mention));
}

// The text of a message as a person would type it: what `encoded` undoes.
export const typed = (text) =>
  text.replace(/<@(\w+)>/g, (mention, id) => (session.model.users.has(id) ? `@${session.model.user(id).name}` : mention))
    .replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

// Sends a draft to the shown channel, or to a thread of it; false if it was not sent.
export async function send({ text, file }, thread) {
  const channel = session.here.channel;
  const command = !thread && !file && parseCommand(text);
  if (command && !commandNamed(command.name)) {
    showError(t.noSuchCommand(command.name, COMMANDS.map(({ name }) => name).join(", ")));
    return false;
  }
  return attempt(async () => {
    if (command) await runCommand(channel, session.model.me, command.name, argumentsOf(command));
    else if (file) await session.person.upload(file, { channel, thread, text: encoded(text) });
    else await session.person.call("chat.postMessage", { channel, text: encoded(text), ...(thread && { thread_ts: thread }) });
  });
}

const argumentsOf = ({ name, argumentText }) => (commandNamed(name).escaped ? encoded(argumentText) : argumentText);

// Runs an action; false, with a notice, if it failed.
export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    showError(error instanceof Unreachable ? t.unreachable : t.failed(error.message));
    return false;
  }
}

export const press = (message, actionId, value, blockId) =>
  attempt(() => pressButton(session.here.channel, session.model.me, message.ts, actionId, value, blockId));

export const stopSession = (thread) =>
  attempt(() => stop(session.here.channel, session.model.me, thread));

export const useShortcut = (message, callbackId) =>
  attempt(() => runShortcut(session.here.channel, session.model.me, message.ts, callbackId));

// Replaces the text of one's own message; false if that failed.
export const edit = (message, text) =>
  attempt(() => editMessage(session.here.channel, session.model.me, message.ts, encoded(text)));

// Deletes one's own message, once the person has confirmed it.
export async function remove(message) {
  const plain = (text) => ({ type: "plain_text", text });
  const question = { title: plain(t.deleteMessage), text: plain(t.deleteForGood), confirm: plain(t.delete), style: "danger" };
  if (await confirmed(question, {})) await attempt(() => deleteMessage(session.here.channel, session.model.me, message.ts));
}

export function dismiss(message) {
  session.model.removeEphemeral(session.here.channel, message.ts);
  draw();
}
