// Splits Markdown into its blocks: code, headings, rules, quotes, lists, tables and paragraphs.
//
// Knows nothing of how a block looks or of what is inside a line.

const FENCE = /^ {0,3}(```+|~~~+)/;
export const HEADING = /^ {0,3}(#{1,6})\s+(.*?)\s*#*$/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;
export const QUOTE = /^ {0,3}>\s?(.*)$/;
export const ITEM = /^(\s*)([-*+]|\d{1,9}[.)])\s+(.*)$/;
const TABLE_RULE = /^\s*\|?\s*:?-{1,}:?\s*(\|\s*:?-{1,}:?\s*)*\|?\s*$/;

// A line that matches one of these starts a block of that kind; the first match counts.
const STARTS = [["code", FENCE], ["heading", HEADING], ["rule", RULE], ["quote", QUOTE], ["list", ITEM]];

// The blocks {kind, lines, key} of a text; of a text that is still growing, only the last may change.
export function splitBlocks(text) {
  const lines = text.split("\n");
  const blocks = [];
  for (let start = 0; start < lines.length; ) {
    if (!lines[start].trim()) {
      start += 1;
      continue;
    }
    const kind = kindAt(lines, start);
    const end = END[kind](lines, start);
    const own = kind === "code" ? lines.slice(start + 1, end - 1) : lines.slice(start, end);
    blocks.push({ kind, lines: own, key: `${kind}\n${own.join("\n")}` });
    start = end;
  }
  return blocks;
}

const startOf = (line) => STARTS.find(([, pattern]) => pattern.test(line))?.[0];

function kindAt(lines, at) {
  const isTable = () => lines[at].includes("|") && TABLE_RULE.test(lines[at + 1] ?? "x");
  return startOf(lines[at]) ?? (isTable() ? "table" : "paragraph");
}

// The index of the first line from `at` on that does not belong to the block.
function endWhere(lines, at, belongs) {
  while (at < lines.length && belongs(lines[at], lines[at + 1])) at += 1;
  return at;
}

// The index after the last line of the block that starts at `start`.
const END = {
  code: (lines, start) => {
    const [, fence] = lines[start].match(FENCE);
    return endWhere(lines, start + 1, (line) => !line.trim().startsWith(fence)) + 1;
  },
  heading: (lines, start) => start + 1,
  rule: (lines, start) => start + 1,
  quote: (lines, start) => endWhere(lines, start, (line) => QUOTE.test(line)),
  // Indented lines belong to an item; an empty line only if another item follows.
  list: (lines, start) => endWhere(lines, start, (line, next) =>
    ITEM.test(line) || (line.trim() ? /^\s+/.test(line) : ITEM.test(next ?? ""))),
  table: (lines, start) => endWhere(lines, start, (line) => line.includes("|")),
  paragraph: (lines, start) => endWhere(lines, start + 1, (line) => line.trim() && !startOf(line)),
};
