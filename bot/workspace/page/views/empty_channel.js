// What an empty channel shows: how to ask, and examples to try.

import { bird, el } from "../dom.js";
import { t } from "../strings.js";

// `onExample` gets the text of the example that was pressed.
export function emptyChannel(channel, bot, onExample) {
  const direct = channel.kind === "im";
  const example = (text) => {
    const question = direct ? text : `@${bot.name} ${text}`;
    return el("li", {}, el("button.example", { type: "button", onclick: () => onExample(question) }, question));
  };
  return el("div.welcome", { "data-testid": "empty" },
    el("span.mark", {}, bird()),
    el("h2", {}, direct ? t.emptyDirectTitle(bot.real_name) : t.emptyTitle(`#${channel.name}`)),
    el("p", {}, direct ? t.emptyDirect(bot.real_name) : t.emptyChannel(bot.name)),
    el("p.hint", {}, t.examples),
    el("ul", {}, example(t.example1), example(t.example2), example(t.example3)));
}
