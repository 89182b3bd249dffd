// Renders Block Kit. A pressed button calls `context.press(actionId, value)`, which returns a promise.

import { el, icon, link, safeLink } from "../dom.js";
import { codeBlock, inline, mention, mrkdwn } from "./mrkdwn.js";
import { renderMarkdown } from "./markdown.js";
import { t } from "../strings.js";

// A pressed button stays disabled this long after the server has it, against a double click.
const DISABLED_MS = 800;

export const renderBlocks = (blocks, context) =>
  blocks.map((block) => BLOCKS[block.type]?.(block, context)).filter(Boolean);

function textOf(text, context) {
  if (!text) return [];
  if (text.type === "plain_text") return [el("p", {}, text.text)];
  return mrkdwn(text.text, context.names);
}

const BLOCKS = {
  section: (block, context) =>
    el("div.block.section", {},
      el("div.section-text", {},
        textOf(block.text, context),
        block.fields && el("div.fields", {}, block.fields.map((field) => el("div", {}, textOf(field, context)))),
      ),
      block.accessory && element(block.accessory, context),
    ),
  context: (block, context) =>
    el("div.block.context", {}, block.elements.map((item) =>
      item.type === "image" ? image(item, context) : el("div", {}, textOf(item, context)))),
  actions: (block, context) =>
    el("div.block.actions", {}, block.elements.map((item) => element(item, context))),
  context_actions: (block, context) =>
    el("div.block.actions.quiet", {}, block.elements.map((item) => element(item, context))),
  divider: () => el("hr.block"),
  header: (block) => el("h3.block.header", {}, block.text.text),
  image: (block, context) =>
    el("figure.block", {}, block.title && el("figcaption", {}, block.title.text), image(block, context)),
  markdown: (block) => {
    const container = el("div.block.markdown");
    renderMarkdown(container, block.text);
    return container;
  },
  rich_text: (block, context) =>
    el("div.block.rich", {}, block.elements.map((item) => RICH_TEXT[item.type]?.(item, context)).filter(Boolean)),
};

function element(item, context) {
  if (item.type === "button") return button(item, context);
  if (item.type === "feedback_buttons") return feedback(item, context);
  if (item.type === "icon_button") {
    return el("button.thumb", { type: "button", title: item.text?.text, "aria-label": item.accessibility_label ?? item.text?.text, onclick: () => context.press(item.action_id, item.value) }, icon("close"));
  }
  if (item.type === "image") return image(item, context);
  return null;
}

function button(item, context) {
  const node = el("button.button", {
    type: "button",
    "data-action": item.action_id,
    "data-style": item.style,
    "aria-label": item.accessibility_label,
  }, inlineLabel(item.text.text));
  node.addEventListener("click", async () => {
    if (item.url && safeLink(item.url)) window.open(item.url, "_blank", "noopener");
    if (item.confirm && !(await confirmed(item.confirm, context))) return;
    node.disabled = true;
    await context.press(item.action_id, item.value);
    setTimeout(() => (node.disabled = false), DISABLED_MS);
  });
  return node;
}

// The label of a button: its :emoji: are shown, but no references, which would be links.
const inlineLabel = (text) => inline(text.replaceAll("&", "&amp;").replaceAll("<", "&lt;"), { user: () => null, channel: () => null });

function feedback(item, context) {
  const thumb = (which, glyph, label) => {
    const choice = item[which];
    const node = el("button.thumb", {
      type: "button",
      "data-action": item.action_id,
      "aria-label": choice.accessibility_label ?? choice.text?.text ?? label,
      title: choice.text?.text ?? label,
      "aria-pressed": String(context.chosen.get(item.action_id) === choice.value),
      onclick: () => {
        context.chosen.set(item.action_id, choice.value);
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === node));
        context.press(item.action_id, choice.value);
      },
    }, icon(glyph));
    return node;
  };
  const group = el("div.thumbs", { role: "group" },
    thumb("positive_button", "up", t.good), thumb("negative_button", "down", t.bad));
  return group;
}

// Asks in a dialog; a promise of whether the person confirmed.
function confirmed(confirm, context) {
  return new Promise((resolve) => {
    const close = (answer) => () => {
      dialog.close();
      dialog.remove();
      resolve(answer);
    };
    const dialog = el("dialog.confirm", { oncancel: close(false), "aria-label": confirm.title?.text },
      el("h3", {}, confirm.title?.text ?? ""),
      textOf(confirm.text, context),
      el("div.actions", {},
        el("button.button", { type: "button", onclick: close(false) }, confirm.deny?.text ?? t.cancel),
        el("button.button", { type: "button", "data-style": confirm.style ?? "primary", onclick: close(true) }, confirm.confirm?.text ?? "OK"),
      ));
    document.body.append(dialog);
    dialog.showModal();
  });
}

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
