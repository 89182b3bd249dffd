// The dialog in which a person changes their own message: Enter saves, Escape leaves it as it is.

import { edit, typed } from "../actions/messaging.js";
import { el, icon } from "../dom.js";
import { t } from "../strings.js";

let dialog = null;

// Opens the dialog with the message's text.
export function startEdit(message) {
  dialog ??= document.body.appendChild(el("dialog.form.edit", { "data-testid": "edit", "aria-label": t.editMessage }));
  const box = el("textarea.input", { rows: 3, "aria-label": t.editMessage, onkeydown: saveByKey });
  box.value = typed(message.text);
  const close = () => dialog.close();
  dialog.replaceChildren(el("form", { onsubmit: (event) => { event.preventDefault(); save(message, box.value); } },
    el("header.bar", {}, el("h2", {}, t.editMessage),
      el("button.tool", { type: "button", "aria-label": t.closeForm, title: t.closeForm, onclick: close }, icon("close"))),
    el("div.form-body", {}, box),
    el("footer.form-foot", {},
      el("button.button", { type: "button", onclick: close }, t.cancel),
      el("button.button", { type: "submit", "data-style": "primary" }, t.save))));
  dialog.showModal();
  box.setSelectionRange(box.value.length, box.value.length);
  box.focus();
}

async function save(message, text) {
  if (!text.trim()) return;
  if (text === typed(message.text) || await edit(message, text)) dialog.close();
}

function saveByKey(event) {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  event.currentTarget.form.requestSubmit();
}
