// The form that a person has open, as a dialog: it keeps the focus, Escape closes it.
//
// What a click does is in the handlers given to `buildForm`.

import { el, icon } from "../dom.js";
import { Fields } from "./fields.js";
import { blocksContext } from "../views/message_context.js";
import { renderBlocks } from "../text/blocks.js";
import { session } from "../session.js";
import { t } from "../strings.js";

const form = { dialog: null, fields: null, shown: null, handlers: null };

// `submit(view, values)`, `close(view)` and `press(view, values, …)` return promises of whether it worked.
export function buildForm(handlers) {
  form.handlers = handlers;
  form.dialog = el("dialog.form", { "data-testid": "form", "aria-labelledby": "form-title",
    oncancel: (event) => { event.preventDefault(); handlers.close(form.shown); } });
  document.body.append(form.dialog);
}

// Draws what the model knows: opens the dialog, closes it, or shows what changed in it.
export function drawForm() {
  const { view, errors } = session.model.form;
  if (!view) return hide();
  if (view.hash !== form.shown?.hash || view.id !== form.shown.id) show(view);
  form.shown = view;
  form.fields.showErrors(errors);
}

function hide() {
  Object.assign(form, { shown: null, fields: null });
  if (!form.dialog.open) return;
  form.dialog.close();
  form.dialog.replaceChildren();
}

function show(view) {
  // What was written in the same fields stays while the bot changes the form.
  const written = view.id === form.shown?.id ? form.fields.values() : {};
  const focused = form.dialog.contains(document.activeElement) ? document.activeElement.id : "";
  form.fields = new Fields(view, merged(view.state.values, written));
  const context = { ...blocksContext((actionId, value, blockId) => form.handlers.press(form.shown, form.fields.values(), actionId, value, blockId)), fields: form.fields };
  form.problem = el("p.form-problem", { role: "alert", hidden: true });
  const submit = view.submit && el("button.button", { type: "submit", "data-style": "primary", "data-testid": "form-submit" }, view.submit.text);
  const node = el("form", { novalidate: true, onsubmit: (event) => { event.preventDefault(); send(submit); }, onkeydown: sendByKey },
    el("header.bar", {}, el("h2", { id: "form-title" }, view.title.text),
      el("button.tool", { type: "button", "aria-label": t.closeForm, title: t.closeForm, onclick: () => form.handlers.close(form.shown) }, icon("close"))),
    el("div.form-body", {}, renderBlocks(view.blocks, context)),
    form.problem,
    el("footer.form-foot", {},
      el("button.button", { type: "button", "data-testid": "form-close", onclick: () => form.handlers.close(form.shown) }, view.close?.text ?? t.cancel),
      submit));
  form.dialog.replaceChildren(node);
  if (!form.dialog.open) form.dialog.showModal();
  const first = node.querySelector(".form-body :is(textarea, input, select)");
  (focused && document.getElementById(focused) || first)?.focus();
}

const merged = (values, written) => {
  const all = structuredClone(values);
  for (const [block, fields] of Object.entries(written)) {
    for (const [action, state] of Object.entries(fields)) {
      if (all[block]?.[action]?.type === state.type) all[block][action] = state;
    }
  }
  return all;
};

// Ctrl+Enter, or Cmd+Enter, submits also from a field of several lines.
function sendByKey(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) {
    event.preventDefault();
    event.currentTarget.requestSubmit();
  }
}

async function send(submit) {
  const { shown, fields } = form;
  if (!submit || submit.disabled) return;
  const problems = fields.problems();
  fields.showErrors(problems);
  if (Object.keys(problems).length) return;
  submit.disabled = true;
  form.problem.hidden = true;
  await form.handlers.submit(shown, fields.values());
  submit.disabled = false;
}

// Says in the dialog why something did not work: a notice of the page would be behind it.
export function showFormProblem(text) {
  if (!form.dialog.open) return;
  form.problem.textContent = text;
  form.problem.hidden = false;
}

export const isFormOpen = () => Boolean(form.dialog?.open);
