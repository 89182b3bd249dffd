// Renders Slack's own markup, mrkdwn: *bold*, _italic_, ~strike~, `code`, ```blocks```, quotes and
// <…> references. The result is text nodes and the elements built here, never parsed HTML.
//
// Where it is `sought`, which is so in a text that is not `verbatim`, addresses and names of everybody
// that stand alone are links and mentions too.

import { el, icon, link, announce } from "../dom.js";
import { dateOf, timeOf } from "../format.js";
import { t } from "../strings.js";

const EMOJI = {
  "+1": "👍", thumbsup: "👍", "-1": "👎", thumbsdown: "👎", tada: "🎉", white_check_mark: "✅", x: "❌",
  warning: "⚠️", hourglass: "⌛", hourglass_flowing_sand: "⏳", rocket: "🚀", eyes: "👀", wave: "👋",
  robot_face: "🤖", bulb: "💡", bird: "🐦", no_entry: "⛔", rotating_light: "🚨", books: "📚", sparkles: "✨",
  chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", memo: "📝", octagonal_sign: "🛑",
  arrows_counterclockwise: "🔄", repeat: "🔁", gear: "⚙️", speech_balloon: "💬", mag: "🔍",
  thinking_face: "🤔", information_source: "ℹ️", question: "❓", stopwatch: "⏱️", package: "📦",
  large_green_circle: "🟢", red_circle: "🔴", lock: "🔒", mortar_board: "🎓", paperclip: "📎", smile: "😄",
};

// How long the copy button shows that it copied.
const COPIED_MS = 1200;

const unescape = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const EDGE_BEFORE = "(?<![A-Za-z0-9";
const EDGE_AFTER = "(?![A-Za-z0-9";
const styled = (mark) => `${EDGE_BEFORE}${mark}])${mark}(?!\\s)([^${mark}\\n]+?)(?<!\\s)${mark}${EDGE_AFTER}${mark}])`;
const INLINE = new RegExp(
  ["`([^`\\n]+)`", "<([^<>\\n]+)>", styled("\\*"), styled("_"), styled("~"), ":([a-z0-9_+-]+):"].join("|"),
  "g",
);

const ALONE = /(https?:\/\/[^\s<>「」、。]+|(?<!\w)@(?:here|channel|everyone)\b)/;

export function inline(text, names, sought = false) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(...plain(text.slice(end, match.index), sought));
    nodes.push(token(match, names, sought));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(...plain(text.slice(end), sought));
  return nodes;
}

// What has no markup; in the odd places of the split are the separators.
function plain(text, sought) {
  if (!sought) return [unescape(text)];
  return text.split(ALONE).map((part, index) => {
    if (index % 2 === 0) return unescape(part);
    return part.startsWith("@") ? mention(part) : link(unescape(part), unescape(part));
  }).filter((part) => part !== "");
}

function token([source, code, reference, bold, italic, strike, emoji], names, sought) {
  if (code !== undefined) return el("code", {}, unescape(code));
  if (reference !== undefined) return referenced(reference, names);
  if (bold !== undefined) return el("strong", {}, inline(bold, names, sought));
  if (italic !== undefined) return el("em", {}, inline(italic, names, sought));
  if (strike !== undefined) return el("s", {}, inline(strike, names, sought));
  return Object.hasOwn(EMOJI, emoji) ? EMOJI[emoji] : source;
}

function referenced(reference, names) {
  const [target, label] = reference.split("|", 2);
  if (target.startsWith("@")) return mention("@" + (names.user(target.slice(1)) ?? label ?? target.slice(1)));
  if (target.startsWith("#")) return mention("#" + (names.channel(target.slice(1)) ?? label ?? target.slice(1)));
  if (target.startsWith("!date^")) return dated(target.split("^")) ?? unescape(label ?? "");
  if (target.startsWith("!")) return mention("@" + target.slice(1).split("^")[0]);
  return link(unescape(target), unescape(label ?? target));
}

// A moment by the reader's clock; null for a format that has more than a date and a time.
function dated([, seconds, format]) {
  const text = (format ?? "").replace("{date_num}", dateOf(seconds)).replace("{time}", timeOf(seconds));
  return /\{|^$/.test(text) ? null : text;
}

export const mention = (name) => el("span.mention", {}, name);

// The paragraphs, quotes and code blocks of a whole text.
export function mrkdwn(text, names, sought = false) {
  const nodes = [];
  text.split(/```/).forEach((part, index, parts) => {
    const isCode = index % 2 === 1 && index < parts.length - 1;
    if (isCode) nodes.push(codeBlock(unescape(part.replace(/^\n|\n$/g, ""))));
    else nodes.push(...lines(index % 2 === 1 ? "```" + part : part, names, sought));
  });
  return nodes;
}

function lines(text, names, sought) {
  const nodes = [];
  const trimmed = text.replace(/^\n+|\n+$/g, "");
  if (!trimmed) return nodes;
  for (const line of trimmed.split("\n")) {
    const quoted = line.match(/^(?:&gt;|>) ?(.*)$/);
    const last = nodes.at(-1);
    const kind = quoted ? "BLOCKQUOTE" : "P";
    const content = inline(quoted ? quoted[1] : line, names, sought);
    if (last?.tagName === kind) last.append(el("br"), ...content);
    else nodes.push(el(kind.toLowerCase(), {}, content));
  }
  return nodes;
}

// A code block with a button that copies its text.
export function codeBlock(text) {
  const button = el("button.copy", { type: "button", "aria-label": t.copy, title: t.copy }, icon("copy"));
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(pre.textContent);
    button.classList.add("done");
    announce(t.copied);
    setTimeout(() => button.classList.remove("done"), COPIED_MS);
  });
  const pre = el("pre", { tabIndex: 0 }, el("code", {}, text));
  return el("div.codeblock", {}, pre, button);
}
