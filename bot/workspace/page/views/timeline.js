// A scrolling list of messages that is drawn again only where something changed.
//
// Stays at the newest message while one is there; otherwise nothing moves under the reader and
// a button leads down. Knows messages only as things with a `ts`.

import { el, icon, morph } from "../dom.js";
import { growMessage, renderMessage } from "./message.js";
import { dayOf, t } from "../strings.js";

const GROUP_SECONDS = 300;
const NEAR = 60;

// Whoever has the keyboard focus in the old node keeps it in the new one.
function replace(old, node) {
  const focused = old.contains(document.activeElement) && document.activeElement;
  const kept = morph(old, node);
  if (!focused || focused.isConnected) return kept;
  const same = (other) => other.dataset.testid === focused.dataset.testid && other.dataset.action === focused.dataset.action && other.className === focused.className;
  [...kept.querySelectorAll("button, a, pre")].find(same)?.focus({ preventScroll: true });
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
    this.jump = el("button.jump", { type: "button", hidden: true, "aria-label": t.newest, title: t.newest, onclick: () => this.toEnd() }, icon("downwards"));
    this.node = el("div.timeline-frame", {}, this.scroller, this.jump);
    this.stuck = true;
    this.lastTop = 0;
    this.scroller.addEventListener("scroll", () => this.#noticeScroll(), { passive: true });
    // Pictures and fonts that arrive late must not push the newest message out of sight.
    const settle = new ResizeObserver(() => this.stuck && this.toEnd());
    settle.observe(this.list);
    settle.observe(this.tail);
    settle.observe(this.scroller);
  }

  render(messages, empty) {
    this.list.classList.toggle("empty", !messages.length);
    const wanted = messages.length ? this.#items(messages) : [["empty", "empty", () => empty]];
    const keep = new Set(wanted.map(([key]) => key));
    for (const [key, { node }] of this.drawn) {
      if (!keep.has(key)) {
        node.remove();
        this.drawn.delete(key);
      }
    }
    let after = null;
    for (const [key, version, build, message] of wanted) {
      let entry = this.drawn.get(key);
      if (entry?.version !== version) {
        const built = build();
        const node = entry ? replace(entry.node, built) : built;
        entry = { version, node };
        this.drawn.set(key, entry);
      } else if (message?.streaming_state === "in_progress") {
        growMessage(entry.node, message.text);
      }
      const place = after ? after.nextSibling : this.list.firstChild;
      if (entry.node !== place) this.list.insertBefore(entry.node, place);
      after = entry.node;
    }
    if (this.stuck) this.toEnd();
    else this.#noticeScroll();
  }

  // Lets a streamed message grow; false if it has to be drawn again.
  grow(ts, text) {
    const entry = this.drawn.get(ts);
    return Boolean(entry) && growMessage(entry.node, text);
  }

  forget() {
    this.drawn.clear();
    this.list.replaceChildren();
    this.stuck = true;
  }

  toEnd() {
    this.stuck = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.jump.hidden = true;
  }

  #items(messages) {
    const items = [];
    let before = null;
    for (const message of messages) {
      const newDay = !before || dayOf(before.ts) !== dayOf(message.ts);
      if (newDay) items.push([`day-${dayOf(message.ts)}`, "", () => el("div.day", { role: "separator" }, el("span", {}, dayOf(message.ts)))]);
      const grouped = !newDay && this.#continues(before, message);
      const version = JSON.stringify([grouped, this.#versionOf(message), this.context.status(message.ts) ?? null]);
      items.push([message.ts, version, () => renderMessage(message, this.context, { grouped, ...this.options }), message]);
      before = message;
    }
    return items;
  }

  #versionOf(message) {
    // The text of a stream is left out: `grow` keeps it up to date.
    return message.streaming_state === "in_progress" ? { ...message, text: "" } : message;
  }

  #continues(before, message) {
    return (
      before.user === message.user &&
      Boolean(before.is_ephemeral) === Boolean(message.is_ephemeral) &&
      message.ts - before.ts < GROUP_SECONDS &&
      !(this.options.withThread && before.reply_count)
    );
  }

  #noticeScroll() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    // Content that grew is no reason to let go: only a reader who scrolls up is.
    this.stuck = below < NEAR || (this.stuck && scrollTop >= this.lastTop);
    this.lastTop = scrollTop;
    this.jump.hidden = this.stuck;
  }
}
