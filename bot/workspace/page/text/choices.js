// Renders menus, checkboxes, radio buttons and the choice of people. `onChange` gets the chosen value, a list for checkboxes.

import { el } from "../dom.js";
import { session } from "../session.js";
import { t } from "../strings.js";

let groups = 0;

export const isChoice = (item) => Object.hasOwn(CHOICES, item.type);

// {node, chosen}: `chosen()` is the list of values that are chosen now; `values` are those at first.
export const choice = (item, values, onChange = () => {}) => CHOICES[item.type](item, values, onChange);

// The values that an element is shown with at first.
export const initialValues = (item) =>
  item.initial_users ?? (item.initial_options ?? (item.initial_option ? [item.initial_option] : [])).map(({ value }) => value);

const CHOICES = {
  static_select: (item, values, onChange) => {
    const node = el("select.choice", { "data-action": item.action_id, "aria-label": item.placeholder?.text ?? t.choose, onchange: () => onChange(node.value) },
      el("option", { value: "", disabled: true, selected: !values.length }, item.placeholder?.text ?? t.choose),
      item.options.map(({ value, text }) => el("option", { value, selected: values.includes(value) }, text.text)));
    return { node, chosen: () => (node.value ? [node.value] : []) };
  },
  checkboxes: (item, values, onChange) => list(item, values, "checkbox", (chosen) => onChange(chosen())),
  multi_users_select: (item, values, onChange) => list({ ...item, options: people() }, values, "checkbox", (chosen) => onChange(chosen())),
  radio_buttons: (item, values, onChange) => list(item, values, "radio", (chosen) => onChange(chosen()[0])),
};

// Slack's client knows who can be chosen, and so does the page.
const people = () =>
  [...session.model.users.values()].filter(({ is_bot }) => !is_bot).map(({ id, real_name }) => ({ value: id, text: { text: real_name } }));

function list(item, values, type, changed) {
  const name = `choice-${++groups}`;
  const inputs = item.options.map(({ value }) =>
    el("input", { type, name, value, checked: values.includes(value), onchange: () => changed(chosen) }));
  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);
  const node = el("div.choice-list", { role: type === "radio" ? "radiogroup" : "group", "data-action": item.action_id },
    item.options.map(({ text, description }, index) =>
      el("label", {}, inputs[index], el("span", {}, text.text, description && el("small", {}, description.text)))));
  return { node, chosen };
}
