// The bot's Home tab in a person's direct messages, and the tabs that lead to it.
//
// What a click does is in the handlers given to `buildHome`.

import { el } from "../dom.js";
import { Fields } from "./fields.js";
import { blocksContext } from "../views/message_context.js";
import { renderBlocks } from "../text/blocks.js";
import { session } from "../session.js";
import { t } from "../strings.js";

export const home = {};
let handlers = null;
let fields = null;

// `go(channel, thread, home)` changes the tab, `pressInHome(values, …)` uses something in it.
export function buildHome(given) {
  handlers = given;
  const tab = (name, label, toHome) => el("button.tab", { type: "button", role: "tab", id: `tab-${name}`, "aria-controls": `panel-${name}`, "data-testid": `tab-${name}`, onclick: () => handlers.go(session.here.channel, null, toHome) }, label);
  home.tabs = el("div.tabs", { role: "tablist", hidden: true, onkeydown: moveByKey }, tab("home", t.homeTab, true), tab("messages", t.messagesTab, false));
  home.body = el("div.home-body");
  home.node = el("div.home", { role: "tabpanel", id: "panel-home", "aria-labelledby": "tab-home", tabIndex: 0, hidden: true, "data-testid": "home" }, home.body);
}

export function drawHome(isDirect) {
  const open = session.here.home;
  home.tabs.hidden = !isDirect;
  home.node.hidden = !open;
  [...home.tabs.children].forEach((tab, index) => {
    const selected = (index === 0) === open;
    tab.setAttribute("aria-selected", String(selected));
    tab.tabIndex = selected ? 0 : -1;
  });
  if (open) drawBody(session.model.home);
}

function drawBody(view) {
  const version = `${session.model.me} ${view?.hash}`;
  if (home.version === version) return;
  home.version = version;
  const controls = () => [...home.body.querySelectorAll("button, select, input, textarea")];
  const focused = controls().indexOf(document.activeElement);
  home.body.replaceChildren(...(view ? blocksOf(view) : [el("p.topic", {}, t.emptyHome)]));
  if (focused >= 0) (controls()[focused] ?? home.node).focus();
}

function blocksOf(view) {
  fields = new Fields(view);
  const press = (actionId, value, blockId) => handlers.pressInHome(fields.values(), actionId, value, blockId);
  return renderBlocks(view.blocks, { ...blocksContext(press), fields });
}

// The arrow keys move between the tabs.
function moveByKey(event) {
  if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
  const other = [...home.tabs.children].find((tab) => tab !== document.activeElement);
  other.focus();
  other.click();
}
