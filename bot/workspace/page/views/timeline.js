// A scrolling list of messages, of which only those that changed are drawn again.
//
// While the newest message is in view it stays in view; a reader who scrolled up keeps the place
// and gets a button that leads down. How a message looks is `message.js`.

import { el, icon, morph } from "../dom.js";
import { dayOf } from "../format.js";
import { growMessage, renderMessage } from "./message.js";
import { t } from "../strings.js";

// Messages of one author within this time are shown under one name.
const GROUP_SECONDS = 300;
// Pixels from the end within which the newest message counts as in view.
const AT_END_PX = 60;

// Puts `node` in the place of `old`; an element that had the keyboard focus has it afterwards.
function replace(old, node) {
  const focused = old.contains(document.activeElement) && document.activeElement;
  const kept = morph(old, node);
  if (!focused || focused.isConnected) return kept;
  const isSame = (other) => other.dataset.testid === focused.dataset.testid && other.dataset.action === focused.dataset.action && other.className === focused.className;
  [...kept.querySelectorAll("button, a, pre")].find(isSame)?.focus({ preventScroll: true });
  return kept;
}

export class Timeline {
  constructor({ label, testid, withThread, context }) {
    this.options = { testid, withThread };
    this.context = context;
    this.drawn = new Map();
    this.list = el("div.list");
    this.tail = el("div.tail");
    this.scroller = el("div.timeline", { role: "log", "aria-live": "off", "aria-label": label, tabIndex: 0 }, this.list, this.tail);
    this.jump = el("button.jump", { type: "button", hidden: true, "aria-label": t.newest, title: t.newest, onclick: () => this.scrollToNewest() }, icon("downwards"));
    this.node = el("div.timeline-frame", {}, this.scroller, this.jump);
    this.atEnd = true;
    this.lastTop = 0;
    this.scroller.addEventListener("scroll", () => this.#noticeScroll(), { passive: true });
    // Pictures and fonts that load later must not push the newest message out of view.
    const resizes = new ResizeObserver(() => this.atEnd && this.scrollToNewest());
    resizes.observe(this.list);
    resizes.observe(this.tail);
    resizes.observe(this.scroller);
  }

  render(messages, empty) {
    this.list.classList.toggle("empty", !messages.length);
    const items = messages.length ? this.#items(messages) : [["empty", "empty", () => empty]];
    const keys = new Set(items.map(([key]) => key));
    for (const [key, { node }] of this.drawn) {
      if (!keys.has(key)) {
        node.remove();
        this.drawn.delete(key);
      }
    }
    let previous = null;
    for (const [key, version, build, message] of items) {
      let entry = this.drawn.get(key);
      if (entry?.version !== version) {
        const built = build();
        const node = entry ? replace(entry.node, built) : built;
        entry = { version, node };
        this.drawn.set(key, entry);
      } else if (message?.streaming_state === "in_progress") {
        growMessage(entry.node, message.text);
      }
      const place = previous ? previous.nextSibling : this.list.firstChild;
      if (entry.node !== place) this.list.insertBefore(entry.node, place);
      previous = entry.node;
    }
    if (this.atEnd) this.scrollToNewest();
    else this.#noticeScroll();
  }

  // Shows the longer text of a streamed message; false if the message is not shown as a stream.
  grow(ts, text) {
    const entry = this.drawn.get(ts);
    return Boolean(entry) && growMessage(entry.node, text);
  }

  forget() {
    this.drawn.clear();
    this.list.replaceChildren();
    this.atEnd = true;
  }

  scrollToNewest() {
    this.atEnd = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  // [key, version, build, message] of each message and each line between two days. An item is
  // built again when its version differs.
  #items(messages) {
    const items = [];
    let before = null;
    for (const message of messages) {
      const newDay = !before || dayOf(before.ts) !== dayOf(message.ts);
      if (newDay) items.push([`day-${dayOf(message.ts)}`, "", () => el("div.day", { role: "separator" }, el("span", {}, dayOf(message.ts)))]);
      const grouped = !newDay && this.#belongsTo(before, message);
      const version = JSON.stringify([grouped, this.#versionOf(message), this.context.status(message.ts) ?? null]);
      items.push([message.ts, version, () => renderMessage(message, this.context, { grouped, ...this.options }), message]);
      before = message;
    }
    return items;
  }

  #versionOf(message) {
    // Without the text of a stream, which `grow` keeps up to date.
    return message.streaming_state === "in_progress" ? { ...message, text: "" } : message;
  }

  // Whether a message is shown under the name above the message before it.
  #belongsTo(before, message) {
    return (
      before.user === message.user &&
      Boolean(before.is_ephemeral) === Boolean(message.is_ephemeral) &&
      message.ts - before.ts < GROUP_SECONDS &&
      !(this.options.withThread && before.reply_count)
    );
  }

  #noticeScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const pixelsBelow = scrollHeight - scrollTop - clientHeight;
    // Content that grew leaves the reader at the end; only scrolling up does not.
    this.atEnd = pixelsBelow < AT_END_PX || (this.atEnd && scrollTop >= this.lastTop);
    this.lastTop = scrollTop;
    this.jump.hidden = this.atEnd;
  }
}
