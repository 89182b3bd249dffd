// The menu of a message: the shortcuts that the app's manifest declares, and for one's own words what
// changes them.
//
// A popover: a click elsewhere and Escape close it. What an entry does is in the handlers.

import { SHORTCUTS } from "../commands.js";
import { el } from "../dom.js";
import { session } from "../session.js";
import { t } from "../strings.js";

const GAP_PX = 4;

const menu = { node: null, handlers: null, opener: null };

// `useShortcut(message, callbackId)`, `startEdit(message)` or `remove(message)` is called for the entry
// that was chosen.
export function buildMessageMenu(handlers) {
  menu.handlers = handlers;
  menu.node = el("div.message-menu", { popover: "auto", role: "menu", "aria-label": t.moreActions, "data-testid": "message-menu", onkeydown: moveByKey, ontoggle: giveFocusBack });
  document.body.append(menu.node);
}

// Opens the menu under the button that asked for it, or above it where there is no room.
export function openMenu(message, opener) {
  menu.opener = opener;
  const { useShortcut, startEdit, remove } = menu.handlers;
  menu.node.replaceChildren(
    ...SHORTCUTS.map(({ callbackId, name }) => entry(name, () => useShortcut(message, callbackId))),
    ...(message.user === session.model.me ? [entry(t.editMessage, () => startEdit(message)), entry(t.deleteMessage, () => remove(message))] : []));
  menu.node.showPopover();
  const button = opener.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = menu.node;
  const below = button.bottom + GAP_PX;
  const top = below + offsetHeight > innerHeight ? button.top - GAP_PX - offsetHeight : below;
  menu.node.style.top = `${Math.max(0, top)}px`;
  menu.node.style.left = `${Math.max(GAP_PX, button.right - offsetWidth)}px`;
  menu.node.firstElementChild?.focus();
}

const entry = (name, act) =>
  el("button", { type: "button", role: "menuitem", tabIndex: -1, onclick: () => { menu.node.hidePopover(); act(); } }, name);

function giveFocusBack(event) {
  if (event.newState === "closed" && menu.node.contains(document.activeElement)) menu.opener.focus({ preventScroll: true });
}

function moveByKey(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Tab") menu.node.hidePopover();
  if (!step) return;
  event.preventDefault();
  const entries = [...menu.node.children];
  entries[(entries.indexOf(document.activeElement) + step + entries.length) % entries.length].focus();
}
