// What an agent has: prompts over the direct messages with it, and Stop while it works in a thread.
//
// What a click does is in the handlers given to `buildAgent`.

import { el } from "../dom.js";
import { session } from "../session.js";
import { t } from "../strings.js";

export const prompts = {};
let handlers = null;

// `ask(text)` sends a prompt, `stopSession(thread)` stops what is worked on in a thread.
export function buildAgent(given) {
  handlers = given;
  prompts.node = el("section.prompts", { hidden: true, "data-testid": "prompts" });
}

export function drawPrompts(isDirect) {
  const { title, prompts: shown } = session.model.prompts;
  prompts.node.hidden = !isDirect || session.here.home || !shown.length;
  const version = JSON.stringify(session.model.prompts);
  if (prompts.version === version) return;
  prompts.version = version;
  prompts.node.setAttribute("aria-label", title || t.prompts);
  prompts.node.replaceChildren(el("h2", {}, title), el("div.prompt-list", {}, shown.map((prompt) =>
    el("button.example", { type: "button", title: prompt.message, onclick: () => handlers.ask(prompt.message) }, prompt.title))));
}

// What is said of a thread's status: an app's own words, or that its agent works.
export const statusText = (status, bot) =>
  status.processing ? t.processing(bot.real_name) : `${bot.real_name} ${status.status}`;

export const stopButton = (thread) =>
  el("button.button", { type: "button", "data-testid": "session-stop", onclick: () => handlers.stopSession(thread) }, t.stop);
