// The message box: grows with its text, completes mentions and slash commands, takes a file.
//
// Enter sends, but never while an input method is composing. Knows nothing of where it goes:
// `onSend({text, file})` says whether it went.

import { avatar, el, icon } from "../dom.js";
import { sizeOf, t } from "../strings.js";

const MAX_TEXT = 4000;
const MAX_FILE = 20 * 1024 * 1024;

// The commands of the app; Slack refuses any other at once.
export const COMMANDS = [
  { name: "/swallow-train", usage: "epochs=1", about: t.train },
  { name: "/swallow-adapter", usage: "list | show | use | off | compare | remove", about: t.adapter },
];
const ARGUMENTS = {
  "/swallow-train": [
    { name: "epochs=1", about: t.trainEpochs },
    { name: "status", about: t.trainStatus },
    { name: "cancel", usage: "[ID]", about: t.trainCancel },
    { name: "resume", usage: "[ID]", about: t.trainResume },
    { name: "help", about: t.commandHelp },
    { name: "data=", usage: "NAME", about: t.trainData },
    { name: "output=", usage: "NAME", about: t.trainOutput },
  ],
  "/swallow-adapter": [
    { name: "list", about: t.adapterList },
    { name: "show ", usage: "NAME", about: t.adapterShow },
    { name: "use ", usage: "NAME", about: t.adapterUse },
    { name: "off", about: t.adapterOff },
    { name: "compare ", usage: "NAME QUESTION", about: t.adapterCompare },
    { name: "remove ", usage: "NAME", about: t.adapterRemove },
    { name: "help", about: t.commandHelp },
  ],
};

let boxes = 0;

export class Composer {
  constructor({ testid, sendTestid, people, bot, withCommands, onSend, onTrouble }) {
    Object.assign(this, { people, bot, withCommands, onSend, onTrouble });
    this.file = null;
    this.options = [];
    this.chosen = 0;
    const listId = `suggestions-${++boxes}`;
    this.box = el("textarea", {
      rows: "1",
      "data-testid": testid,
      role: "combobox",
      "aria-expanded": "false",
      "aria-autocomplete": "list",
      "aria-controls": listId,
      autocomplete: "off",
      enterkeyhint: "send",
      spellcheck: true,
    });
    this.list = el("ul.suggestions", { id: listId, role: "listbox", "aria-label": t.suggestions, "data-testid": `${testid}-suggestions`, hidden: true });
    this.picker = el("input", { type: "file", hidden: true, tabIndex: -1, "data-testid": `${testid}-file`, onchange: () => this.#attach(this.picker.files[0]) });
    this.chip = el("div.chip", { hidden: true });
    this.button = el("button.send", { type: "submit", "data-testid": sendTestid, "aria-label": t.send, title: t.send, disabled: true }, icon("send"));
    this.counter = el("span.counter", { role: "status" });
    this.node = el("form.composer", { onsubmit: (event) => { event.preventDefault(); this.#send(); } },
      this.list, this.chip, this.box,
      el("div.tools", {},
        el("button.tool", { type: "button", "aria-label": t.attach, title: t.attach, onclick: () => this.picker.click() }, icon("attach")),
        el("button.tool", { type: "button", "aria-label": t.mentionBot(bot.name), title: t.mentionBot(bot.name), onclick: () => this.insert(`@${bot.name} `) }, icon("at")),
        this.counter,
        el("span.keys", {}, t.keys),
        this.button,
      ),
      this.picker,
    );
    this.box.addEventListener("input", () => this.#changed());
    this.box.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("blur", () => setTimeout(() => this.#suggest([]), 150));
    this.node.addEventListener("dragover", (event) => event.preventDefault());
    this.node.addEventListener("drop", (event) => {
      event.preventDefault();
      this.#attach(event.dataTransfer.files[0]);
    });
  }

  label(text) {
    this.box.setAttribute("aria-label", text);
    this.box.placeholder = text;
  }

  get text() {
    return this.box.value;
  }

  set text(value) {
    this.box.value = value;
    this.#changed();
    this.#suggest([]);
  }

  focus() {
    this.box.focus({ preventScroll: true });
  }

  insert(text) {
    const { selectionStart: start, selectionEnd: end, value } = this.box;
    const gap = start && !/\s$/.test(value.slice(0, start)) ? " " : "";
    this.box.setRangeText(gap + text, start, end, "end");
    this.focus();
    this.#changed();
  }

  #changed() {
    this.box.style.height = "auto";
    // Nothing can be measured while the box is hidden; then its least height stands.
    if (this.box.scrollHeight) this.box.style.height = `${Math.min(this.box.scrollHeight, window.innerHeight * 0.4)}px`;
    const length = this.text.length;
    this.counter.textContent = length > MAX_TEXT * 0.9 ? `${length} / ${MAX_TEXT}` : "";
    this.counter.classList.toggle("over", length > MAX_TEXT);
    this.button.disabled = !this.text.trim() && !this.file;
    this.#suggest(this.#fitting());
  }

  #key(event) {
    // keyCode 229 covers browsers that end a composition before the Enter that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.options.length && this.#keyInList(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    }
  }

  #keyInList(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.#choose((this.chosen + step + this.options.length) % this.options.length);
    else if (event.key === "Escape") this.#suggest([]);
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && this.#completes())) this.#accept(this.options[this.chosen]);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  // Enter completes what is half written, and sends what is already whole.
  #completes() {
    const { insert, from } = this.options[this.chosen];
    return this.text.slice(from, this.box.selectionStart).trim() !== insert.trim();
  }

  #fitting() {
    const before = this.text.slice(0, this.box.selectionStart);
    const at = before.match(/(^|\s)@([\w-]*)$/);
    if (at) {
      return this.people
        .filter((person) => person.name.startsWith(at[2].toLowerCase()))
        .map((person) => ({ insert: `@${person.name} `, from: before.length - at[2].length - 1, title: person.real_name, usage: `@${person.name}`, person }));
    }
    if (!this.withCommands) return [];
    const command = before.match(/^\/[\w-]*$/);
    if (command) {
      return COMMANDS.filter(({ name }) => name.startsWith(command[0]))
        .map(({ name, usage, about }) => ({ insert: `${name} `, from: 0, title: name, usage, about }));
    }
    const argument = before.match(/^(\/[\w-]+) ([\w=-]*)$/);
    return (ARGUMENTS[argument?.[1]] ?? [])
      .filter(({ name }) => name.startsWith(argument[2]) && name.trim() !== argument[2])
      .map(({ name, usage, about }) => ({ insert: name, from: argument[1].length + 1, title: name, usage, about }));
  }

  #suggest(options) {
    this.options = options;
    this.list.hidden = !options.length;
    this.box.setAttribute("aria-expanded", String(Boolean(options.length)));
    this.list.replaceChildren(...options.map((option, index) =>
      el("li", { id: `${this.list.id}-${index}`, role: "option", onmousedown: (event) => { event.preventDefault(); this.#accept(option); } },
        option.person && avatar(option.person),
        el("span.suggested", {}, option.title), el("span.usage", {}, option.usage ?? ""), el("span.about", {}, option.about ?? ""))));
    if (options.length) this.#choose(0);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #choose(index) {
    this.chosen = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.box.setAttribute("aria-activedescendant", `${this.list.id}-${index}`);
  }

  #accept({ insert, from }) {
    this.box.setRangeText(insert, from, this.box.selectionStart, "end");
    this.focus();
    this.#changed();
  }

  #attach(file) {
    this.picker.value = "";
    if (!file) return;
    if (file.size > MAX_FILE) {
      this.onTrouble(t.tooBig);
      return;
    }
    this.#setFile(file);
    this.focus();
  }

  #setFile(file) {
    this.file = file;
    this.chip.hidden = !file;
    this.chip.replaceChildren(...(file ? [icon("file"), el("span", {}, file.name), el("span.file-size", {}, sizeOf(file.size)),
      el("button.tool", { type: "button", "aria-label": t.removeFile(file.name), onclick: () => { this.#setFile(null); this.focus(); } }, icon("close"))] : []));
    this.button.disabled = !this.text.trim() && !file;
  }

  async #send() {
    const { text, file } = this;
    if ((!text.trim() && !file) || this.sending) return;
    if (text.length > MAX_TEXT) {
      this.onTrouble(t.tooLong);
      return;
    }
    this.sending = true;
    // Emptied at once, and given back if it did not go.
    this.text = "";
    this.#setFile(null);
    if (!(await this.onSend({ text: text.trim(), file })) && !this.text) {
      this.text = text;
      this.#setFile(file);
    }
    this.sending = false;
  }
}
