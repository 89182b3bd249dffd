// The pane of the channel and the pane of the thread: builds them once and draws what is known.
//
// What a click does is in the handlers given to `buildPanes`.

import { drawPrompts, prompts, statusText, stopButton } from "./agent.js";
import { Composer } from "./composer.js";
import { $, avatar, el, icon } from "../dom.js";
import { emptyChannel } from "./empty_channel.js";
import { buildHome, drawHome, home } from "../forms/home.js";
import { dots } from "./message.js";
import { messageContext } from "./message_context.js";
import { showError } from "./notice.js";
import { narrow, session } from "../session.js";
import { isMenuOpen, menuButton, showMenu } from "./sidebar.js";
import { t } from "../strings.js";
import { Timeline } from "./timeline.js";

export const channelPane = {};
export const threadPane = {};

export function buildPanes(handlers) {
  buildChannelPane(handlers);
  buildThreadPane(handlers);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open], :popover-open")) return;
    if (isMenuOpen()) showMenu(false);
    else if (session.here.thread) handlers.closeThread();
  });
  narrow.addEventListener("change", draw);
}

function buildChannelPane(handlers) {
  channelPane.title = el("h1", { tabIndex: -1 });
  channelPane.topic = el("p.topic");
  channelPane.banner = el("div.banner", { role: "status", "data-testid": "banner", hidden: true });
  channelPane.timeline = new Timeline({ label: "", testid: "message", withThread: true, context: messageContext(handlers, { withStatuses: true }) });
  channelPane.composer = composer(channelPane, handlers, { testid: "composer", sendTestid: "send", withCommands: true, thread: () => null });
  buildHome(handlers);
  Object.assign(channelPane.timeline.node, { id: "panel-messages" });
  $("main").append(
    el("header.bar", {}, menuButton, el("div.titles", {}, channelPane.title, channelPane.topic)),
    home.tabs, channelPane.banner, prompts.node, home.node, channelPane.timeline.node, channelPane.composer.node);
}

function buildThreadPane(handlers) {
  threadPane.where = el("span.topic");
  threadPane.close = el("button.tool", { type: "button", "aria-label": t.closeThread, title: t.closeThread, "data-testid": "close-thread", onclick: () => handlers.closeThread() }, icon("close"));
  // The status of a thread is shown at its end, not under its first message.
  threadPane.timeline = new Timeline({ label: t.thread, testid: "thread-message", withThread: false, context: messageContext(handlers, { withStatuses: false }) });
  threadPane.status = el("div.status", { role: "status", "data-testid": "status", hidden: true });
  threadPane.timeline.tail.append(threadPane.status);
  threadPane.composer = composer(threadPane, handlers, { testid: "thread-composer", sendTestid: "thread-send", withCommands: false, thread: () => session.here.thread });
  threadPane.composer.label(t.reply);
  threadPane.title = el("h2", { "data-testid": "thread-title" }, t.thread);
  $("thread").append(
    el("header.bar", {}, el("div.titles", {}, threadPane.title, threadPane.where), threadPane.close),
    threadPane.timeline.node, threadPane.composer.node);
  $("thread").setAttribute("aria-label", t.thread);
}

// The message box of a pane; the newest message is scrolled into view once one was sent.
function composer(pane, { send }, { testid, sendTestid, withCommands, thread }) {
  const bot = session.model.user(session.model.bot);
  const people = [bot, ...[...session.model.users.values()].filter((user) => !user.is_bot)];
  const onSend = async (draft) => {
    const sent = await send(draft, thread());
    if (sent) pane.timeline.scrollToNewest();
    return sent;
  };
  return new Composer({ testid, sendTestid, withCommands, people, bot, onError: showError, onSend });
}

export function draw() {
  const channel = session.model.channel(session.here.channel);
  const bot = session.model.user(session.model.bot);
  drawHeader(channel, bot);
  drawBanner();
  channelPane.timeline.render(session.model.topLevel(session.here.channel), emptyChannel(channel, bot, (example) => {
    channelPane.composer.text = example;
    channelPane.composer.focus();
  }));
  drawHome(channel.kind === "im");
  drawPrompts(channel.kind === "im");
  channelPane.timeline.node.hidden = session.here.home;
  channelPane.composer.node.hidden = session.here.home;
  drawThread(channel, bot);
}

function drawHeader(channel, bot) {
  const direct = channel.kind === "im";
  const name = nameOf(channel, bot);
  channelPane.title.textContent = name;
  channelPane.topic.textContent = direct ? t.directTopic : t.channelTopic(bot.name);
  channelPane.timeline.scroller.setAttribute("aria-label", t.messagesIn(name));
  channelPane.composer.label(t.messageTo(name));
  document.title = `${name} · Swallow`;
}

const nameOf = (channel, bot) => (channel.kind === "im" ? bot.real_name : `#${channel.name}`);

export function drawBanner() {
  const text = !session.online ? t.offline : session.model.connected ? "" : t.notConnected;
  channelPane.banner.hidden = !text;
  if (channelPane.banner.textContent !== text) channelPane.banner.textContent = text;
}

function drawThread(channel, bot) {
  const open = Boolean(session.here.thread);
  $("thread").hidden = !open;
  $("app").classList.toggle("with-thread", open);
  // On a phone the thread covers the channel, which must then not be reachable by keyboard.
  $("main").inert = open && narrow.matches;
  if (!open) return;
  threadPane.where.textContent = nameOf(channel, bot);
  threadPane.title.textContent = session.model.session(session.here.channel, session.here.thread)?.title || t.thread;
  threadPane.timeline.render(session.model.thread(session.here.channel, session.here.thread), el("div"));
  const status = session.model.status(session.here.channel, session.here.thread);
  threadPane.status.hidden = !status;
  if (status) drawStatus(status, bot);
}

function drawStatus(status, bot) {
  const text = status.loading_messages?.[0] ?? statusText(status, bot);
  const version = `${text} ${status.processing ? session.here.thread : ""}`;
  if (threadPane.status.dataset.text === version) return;
  threadPane.status.dataset.text = version;
  threadPane.status.replaceChildren(avatar(bot), el("span", {}, text), dots(), ...(status.processing ? [stopButton(session.here.thread)] : []));
}
