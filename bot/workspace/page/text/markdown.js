// Renders standard Markdown, for `markdown` blocks and streamed answers.
//
// `renderMarkdown` may be called again with longer text: blocks that did not change keep their
// elements, so that a growing answer neither flickers nor loses a selection.

import { el, link } from "../dom.js";
import { HEADING, ITEM, QUOTE, splitBlocks } from "./markdown_blocks.js";
import { codeBlock, mention } from "./mrkdwn.js";

const INLINE = new RegExp(
  [
    "`([^`\\n]+)`",
    "\\*\\*(?!\\s)([^\\n]+?)(?<!\\s)\\*\\*",
    "(?<![\\w*])\\*(?![\\s*])([^*\\n]+?)(?<!\\s)\\*(?!\\*)",
    "(?<!\\w)_(?![\\s_])([^_\\n]+?)(?<!\\s)_(?!\\w)",
    "~~([^~\\n]+)~~",
    "!?\\[([^\\]\\n]*)\\]\\(([^)\\s]+)\\)",
    "<([@#!][^>\\s]+)>",
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

function token([source, code, bold, star, under, strike, label, target, reference, bare, escaped]) {
  if (code !== undefined) return el("code", {}, code);
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (star !== undefined) return el("em", {}, inline(star));
  if (under !== undefined) return el("em", {}, inline(under));
  if (strike !== undefined) return el("s", {}, inline(strike));
  if (target !== undefined) return link(target, label || target);
  if (reference !== undefined) return mention(reference.split("|").at(-1));
  if (bare !== undefined) return link(bare, bare);
  return escaped ?? source;
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

const depthOf = (line) => line.match(/^\s*/)[0].replaceAll("\t", "    ").length;

// A list; lines that are indented deeper than its first belong to the item above them.
function list(lines) {
  const [, , marker] = lines[0].match(ITEM);
  const ordered = /\d/.test(marker);
  const node = el(ordered ? "ol" : "ul", ordered ? { start: parseInt(marker, 10) } : {});
  const isInner = (line) => depthOf(line) > depthOf(lines[0]) + 1 || !ITEM.test(line);
  for (let at = 0; at < lines.length; ) {
    let next = at + 1;
    while (next < lines.length && isInner(lines[next])) next += 1;
    node.append(listItem(lines[at], lines.slice(at + 1, next)));
    at = next;
  }
  return node;
}

// An item, the lines that continue its text, and the list nested in it.
function listItem(line, inner) {
  const item = el("li", {}, inline(line.match(ITEM)?.[3] ?? line.trim()));
  const nested = inner.findIndex((innerLine) => ITEM.test(innerLine));
  const continued = nested < 0 ? inner : inner.slice(0, nested);
  if (continued.length) item.append(el("br"), ...joined(continued));
  if (nested >= 0) item.append(list(inner.slice(nested)));
  return item;
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
  const blocks = splitBlocks(text);
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
