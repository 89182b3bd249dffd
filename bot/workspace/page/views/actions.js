// What one does: speak, send a file, run a command, press a button; and saying so when it fails.

import { pressButton, runCommand } from "../api.js";
import { COMMANDS } from "./composer.js";
import { el } from "../dom.js";
import { session } from "../session.js";
import { t } from "../strings.js";

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function withMentions(text) {
  const ids = new Map([...session.model.users.values()].map((user) => [user.name, user.id]));
  return escaped(text).replace(/(?<![\w@])@([a-z][\w-]*)/g, (whole, name) => (ids.has(name) ? `<@${ids.get(name)}>` : whole));
}

export async function send({ text, file }, thread) {
  const channel = session.here.channel;
  const command = !thread && !file && text.match(/^(\/[\w-]+)(?:\s+([\s\S]*))?$/);
  if (command && !COMMANDS.some(({ name }) => name === command[1])) {
    trouble(t.noSuchCommand(command[1], COMMANDS.map(({ name }) => name).join(", ")));
    return false;
  }
  return attempt(async () => {
    if (command) await runCommand(channel, session.model.me, command[1], command[2] ?? "");
    else if (file) await session.person.upload(file, { channel, thread, text: withMentions(text) });
    else await session.person.call("chat.postMessage", { channel, text: withMentions(text), ...(thread && { thread_ts: thread }) });
  });
}

export async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    trouble(t.failed(error.message));
    return false;
  }
}

export function trouble(text) {
  document.querySelector(".toast")?.remove();
  const toast = el("div.toast", { role: "alert" }, text);
  document.body.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

export const press = (message, actionId, value) =>
  attempt(() => pressButton(session.here.channel, session.model.me, message.ts, actionId, value));
