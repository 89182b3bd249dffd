// The fields of a view: input blocks and the choices beside them, their values and their errors.
//
// Values are shaped as Slack's `view.state.values`. Knows nothing of where a view is sent.

import { el } from "../dom.js";
import { choice, initialValues, isChoice } from "../text/choices.js";
import { t } from "../strings.js";

const MAX_TEXT = 3000;
// The counter is shown once this part of the longest text is used.
const COUNTED_FROM = 0.9;
const ROWS = 4;

// As the server counts: a character outside the basic plane is one.
const lengthOf = (text) => [...text].length;

export class Fields {
  // `values` are those to start with; a field that has none there starts with its initial one.
  constructor(view, values = view.state.values) {
    this.viewId = view.id;
    this.start = values;
    this.fields = [];
  }

  // Registers a field; `read` returns its text, or the list of the values chosen.
  add(block, item, read, parts = {}) {
    this.fields.push({ block, item, read, ...parts });
  }

  values() {
    const values = {};
    for (const { block, item, read } of this.fields) (values[block.block_id] ??= {})[item.action_id] = stateOf(item, read());
    return values;
  }

  // The values that a choice starts with; undefined where nothing is known of it.
  chosen(block, item) {
    const state = this.start?.[block.block_id]?.[item.action_id];
    if (!state) return undefined;
    return state.selected_users ?? (state.selected_options ?? [state.selected_option]).filter(Boolean).map(({ value }) => value);
  }

  // The node of an input block: label, field, hint and a place for what is wrong.
  input(block) {
    const item = block.element;
    const id = `${this.viewId}-${block.block_id}`;
    const field = isChoice(item) ? this.#choice(block, item) : this.#text(block, item);
    const error = el("p.field-error", { id: `${id}-error`, hidden: true });
    // A label can name one control, not a list of them.
    const isList = isChoice(item) && item.type !== "static_select";
    const label = el(isList ? "span.field-label" : "label.field-label", { id: `${id}-label`, for: isList ? null : id },
      block.label.text, block.optional && el("small", {}, t.optional));
    const hint = block.hint && el("p.field-hint", { id: `${id}-hint` }, block.hint.text);
    field.node.id = id;
    field.node.setAttribute("aria-labelledby", label.id);
    if (hint) field.node.setAttribute("aria-describedby", hint.id);
    const node = el("div.block.field", { "data-testid": `field-${block.block_id}` }, label, field.node, field.counter, hint, error);
    this.add(block, item, field.read, { node: field.node, error, hint });
    return node;
  }

  // What keeps the form from being submitted: a sentence by block_id.
  problems() {
    const problems = {};
    for (const { block, item, read } of this.fields) {
      const problem = block.type === "input" && problemOf(block, item, read());
      if (problem) problems[block.block_id] = problem;
    }
    return problems;
  }

  // Shows each error under its field, and none under the others; the first of them gets the focus.
  showErrors(errors) {
    let first = null;
    for (const { block, node, error, hint } of this.fields) {
      if (!error) continue;
      const text = errors[block.block_id] ?? "";
      error.hidden = !text;
      if (error.textContent !== text) error.textContent = text;
      if (text) node.setAttribute("aria-invalid", "true");
      else node.removeAttribute("aria-invalid");
      const described = [text && error.id, hint?.id].filter(Boolean).join(" ");
      if (described) node.setAttribute("aria-describedby", described);
      else node.removeAttribute("aria-describedby");
      if (text) first ??= node;
    }
    (first?.matches("textarea, input, select") ? first : first?.querySelector("input"))?.focus();
  }

  #text(block, item) {
    const most = item.max_length ?? MAX_TEXT;
    const value = this.start?.[block.block_id]?.[item.action_id]?.value ?? "";
    const props = { placeholder: item.placeholder?.text, autocomplete: "off", "aria-required": String(!block.optional) };
    const node = item.multiline
      ? el("textarea.input", { ...props, rows: String(ROWS) })
      : el("input.input", { ...props, type: "text" });
    node.value = value;
    const counter = el("span.counter", { role: "status" });
    const count = () => {
      const length = lengthOf(node.value);
      counter.textContent = length > most * COUNTED_FROM ? `${length} / ${most}` : "";
      counter.classList.toggle("over", length > most);
    };
    node.addEventListener("input", count);
    count();
    return { node, counter, read: () => node.value };
  }

  #choice(block, item) {
    const shown = choice(item, this.chosen(block, item) ?? initialValues(item));
    return { node: shown.node, read: shown.chosen };
  }
}

function stateOf(item, read) {
  if (!isChoice(item)) return { type: item.type, value: read || null };
  if (item.type === "multi_users_select") return { type: item.type, selected_users: read };
  const options = item.options.filter(({ value }) => read.includes(value));
  if (item.type === "checkboxes") return { type: item.type, selected_options: options };
  return { type: item.type, selected_option: options[0] ?? null };
}

function problemOf(block, item, read) {
  if (isChoice(item)) return read.length || block.optional ? "" : t.chooseSomething;
  if (!read.trim()) return block.optional ? "" : t.writeSomething;
  const length = lengthOf(read);
  const most = item.max_length ?? MAX_TEXT;
  if (length > most) return t.atMost(most);
  return length < (item.min_length ?? 0) ? t.atLeast(item.min_length) : "";
}
