// Builds the page and draws what is known: the list of channels, the channel, the thread.
//
// Knows how things look; where a click leads is told to `build` as steps.

import { press, send, trouble } from "./actions.js";
import { Composer } from "./composer.js";
import { $, avatar, bird, el, icon } from "../dom.js";
import { dots } from "./message.js";
import { narrow, session } from "../session.js";
import { t } from "../strings.js";
import { Timeline } from "./timeline.js";

const steps = { go: null, openThread: null, closeThread: null, become: null };
const pictures = new Map();

const context = {
  get bot() { return session.model.bot; },
  user: (id) => session.model.user(id),
  names: {
    user: (id) => (session.model.users.has(id) ? session.model.user(id).name : null),
    channel: (id) => session.model.allChannels.find((channel) => channel.id === id)?.name || null,
  },
  status: (ts) => session.model.status(session.here.channel, ts),
  openThread: (ts) => steps.openThread(ts),
  dismiss: (message) => { session.model.dismiss(session.here.channel, message.ts); draw(); },
  forBlocks: (message) => ({
    names: context.names,
    picture: context.picture,
    chosen: chosenIn(message.ts),
    press: (actionId, value) => press(message, actionId, value),
  }),
  picture(address, alt) {
    const image = el("img", { alt: alt ?? "", loading: "lazy" });
    picture(address).then((source) => (image.src = source)).catch(() => image.replaceWith(alt ?? ""));
    return image;
  },
  async fileText(file) {
    return (await session.person.file(file.url_private).catch(() => null))?.text();
  },
};

function chosenIn(ts) {
  if (!session.model.chosen.has(ts)) session.model.chosen.set(ts, new Map());
  return session.model.chosen.get(ts);
}

function picture(address) {
  if (!pictures.has(address)) pictures.set(address, session.person.file(address).then((blob) => URL.createObjectURL(blob)));
  return pictures.get(address);
}

export const main = {};
export const side = {};

export function build(toGo) {
  Object.assign(steps, toGo);
  const people = [session.model.user(session.model.bot), ...[...session.model.users.values()].filter((user) => !user.is_bot)];
  const box = (testid, sendTestid, withCommands, target) =>
    new Composer({ testid, sendTestid, withCommands, people, bot: session.model.user(session.model.bot), onTrouble: trouble, onSend: (draft) => say(draft, target()) });

  main.title = el("h1", { tabIndex: -1 });
  main.topic = el("p.topic");
  main.menu = el("button.tool.menu", { type: "button", "aria-label": t.openMenu, "aria-expanded": "false", "aria-controls": "sidebar", onclick: () => showMenu(true) }, icon("menu"));
  main.banner = el("div.banner", { role: "status", "data-testid": "banner", hidden: true });
  main.timeline = new Timeline({ label: "", testid: "message", withThread: true, context });
  main.composer = box("composer", "send", true, () => null);
  $("main").append(
    el("header.bar", {}, main.menu, el("div.titles", {}, main.title, main.topic)),
    main.banner, main.timeline.node, main.composer.node);

  side.where = el("span.topic");
  side.close = el("button.tool", { type: "button", "aria-label": t.closeThread, title: t.closeThread, "data-testid": "close-thread", onclick: () => steps.closeThread() }, icon("close"));
  side.timeline = new Timeline({ label: t.thread, testid: "thread-message", withThread: false, context: { ...context, bot: session.model.bot, status: () => null } });
  side.status = el("div.status", { role: "status", "data-testid": "status", hidden: true });
  side.timeline.tail.append(side.status);
  side.composer = box("thread-composer", "thread-send", false, () => session.here.thread);
  side.composer.label(t.reply);
  $("thread").append(
    el("header.bar", {}, el("div.titles", {}, el("h2", {}, t.thread), side.where), side.close),
    side.timeline.node, side.composer.node);
  $("thread").setAttribute("aria-label", t.thread);

  $("scrim").addEventListener("click", () => showMenu(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    if ($("app").classList.contains("menu-open")) showMenu(false);
    else if (session.here.thread) steps.closeThread();
  });
  narrow.addEventListener("change", draw);
}

export function drawSidebar() {
  const entry = (channel) => {
    const direct = channel.kind === "im";
    const name = direct ? session.model.user(session.model.bot).real_name : channel.name;
    const unread = session.model.unread.has(channel.id);
    return el("li", {}, el(`a.channel${unread ? ".unread" : ""}`, {
      href: `#${channel.id}`,
      "data-testid": direct ? "direct" : `channel-${channel.name}`,
      "aria-current": channel.id === session.here.channel ? "page" : undefined,
      onclick: (event) => { event.preventDefault(); showMenu(false); steps.go(channel.id, null); },
    }, direct ? avatar(session.model.user(session.model.bot)) : el("span.hash", { "aria-hidden": "true" }, "#"), el("span", {}, name),
      direct && el(`span.presence${session.model.connected ? ".on" : ""}`), unread && el("span.unseen", {}, t.unread)));
  };
  const group = (label, kind) => el("section", {}, el("h2", {}, label), el("ul", {}, session.model.channels.filter((c) => c.kind === kind).map(entry)));
  const who = el("select", { "data-testid": "switch-user", "aria-label": t.youAre, onchange: (event) => steps.become(event.target.value) },
    Object.keys(session.model.tokens).map((id) => el("option", { value: id, selected: id === session.model.me }, session.model.user(id).real_name + (session.model.user(id).is_admin ? ` (${t.admin})` : ""))));
  $("sidebar").replaceChildren(
    el("div.brand", {}, el("span.mark", {}, bird()), el("strong", {}, "Swallow"),
      el("button.tool.menu", { type: "button", "aria-label": t.closeMenu, onclick: () => showMenu(false) }, icon("close"))),
    group(t.channels, "channel"), group(t.directMessages, "im"),
    el("label.who", {}, avatar(session.model.user(session.model.me)), el("span", {}, el("small", {}, t.youAre), who)),
  );
}

export function draw() {
  drawHeader();
  drawBanner();
  main.timeline.render(session.model.topLevel(session.here.channel), emptyState());
  drawThread();
}

function drawHeader() {
  const channel = session.model.channel(session.here.channel);
  const direct = channel.kind === "im";
  const bot = session.model.user(session.model.bot);
  const name = direct ? bot.real_name : `#${channel.name}`;
  main.title.textContent = name;
  main.topic.textContent = direct ? t.directTopic : t.channelTopic(bot.name);
  main.timeline.scroller.setAttribute("aria-label", t.messagesIn(name));
  main.composer.label(t.messageTo(name));
  document.title = `${name} · Swallow`;
}

export function drawBanner() {
  const text = !session.online ? t.offline : session.model.connected ? "" : t.notConnected;
  main.banner.hidden = !text;
  if (main.banner.textContent !== text) main.banner.textContent = text;
}

function drawThread() {
  const open = Boolean(session.here.thread);
  $("thread").hidden = !open;
  $("app").classList.toggle("with-thread", open);
  // On a phone the thread covers the rest, which must not be reached behind it.
  $("main").inert = open && narrow.matches;
  if (!open) return;
  const channel = session.model.channel(session.here.channel);
  side.where.textContent = channel.kind === "im" ? session.model.user(session.model.bot).real_name : `#${channel.name}`;
  side.timeline.render(session.model.thread(session.here.channel, session.here.thread), el("div"));
  const status = session.model.status(session.here.channel, session.here.thread);
  side.status.hidden = !status;
  if (status) drawStatus(status);
}

function drawStatus(status) {
  const line = status.loading_messages?.[0] ?? status.status;
  const text = status.loading_messages?.length ? line : `${session.model.user(session.model.bot).real_name} ${line}`;
  if (side.status.dataset.text === text) return;
  side.status.dataset.text = text;
  side.status.replaceChildren(avatar(session.model.user(session.model.bot)), el("span", {}, text), dots());
}

function emptyState() {
  const channel = session.model.channel(session.here.channel);
  const direct = channel.kind === "im";
  const bot = session.model.user(session.model.bot);
  const example = (text) => {
    const whole = direct ? text : `@${bot.name} ${text}`;
    return el("li", {}, el("button.example", { type: "button", onclick: () => { main.composer.text = whole; main.composer.focus(); } }, whole));
  };
  return el("div.welcome", { "data-testid": "empty" },
    el("span.mark", {}, bird()),
    el("h2", {}, t.emptyTitle(direct ? bot.real_name : `#${channel.name}`)),
    el("p", {}, direct ? t.emptyDirect(bot.real_name) : t.emptyChannel(bot.name)),
    el("p.hint", {}, t.examples),
    el("ul", {}, example(t.example1), example(t.example2), example(t.example3)));
}

async function say(draft, thread) {
  const went = await send(draft, thread);
  if (went) (thread ? side : main).timeline.toEnd();
  return went;
}

export function showMenu(open) {
  $("app").classList.toggle("menu-open", open);
  $("scrim").hidden = !open;
  main.menu.setAttribute("aria-expanded", String(open));
  if (open) $("sidebar").querySelector("[aria-current], a").focus();
  else if (narrow.matches) main.menu.focus();
}
