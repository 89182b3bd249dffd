// The message box: grows with its text, completes mentions and slash commands, takes a file.
//
// Enter sends, but never while an input method is composing. Knows nothing of where a message is
// sent: `onSend({text, file})` does it and returns whether it worked.

import { el, icon } from "../dom.js";
import { sizeOf } from "../format.js";
import { t } from "../strings.js";
import { Suggestions, suggestionsFor } from "./suggestions.js";

// In characters and in bytes, as the server allows them.
const MAX_TEXT = 4000;
const MAX_FILE = 20 * 1024 * 1024;
// The counter is shown once this part of MAX_TEXT is used.
const COUNTED_FROM = 0.9;
// The share of the window's height that the box may take; style.css has the same.
const MAX_HEIGHT = 0.4;
// Suggestions stay this long after the box lost the focus, in case it is only for a click on one.
const BLUR_MS = 150;

let boxes = 0;

export class Composer {
  constructor({ testid, sendTestid, people, bot, withCommands, onSend, onError }) {
    Object.assign(this, { people, withCommands, onSend, onError });
    this.file = null;
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
    this.suggestions = new Suggestions({ id: listId, testid: `${testid}-suggestions`, box: this.box, onAccept: (suggestion) => this.#accept(suggestion) });
    this.picker = el("input", { type: "file", hidden: true, tabIndex: -1, "data-testid": `${testid}-file`, onchange: () => this.#attach(this.picker.files[0]) });
    this.chip = el("div.chip", { hidden: true });
    this.button = el("button.send", { type: "submit", "data-testid": sendTestid, "aria-label": t.send, title: t.send, disabled: true }, icon("send"));
    this.counter = el("span.counter", { role: "status" });
    this.node = el("form.composer", { onsubmit: (event) => { event.preventDefault(); this.#send(); } },
      this.suggestions.node, this.chip, this.box,
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
    this.box.addEventListener("blur", () => setTimeout(() => this.suggestions.hide(), BLUR_MS));
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
    this.suggestions.hide();
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
    // A hidden box has no scrollHeight; it keeps its minimum height.
    if (this.box.scrollHeight) this.box.style.height = `${Math.min(this.box.scrollHeight, window.innerHeight * MAX_HEIGHT)}px`;
    const length = this.text.length;
    this.counter.textContent = length > MAX_TEXT * COUNTED_FROM ? `${length} / ${MAX_TEXT}` : "";
    this.counter.classList.toggle("over", length > MAX_TEXT);
    this.button.disabled = !this.text.trim() && !this.file;
    this.suggestions.show(suggestionsFor(this.text.slice(0, this.box.selectionStart), this));
  }

  #key(event) {
    // keyCode 229: some browsers end a composition before they report the Enter that ended it.
    if (event.isComposing || event.keyCode === 229) return;
    if (this.suggestions.isOpen && this.#keyInSuggestions(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.#send();
    }
  }

  // Whether the key was meant for the list of suggestions.
  #keyInSuggestions(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) this.suggestions.move(step);
    else if (event.key === "Escape") this.suggestions.hide();
    else if (event.key === "Tab" || (event.key === "Enter" && !event.shiftKey && this.#isUnfinished())) this.#accept(this.suggestions.selected);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  // Whether the selected suggestion would add something: then Enter accepts it, else it sends.
  #isUnfinished() {
    const { insert, from } = this.suggestions.selected;
    return this.text.slice(from, this.box.selectionStart).trim() !== insert.trim();
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
      this.onError(t.tooBig);
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
      this.onError(t.tooLong);
      return;
    }
    this.sending = true;
    // The box is emptied at once, and filled again if the message could not be sent.
    this.text = "";
    this.#setFile(null);
    if (!(await this.onSend({ text: text.trim(), file })) && !this.text) {
      this.text = text;
      this.#setFile(file);
    }
    this.sending = false;
  }
}
