// Renders standard Markdown, for `markdown` blocks and streamed answers.
//
// `renderMarkdown` may be called again with longer text: blocks that did not change keep their
// elements, so that a growing answer neither flickers nor loses a selection.

import { el, link } from "../dom.js";
import { codeBlock } from "./mrkdwn.js";

const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "\\*\\*(?!\\s)([^\\n]+?)(?<!\\s)\\*\\*",
    "(?<![\\w*])\\*(?![\\s*])([^*\\n]+?)(?<!\\s)\\*(?!\\*)",
    "(?<!\\w)_(?![\\s_])([^_\\n]+?)(?<!\\s)_(?!\\w)",
    "~~([^~\\n]+)~~",
    "!?\\[([^\\]\\n]*)\\]\\(([^)\\s]+)\\)",
    "(https?://[^\\s<>()「」、。]+)",
    "\\\\([\\\\`*_{}\\[\\]()#+.!~>|-])",
  ].join("|"),
  "g",
);

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    if (match.index > end) nodes.push(text.slice(end, match.index));
    nodes.push(token(match));
    end = match.index + match[0].length;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}

function token([source, code, bold, star, under, strike, label, target, bare, escaped]) {
  if (code !== undefined) return el("code", {}, code);
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (star !== undefined) return el("em", {}, inline(star));
  if (under !== undefined) return el("em", {}, inline(under));
  if (strike !== undefined) return el("s", {}, inline(strike));
  if (target !== undefined) return link(target, label || target);
  if (bare !== undefined) return link(bare, bare);
  return escaped ?? source;
}

const FENCE = /^ {0,3}(```+|~~~+)/;
const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
const QUOTE = /^ {0,3}>\s?(.*)$/;
const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$/;

// Splits a text into blocks {kind, lines, key}; only the last may be incomplete in a stream.
function split(text) {
  const source = text.split("\n");
  const blocks = [];
  for (let at = 0; at < source.length; ) {
    const start = at;
    const line = source[at];
    const fence = line.match(FENCE);
    const block = { kind: "paragraph" };
    if (!line.trim()) {
      at += 1;
      continue;
    } else if (fence) {
      block.kind = "code";
      at += 1;
      while (at < source.length && !source[at].trim().startsWith(fence[1])) at += 1;
      block.lines = source.slice(start + 1, at);
      at += 1;
    } else if (HEADING.test(line)) {
      block.kind = "heading";
      at += 1;
    } else if (RULE.test(line)) {
      block.kind = "rule";
      at += 1;
    } else if (QUOTE.test(line)) {
      block.kind = "quote";
      while (at < source.length && QUOTE.test(source[at])) at += 1;
    } else if (ITEM.test(line)) {
      block.kind = "list";
      while (at < source.length && (ITEM.test(source[at]) || (source[at].trim() && /^\s+/.test(source[at])) || (!source[at].trim() && ITEM.test(source[at + 1] ?? "")))) at += 1;
    } else if (line.includes("|") && TABLE_RULE.test(source[at + 1] ?? "x")) {
      block.kind = "table";
      while (at < source.length && source[at].includes("|")) at += 1;
    } else {
      at += 1;
      while (at < source.length && source[at].trim() && ![FENCE, HEADING, RULE, QUOTE, ITEM].some((rule) => rule.test(source[at]))) at += 1;
    }
    block.lines ??= source.slice(start, at);
    block.key = `${block.kind}\n${block.lines.join("\n")}`;
    blocks.push(block);
  }
  return blocks;
}

const BUILD = {
  code: ({ lines }) => codeBlock(lines.join("\n")),
  heading: ({ lines }) => {
    const [, marks, text] = lines[0].match(HEADING);
    return el(`h${Math.min(marks.length + 2, 6)}`, {}, inline(text));
  },
  rule: () => el("hr"),
  quote: ({ lines }) => {
    const quote = el("blockquote");
    renderMarkdown(quote, lines.map((line) => line.match(QUOTE)[1]).join("\n"));
    return quote;
  },
  list: ({ lines }) => list(lines.filter((line) => line.trim())),
  table: ({ lines }) => table(lines),
  paragraph: ({ lines }) => el("p", {}, joined(lines)),
};

const joined = (lines) => lines.flatMap((line, index) => (index ? [el("br"), ...inline(line.trim())] : inline(line.trim())));

function list(lines) {
  const depth = (line) => line.match(/^\s*/)[0].replaceAll("\t", "    ").length;
  const first = lines[0].match(ITEM);
  const ordered = /\d/.test(first[2]);
  const node = el(ordered ? "ol" : "ul", ordered ? { start: parseInt(first[2], 10) } : {});
  const base = depth(lines[0]);
  for (let at = 0; at < lines.length; ) {
    const match = lines[at].match(ITEM);
    const item = el("li", {}, inline(match ? match[3] : lines[at].trim()));
    node.append(item);
    let next = at + 1;
    while (next < lines.length && (depth(lines[next]) > base + 1 || !ITEM.test(lines[next]))) next += 1;
    const inner = lines.slice(at + 1, next);
    const nested = inner.findIndex((line) => ITEM.test(line));
    const plain = nested < 0 ? inner : inner.slice(0, nested);
    if (plain.length) item.append(el("br"), ...joined(plain));
    if (nested >= 0) item.append(list(inner.slice(nested)));
    at = next;
  }
  return node;
}

function table(lines) {
  const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
  const [head, , ...rows] = lines;
  return el("div.table", { tabIndex: 0 }, el("table", {},
    el("thead", {}, el("tr", {}, cells(head).map((cell) => el("th", {}, inline(cell))))),
    el("tbody", {}, rows.map((row) => el("tr", {}, cells(row).map((cell) => el("td", {}, inline(cell)))))),
  ));
}

export function renderMarkdown(container, text) {
  const blocks = split(text);
  const keys = container.blockKeys ?? [];
  blocks.forEach((block, index) => {
    const there = container.children[index];
    if (there && keys[index] === block.key) return;
    // A growing code block keeps its element, and with it its scroll position.
    if (there && block.kind === "code" && keys[index]?.startsWith("code\n")) {
      there.querySelector("code").textContent = block.lines.join("\n");
      return;
    }
    const node = BUILD[block.kind](block);
    if (there) there.replaceWith(node);
    else container.append(node);
  });
  while (container.children.length > blocks.length) container.lastElementChild.remove();
  container.blockKeys = blocks.map((block) => block.key);
}
