// One message: its author, time, text and files, and the button that opens its thread.
//
// Knows how a message looks. Names, statuses and pictures come from its `context`
// (message_context.js).

import { avatar, el, icon } from "../dom.js";
import { dayAndTimeOf, dayOf, isoOf, sizeOf, timeOf } from "../format.js";
import { renderBlocks } from "../text/blocks.js";
import { renderMarkdown } from "../text/markdown.js";
import { mrkdwn } from "../text/mrkdwn.js";
import { t } from "../strings.js";
import { statusText } from "./agent.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const PREVIEW_LINES = 12;

export function renderMessage(message, context, { grouped, testid, withThread }) {
  const user = context.user(message.user);
  const node = el(`article.message${grouped ? ".grouped" : ""}${message.is_ephemeral ? ".ephemeral" : ""}`, {
    "data-testid": message.is_ephemeral ? "ephemeral" : testid,
    "data-ts": message.ts,
    "data-user": message.user,
    "aria-label": `${user.real_name}, ${timeOf(message.ts)}`,
  });
  node.append(grouped ? stamp(message) : avatar(user));
  const content = el("div.content");
  if (message.is_ephemeral) content.append(ephemeralNote(message, context));
  if (!grouped) content.append(byline(user, message));
  content.append(textBody(message, context));
  if (message.files) content.append(el("div.files", {}, message.files.map((file) => fileCard(file, context))));
  if (withThread) content.append(threadBar(message, context));
  node.append(content);
  if (!message.is_ephemeral && message.subtype !== "tombstone") node.append(hoverBar(message, context, withThread));
  return node;
}

// Shows the longer text of a streamed message in place; false if it is not shown as a stream.
export function growMessage(node, text) {
  const body = node.querySelector(".streaming");
  if (body) renderMarkdown(body, text);
  return Boolean(body);
}

const stamp = (message) =>
  el("time.stamp", { datetime: isoOf(message.ts), title: dayAndTimeOf(message.ts) }, timeOf(message.ts));

const byline = (user, message) =>
  el("header.byline", {},
    el("span.name", {}, user.real_name),
    user.is_bot && el("span.tag", {}, t.app),
    stamp(message),
  );

const ephemeralNote = (message, context) =>
  el("div.ephemeral-note", {}, icon("eye"), t.onlyYou,
    el("button.link", { type: "button", onclick: () => context.dismiss(message) }, t.dismiss));

function textBody(message, context) {
  if (message.subtype === "tombstone") return el("div.body.gone", {}, t.deleted);
  if (message.streaming_state === "in_progress") {
    const text = el("div.block.streaming.markdown");
    renderMarkdown(text, message.text);
    return el("div.body", {}, renderBlocks(message.blocks ?? [], context.forBlocks(message)), text);
  }
  const body = el("div.body");
  if (message.blocks?.length) body.append(...renderBlocks(message.blocks, context.forBlocks(message)));
  else body.append(...mrkdwn(message.text ?? "", context.names));
  if (message.edited && message.user !== context.bot) (body.lastElementChild ?? body).append(el("span.edited", {}, ` (${t.edited})`));
  return body;
}

function threadBar(message, context) {
  const status = context.status(message.ts);
  const bar = el("div.thread-bar");
  if (message.reply_count) {
    bar.append(el("button.replies", { type: "button", "data-testid": "open-thread", onclick: () => context.openThread(message.ts) },
      el("span.faces", {}, (message.reply_users ?? []).slice(0, 3).map((id) => avatar(context.user(id)))),
      el("span.count", {}, t.replies(message.reply_count)),
      el("time", { datetime: isoOf(message.latest_reply) }, `${dayOf(message.latest_reply)} ${timeOf(message.latest_reply)}`),
    ));
  }
  if (status) bar.append(el("button.inline-status", { type: "button", "data-testid": message.reply_count ? undefined : "open-thread", onclick: () => context.openThread(message.ts) }, dots(), statusText(status, context.user(context.bot))));
  return bar;
}

const hoverBar = (message, context, withThread) =>
  el("div.hover-bar", {},
    withThread && el("button", {
      type: "button",
      "data-testid": message.reply_count || context.status(message.ts) ? "reply" : "open-thread",
      title: t.replyInThread,
      "aria-label": t.replyInThread,
      onclick: () => context.openThread(message.ts),
    }, icon("reply")),
    el("button", {
      type: "button",
      "data-testid": "more",
      title: t.moreActions,
      "aria-label": t.moreActions,
      "aria-haspopup": "menu",
      onclick: (event) => context.openMenu(message, event.currentTarget),
    }, icon("more")));

export const dots = () => el("span.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i"));

function fileCard(file, context) {
  if (PICTURES.includes(file.mimetype)) {
    return el("figure", {}, context.picture(file.url_private, file.title), el("figcaption", {}, file.title));
  }
  const card = el("div.file", {},
    el("div.file-head", {}, icon("file"), el("span.file-name", {}, file.name), el("span.file-size", {}, sizeOf(file.size))));
  if (file.mimetype.startsWith("text/") || file.mode === "snippet") preview(card, file, context);
  return card;
}

async function preview(card, file, context) {
  const text = await context.fileText(file);
  if (!text) return;
  const lines = text.split("\n");
  const pre = el("pre", { tabIndex: 0 }, lines.slice(0, PREVIEW_LINES).join("\n"));
  card.append(pre);
  if (lines.length > PREVIEW_LINES) {
    const more = el("button.link", { type: "button", onclick: () => { pre.textContent = text; more.remove(); } }, t.showAll);
    card.append(more);
  }
}
