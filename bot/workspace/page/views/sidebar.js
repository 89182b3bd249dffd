// The list of channels and the choice of the person; on a phone, a menu that opens over the page.
//
// What a click does is in the handlers given to `buildSidebar`.

import { $, avatar, bird, el, icon } from "../dom.js";
import { narrow, session } from "../session.js";
import { t } from "../strings.js";

let handlers = null;

// The button that opens the menu, at the top of the channel.
export const menuButton = el("button.tool.menu", { type: "button", "aria-label": t.openMenu, "aria-expanded": "false", "aria-controls": "sidebar", onclick: () => showMenu(true) }, icon("menu"));

export function buildSidebar({ go, switchPerson }) {
  handlers = { go, switchPerson };
  $("scrim").addEventListener("click", () => showMenu(false));
}

export function drawSidebar() {
  $("sidebar").replaceChildren(
    el("div.brand", {}, el("span.mark", {}, bird()), el("strong", {}, "Swallow"),
      el("button.tool.menu", { type: "button", "aria-label": t.closeMenu, onclick: () => showMenu(false) }, icon("close"))),
    group(t.channels, "channel"), group(t.directMessages, "im"),
    el("label.who", {}, avatar(session.model.user(session.model.me)), el("span", {}, el("small", {}, t.youAre), personChoice())),
  );
}

const group = (label, kind) =>
  el("section", {}, el("h2", {}, label), el("ul", {}, session.model.channels.filter((channel) => channel.kind === kind).map(entry)));

function entry(channel) {
  const direct = channel.kind === "im";
  const bot = session.model.user(session.model.bot);
  const unread = session.model.unread.has(channel.id);
  return el("li", {}, el(`a.channel${unread ? ".unread" : ""}`, {
    href: `#${channel.id}`,
    "data-testid": direct ? "direct" : `channel-${channel.name}`,
    "aria-current": channel.id === session.here.channel ? "page" : undefined,
    onclick: (event) => { event.preventDefault(); showMenu(false); handlers.go(channel.id, null); },
  }, direct ? avatar(bot) : el("span.hash", { "aria-hidden": "true" }, "#"), el("span", {}, direct ? bot.real_name : channel.name),
    direct && el(`span.presence${session.model.connected ? ".on" : ""}`), unread && el("span.unseen", {}, t.unread)));
}

function personChoice() {
  const option = (id) => {
    const user = session.model.user(id);
    return el("option", { value: id, selected: id === session.model.me }, user.real_name + roleOf(user));
  };
  return el("select", { "data-testid": "switch-user", "aria-label": t.youAre, onchange: (event) => handlers.switchPerson(event.target.value) },
    Object.keys(session.model.tokens).map(option));
}

export const isMenuOpen = () => $("app").classList.contains("menu-open");

export function showMenu(open) {
  $("app").classList.toggle("menu-open", open);
  $("scrim").hidden = !open;
  menuButton.setAttribute("aria-expanded", String(open));
  if (open) $("sidebar").querySelector("[aria-current], a").focus();
  else if (narrow.matches) menuButton.focus();
}

// What else than a member of the workspace a person is.
const roleOf = ({ is_admin, is_guest, is_stranger }) => {
  const role = is_admin ? t.admin : is_guest ? t.guest : is_stranger && t.stranger;
  return role ? ` (${role})` : "";
};
