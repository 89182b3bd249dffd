// Renders Block Kit. What can be used in a block is `elements.js`, input blocks are `forms/fields.js`.

import { el, link } from "../dom.js";
import { element as interactive, textOf } from "./elements.js";
import { codeBlock, mention } from "./mrkdwn.js";
import { renderMarkdown } from "./markdown.js";
import { t } from "../strings.js";

export const renderBlocks = (blocks, context) =>
  blocks.map((block) => BLOCKS[block.type]?.(block, context)).filter(Boolean);

const BLOCKS = {
  section: (block, context) =>
    el("div.block.section", {},
      el("div.section-text", {},
        textOf(block.text, context),
        block.fields && el("div.fields", {}, block.fields.map((field) => el("div", {}, textOf(field, context)))),
      ),
      block.accessory && element(block.accessory, block, context),
    ),
  context: (block, context) =>
    el("div.block.context", {}, block.elements.map((item) =>
      item.type === "image" ? image(item, context) : el("div", {}, textOf(item, context)))),
  actions: (block, context) =>
    el("div.block.actions", {}, block.elements.map((item) => element(item, block, context))),
  context_actions: (block, context) =>
    el("div.block.actions.quiet", {}, block.elements.map((item) => element(item, block, context))),
  divider: () => el("hr.block"),
  header: (block) => el("h3.block.header", {}, block.text.text),
  image: (block, context) =>
    el("figure.block", {}, block.title && el("figcaption", {}, block.title.text), image(block, context)),
  markdown: (block) => {
    const container = el("div.block.markdown");
    renderMarkdown(container, block.text);
    return container;
  },
  table,
  input: (block, context) => context.fields?.input(block),
  rich_text: (block, context) =>
    el("div.block.rich", {}, block.elements.map((item) => RICH_TEXT[item.type]?.(item, context)).filter(Boolean)),
};

// A cell is raw text or a rich_text block; the first row is the head.
function table({ rows, column_settings: settings = [] }, context) {
  const row = (cells, tag) =>
    el("tr", {}, cells.map((cell, column) => el(tag, { "data-align": settings[column]?.align }, cell.type === "raw_text" ? cell.text : BLOCKS.rich_text(cell, context))));
  return el("div.block.table", { tabIndex: 0 }, el("table", {},
    el("thead", {}, row(rows[0], "th")), el("tbody", {}, rows.slice(1).map((cells) => row(cells, "td")))));
}

const element = (item, block, context) =>
  item.type === "image" ? image(item, context) : interactive(item, block, context);

function image(block, context) {
  const address = block.slack_file?.url ?? block.image_url ?? "";
  if (block.slack_file || address.startsWith(location.origin)) return context.picture(address, block.alt_text);
  // Pictures of other servers are shown as links: the page loads nothing from outside this machine.
  return link(address, t.openImage + block.alt_text);
}

const RICH_TEXT = {
  rich_text_section: (item, context) => el("p", {}, item.elements.map((part) => richTextPart(part, context))),
  rich_text_preformatted: (item) => codeBlock(item.elements.map((part) => part.text ?? part.url ?? "").join("")),
  rich_text_quote: (item, context) => el("blockquote", {}, item.elements.map((part) => richTextPart(part, context))),
  rich_text_list: (item, context) =>
    el(item.style === "ordered" ? "ol" : "ul", {}, item.elements.map((entry) => el("li", {}, entry.elements.map((part) => richTextPart(part, context))))),
};

function richTextPart(part, context) {
  if (part.type === "user") return mention("@" + (context.names.user(part.user_id) ?? part.user_id));
  if (part.type === "channel") return mention("#" + (context.names.channel(part.channel_id) ?? part.channel_id));
  if (part.type === "emoji") return part.unicode ? String.fromCodePoint(...part.unicode.split("-").map((code) => parseInt(code, 16))) : `:${part.name}:`;
  let node = part.type === "link" ? link(part.url, part.text ?? part.url) : breaks(part.text ?? "");
  const wrap = { code: "code", bold: "strong", italic: "em", strike: "s" };
  for (const [style, tag] of Object.entries(wrap)) {
    if (part.style?.[style]) node = el(tag, {}, node);
  }
  return node;
}

// A text with its line breaks.
const breaks = (text) => el("span", {}, text.split("\n").flatMap((line, index) => (index ? [el("br"), line] : [line])));
