// Renders what can be used in a block: buttons, thumbs, icons, menus.
//
// One that is used calls `context.press(actionId, value, blockId)`, which returns a promise.

import { el, icon, safeLink } from "../dom.js";
import { choice, initialValues, isChoice } from "./choices.js";
import { inline, mrkdwn } from "./mrkdwn.js";
import { t } from "../strings.js";

// A pressed button stays disabled this long after the server has it, against a double click.
const DISABLED_MS = 800;

// The element `item` of `block`; null for a type that is not known.
export function element(item, block, context) {
  const press = (value) => context.press(item.action_id, value, block.block_id);
  if (item.type === "button") return button(item, press, context);
  if (item.type === "feedback_buttons") return feedback(item, press, context);
  if (item.type === "icon_button") return iconButton(item, press, context);
  return isChoice(item) ? chooser(item, press, context, block) : null;
}

export function textOf(text, context) {
  if (!text) return [];
  if (text.type === "plain_text") return [el("p", {}, text.text)];
  return mrkdwn(text.text, context.names, !text.verbatim);
}

function button(item, press, context) {
  const node = el("button.button", {
    type: "button",
    "data-action": item.action_id,
    "data-style": item.style,
    "aria-label": item.accessibility_label,
  }, inlineLabel(item.text.text));
  node.addEventListener("click", async () => {
    if (item.url && safeLink(item.url)) window.open(item.url, "_blank", "noopener");
    pressOnce(node, item, press, context);
  });
  return node;
}

function iconButton(item, press, context) {
  if (item.visible_to_user_ids && !item.visible_to_user_ids.includes(context.me)) return null;
  const node = el("button.thumb", {
    type: "button",
    "data-action": item.action_id,
    title: item.text.text,
    "aria-label": item.accessibility_label ?? item.text.text,
    onclick: () => pressOnce(node, item, press, context),
  }, icon("trash"));
  return node;
}

async function pressOnce(node, item, press, context) {
  if (item.confirm && !(await confirmed(item.confirm, context))) return;
  node.disabled = true;
  await press(item.value);
  setTimeout(() => (node.disabled = false), DISABLED_MS);
}

// The label of a button: its :emoji: are shown, but no references, which would be links.
const inlineLabel = (text) => inline(text.replaceAll("&", "&amp;").replaceAll("<", "&lt;"), { user: () => null, channel: () => null });

function feedback(item, press, context) {
  const thumb = (which, glyph, label) => {
    const side = item[which];
    const node = el("button.thumb", {
      type: "button",
      "data-action": item.action_id,
      "aria-label": side.accessibility_label ?? side.text?.text ?? label,
      title: side.text?.text ?? label,
      "aria-pressed": String(context.chosen.get(item.action_id) === side.value),
      onclick: () => {
        context.chosen.set(item.action_id, side.value);
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === node));
        press(side.value);
      },
    }, icon(glyph));
    return node;
  };
  const group = el("div.thumbs", { role: "group" },
    thumb("positive_button", "up", t.good), thumb("negative_button", "down", t.bad));
  return group;
}

// A menu or list outside an input block: each change is a press. In a view it is a field as well.
function chooser(item, press, context, block) {
  const shown = choice(item, context.fields?.chosen(block, item) ?? initialValues(item), press);
  context.fields?.add(block, item, () => shown.chosen());
  return shown.node;
}

// Asks in a dialog; a promise of whether the person confirmed.
export function confirmed(confirm, context) {
  return new Promise((resolve) => {
    const close = (answer) => () => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = el("dialog.confirm", { oncancel: close(false), "aria-label": confirm.title?.text },
      el("h3", {}, confirm.title?.text ?? ""),
      textOf(confirm.text, context),
      el("div.actions", {},
        el("button.button", { type: "button", onclick: close(false) }, confirm.deny?.text ?? t.cancel),
        el("button.button", { type: "button", "data-style": confirm.style ?? "primary", onclick: close(true) }, confirm.confirm?.text ?? "OK"),
      ));
    document.body.append(dialog);
    dialog.showModal();
  });
}
