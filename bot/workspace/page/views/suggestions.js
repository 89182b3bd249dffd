// The list of completions above a message box: people after "@", commands and arguments after "/".
//
// Knows how the list looks and which entry is selected; the box decides what a key does.

import { ARGUMENTS, COMMANDS } from "../commands.js";
import { avatar, el } from "../dom.js";
import { t } from "../strings.js";

// The completions of the text before the cursor: {insert, from, title, usage?, about?, person?},
// where `insert` replaces the text from index `from` to the cursor.
export function suggestionsFor(text, { people, withCommands }) {
  const mention = text.match(/(^|\s)@([\w-]*)$/);
  if (mention) return mentions(mention[2], text.length - mention[2].length - 1, people);
  if (!withCommands) return [];
  const command = text.match(/^\/[\w-]*$/);
  if (command) {
    return COMMANDS.filter(({ name }) => name.startsWith(command[0]))
      .map(({ name, usage, about }) => ({ insert: `${name} `, from: 0, title: name, usage, about }));
  }
  const argument = text.match(/^(\/[\w-]+) ([\w=-]*)$/);
  return (ARGUMENTS[argument?.[1]] ?? [])
    .filter(({ name }) => name.startsWith(argument[2]) && name.trim() !== argument[2])
    .map(({ name, usage, about }) => ({ insert: name, from: argument[1].length + 1, title: name, usage, about }));
}

const mentions = (prefix, from, people) =>
  people
    .filter((person) => person.name.startsWith(prefix.toLowerCase()))
    .map((person) => ({ insert: `@${person.name} `, from, title: person.real_name, usage: `@${person.name}`, person }));

export class Suggestions {
  // `box` is the textarea that has the focus; `onAccept` gets the suggestion that was clicked.
  constructor({ id, testid, box, onAccept }) {
    Object.assign(this, { box, onAccept });
    this.suggestions = [];
    this.index = 0;
    this.node = el("ul.suggestions", { id, role: "listbox", "aria-label": t.suggestions, "data-testid": testid, hidden: true });
  }

  get isOpen() {
    return this.suggestions.length > 0;
  }

  get selected() {
    return this.suggestions[this.index];
  }

  show(suggestions) {
    this.suggestions = suggestions;
    this.node.hidden = !this.isOpen;
    this.box.setAttribute("aria-expanded", String(this.isOpen));
    this.node.replaceChildren(...suggestions.map((suggestion, index) => this.#entry(suggestion, index)));
    if (this.isOpen) this.#select(0);
    else this.box.removeAttribute("aria-activedescendant");
  }

  hide() {
    this.show([]);
  }

  // Selects the next entry (step 1) or the one before (step -1), around the ends.
  move(step) {
    this.#select((this.index + step + this.suggestions.length) % this.suggestions.length);
  }

  #select(index) {
    this.index = index;
    [...this.node.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.box.setAttribute("aria-activedescendant", `${this.node.id}-${index}`);
  }

  #entry(suggestion, index) {
    // On mousedown rather than on click: a click would take the focus from the box first.
    const onmousedown = (event) => { event.preventDefault(); this.onAccept(suggestion); };
    return el("li", { id: `${this.node.id}-${index}`, role: "option", onmousedown },
      suggestion.person && avatar(suggestion.person),
      el("span.suggested", {}, suggestion.title), el("span.usage", {}, suggestion.usage ?? ""), el("span.about", {}, suggestion.about ?? ""));
  }
}
