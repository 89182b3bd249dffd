// Puts the page together: who one is, where one looks, and what an event changes on screen.

import { Person, bootstrap, follow, pressButton, runCommand, whispers } from "./api.js";
import { Composer } from "./composer.js";
import { announce, avatar, bird, el, icon } from "./dom.js";
import { dots } from "./message.js";
import { Model } from "./model.js";
import { language, t } from "./strings.js";
import { Timeline } from "./timeline.js";

const narrow = matchMedia("(max-width: 760px)");
const $ = (id) => document.getElementById(id);
const ME = "local-workspace-user";

let model;
let person;
let here = { channel: null, thread: null };
let online = true;
let openedByHand = false;
const drafts = new Map();
const pictures = new Map();

const context = {
  get bot() { return model.bot; },
  user: (id) => model.user(id),
  names: {
    user: (id) => (model.users.has(id) ? model.user(id).name : null),
    channel: (id) => model.allChannels.find((channel) => channel.id === id)?.name || null,
  },
  status: (ts) => model.status(here.channel, ts),
  openThread: (ts) => { openedByHand = true; go(here.channel, ts); },
  dismiss: (message) => { model.dismiss(here.channel, message.ts); draw(); },
  forBlocks: (message) => ({
    names: context.names,
    picture: context.picture,
    chosen: chosenIn(message.ts),
    press: (actionId, value) => attempt(() => pressButton(here.channel, model.me, message.ts, actionId, value)),
  }),
  picture(address, alt) {
    const image = el("img", { alt: alt ?? "", loading: "lazy" });
    picture(address).then((source) => (image.src = source)).catch(() => image.replaceWith(alt ?? ""));
    return image;
  },
  async fileText(file) {
    return (await person.file(file.url_private).catch(() => null))?.text();
  },
};

function chosenIn(ts) {
  if (!model.chosen.has(ts)) model.chosen.set(ts, new Map());
  return model.chosen.get(ts);
}

function picture(address) {
  if (!pictures.has(address)) pictures.set(address, person.file(address).then((blob) => URL.createObjectURL(blob)));
  return pictures.get(address);
}

// -- Parts of the page ---------------------------------------------------------------------

const main = {};
const side = {};

function build() {
  const people = [model.user(model.bot), ...[...model.users.values()].filter((user) => !user.is_bot)];
  const box = (testid, sendTestid, withCommands, target) =>
    new Composer({ testid, sendTestid, withCommands, people, bot: model.user(model.bot), onTrouble: trouble, onSend: (draft) => send(draft, target()) });

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
  side.close = el("button.tool", { type: "button", "aria-label": t.closeThread, title: t.closeThread, "data-testid": "close-thread", onclick: closeThread }, icon("close"));
  side.timeline = new Timeline({ label: t.thread, testid: "thread-message", withThread: false, context: { ...context, bot: model.bot, status: () => null } });
  side.status = el("div.status", { role: "status", "data-testid": "status", hidden: true });
  side.timeline.tail.append(side.status);
  side.composer = box("thread-composer", "thread-send", false, () => here.thread);
  side.composer.label(t.reply);
  $("thread").append(
    el("header.bar", {}, el("div.titles", {}, el("h2", {}, t.thread), side.where), side.close),
    side.timeline.node, side.composer.node);
  $("thread").setAttribute("aria-label", t.thread);

  $("scrim").addEventListener("click", () => showMenu(false));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing || document.querySelector("dialog[open]")) return;
    if ($("app").classList.contains("menu-open")) showMenu(false);
    else if (here.thread) closeThread();
  });
  addEventListener("popstate", () => look(...fromAddress()));
  narrow.addEventListener("change", draw);
}

function drawSidebar() {
  const entry = (channel) => {
    const direct = channel.kind === "im";
    const name = direct ? model.user(model.bot).real_name : channel.name;
    const unread = model.unread.has(channel.id);
    return el("li", {}, el(`a.channel${unread ? ".unread" : ""}`, {
      href: `#${channel.id}`,
      "data-testid": direct ? "direct" : `channel-${channel.name}`,
      "aria-current": channel.id === here.channel ? "page" : undefined,
      onclick: (event) => { event.preventDefault(); showMenu(false); go(channel.id, null); },
    }, direct ? avatar(model.user(model.bot)) : el("span.hash", { "aria-hidden": "true" }, "#"), el("span", {}, name),
      direct && el(`span.presence${model.connected ? ".on" : ""}`), unread && el("span.unseen", {}, t.unread)));
  };
  const group = (label, kind) => el("section", {}, el("h2", {}, label), el("ul", {}, model.channels.filter((c) => c.kind === kind).map(entry)));
  const who = el("select", { "data-testid": "switch-user", "aria-label": t.youAre, onchange: (event) => become(event.target.value) },
    Object.keys(model.tokens).map((id) => el("option", { value: id, selected: id === model.me }, model.user(id).real_name + (model.user(id).is_admin ? ` (${t.admin})` : ""))));
  $("sidebar").replaceChildren(
    el("div.brand", {}, el("span.mark", {}, bird()), el("strong", {}, "Swallow"),
      el("button.tool.menu", { type: "button", "aria-label": t.closeMenu, onclick: () => showMenu(false) }, icon("close"))),
    group(t.channels, "channel"), group(t.directMessages, "im"),
    el("label.who", {}, avatar(model.user(model.me)), el("span", {}, el("small", {}, t.youAre), who)),
  );
}

function draw() {
  drawHeader();
  drawBanner();
  main.timeline.render(model.topLevel(here.channel), emptyState());
  drawThread();
}

function drawHeader() {
  const channel = model.channel(here.channel);
  const direct = channel.kind === "im";
  const bot = model.user(model.bot);
  const name = direct ? bot.real_name : `#${channel.name}`;
  main.title.textContent = name;
  main.topic.textContent = direct ? t.directTopic : t.channelTopic(bot.name);
  main.timeline.scroller.setAttribute("aria-label", t.messagesIn(name));
  main.composer.label(t.messageTo(name));
  document.title = `${name} · Swallow`;
}

function drawBanner() {
  const text = !online ? t.offline : model.connected ? "" : t.notConnected;
  main.banner.hidden = !text;
  if (main.banner.textContent !== text) main.banner.textContent = text;
}

function drawThread() {
  const open = Boolean(here.thread);
  $("thread").hidden = !open;
  $("app").classList.toggle("with-thread", open);
  // On a phone the thread covers the rest, which must not be reached behind it.
  $("main").inert = open && narrow.matches;
  if (!open) return;
  const channel = model.channel(here.channel);
  side.where.textContent = channel.kind === "im" ? model.user(model.bot).real_name : `#${channel.name}`;
  side.timeline.render(model.thread(here.channel, here.thread), el("div"));
  const status = model.status(here.channel, here.thread);
  side.status.hidden = !status;
  if (status) drawStatus(status);
}

function drawStatus(status) {
  const line = status.loading_messages?.[0] ?? status.status;
  const text = status.loading_messages?.length ? line : `${model.user(model.bot).real_name} ${line}`;
  if (side.status.dataset.text === text) return;
  side.status.dataset.text = text;
  side.status.replaceChildren(avatar(model.user(model.bot)), el("span", {}, text), dots());
}

function emptyState() {
  const channel = model.channel(here.channel);
  const direct = channel.kind === "im";
  const bot = model.user(model.bot);
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

// -- Going places --------------------------------------------------------------------------

const fromAddress = () => {
  const [channel, thread] = location.hash.slice(1).split("/");
  return [model.channel(channel).id, thread || null];
};

function go(channel, thread) {
  const address = `#${channel}${thread ? `/${thread}` : ""}`;
  if (address !== location.hash) history.pushState(null, "", address);
  return look(channel, thread);
}

async function look(channel, thread) {
  keepDrafts();
  const elsewhere = channel !== here.channel;
  const otherThread = elsewhere || thread !== here.thread;
  here = { channel, thread };
  model.unread.delete(channel);
  if (elsewhere) main.timeline.forget();
  if (otherThread) side.timeline.forget();
  restoreDrafts(elsewhere, otherThread);
  drawSidebar();
  draw();
  if (!narrow.matches) (thread ? side : main).composer.focus();
  else if (thread && otherThread) side.close.focus();
  await load(channel, thread);
}

async function load(channel, thread) {
  const reader = person;
  await attempt(async () => {
    if (!model.loaded.has(channel)) {
      model.loaded.add(channel);
      const [messages, whispered] = await Promise.all([
        reader.all("conversations.history", { channel }), whispers(channel, model.me)]);
      messages.forEach((message) => model.putFetched(channel, message));
      if (reader === person) whispered.forEach((message) => model.whisper(channel, message));
    }
    if (thread) (await reader.all("conversations.replies", { channel, ts: thread })).forEach((message) => model.putFetched(channel, message));
  });
  if (reader === person && here.channel === channel) draw();
}

function closeThread() {
  const root = here.thread;
  go(here.channel, null);
  // The button that opened the thread may have been drawn anew since; its message is the same.
  const opener = main.timeline.list.querySelector(`[data-ts="${CSS.escape(root)}"] button[data-testid="open-thread"]`);
  if (opener && (openedByHand || narrow.matches)) opener.focus({ preventScroll: true });
  else main.composer.focus();
}

function showMenu(open) {
  $("app").classList.toggle("menu-open", open);
  $("scrim").hidden = !open;
  main.menu.setAttribute("aria-expanded", String(open));
  if (open) $("sidebar").querySelector("[aria-current], a").focus();
  else if (narrow.matches) main.menu.focus();
}

function become(user) {
  keepDrafts();
  localStorage.setItem(ME, user);
  person = new Person(model.tokens[user]);
  const kind = model.channel(here.channel).kind;
  model.become(user);
  const channel = kind === "im" ? model.channels.find((c) => c.kind === "im").id : here.channel;
  showMenu(false);
  main.timeline.forget();
  go(channel, kind === "im" ? null : here.thread);
}

const draftKey = (thread) => `${model.me}:${here.channel}:${thread ?? ""}`;

function keepDrafts() {
  if (!here.channel) return;
  drafts.set(draftKey(null), main.composer.text);
  if (here.thread) drafts.set(draftKey(here.thread), side.composer.text);
}

function restoreDrafts(elsewhere, otherThread) {
  if (elsewhere) main.composer.text = drafts.get(draftKey(null)) ?? "";
  if (otherThread) side.composer.text = drafts.get(draftKey(here.thread)) ?? "";
}

// -- Doing things --------------------------------------------------------------------------

const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function withMentions(text) {
  const ids = new Map([...model.users.values()].map((user) => [user.name, user.id]));
  return escaped(text).replace(/(?<![\w@])@([a-z][\w-]*)/g, (whole, name) => (ids.has(name) ? `<@${ids.get(name)}>` : whole));
}

async function send({ text, file }, thread) {
  const channel = here.channel;
  const command = !thread && !file && text.match(/^(\/[\w-]+)(?:\s+([\s\S]*))?$/);
  return attempt(async () => {
    if (command) await runCommand(channel, model.me, command[1], command[2] ?? "");
    else if (file) await person.upload(file, { channel, thread, text: withMentions(text) });
    else await person.call("chat.postMessage", { channel, text: withMentions(text), ...(thread && { thread_ts: thread }) });
    (thread ? side : main).timeline.toEnd();
  });
}

async function attempt(action) {
  try {
    await action();
    return true;
  } catch (error) {
    trouble(t.failed(error.message));
    return false;
  }
}

function trouble(text) {
  document.querySelector(".toast")?.remove();
  const toast = el("div.toast", { role: "alert" }, text);
  document.body.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

// -- Events --------------------------------------------------------------------------------

let drawing = false;

// Several events in one frame are drawn once.
function drawSoon() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    draw();
  });
}

function onEvent(kind, event) {
  if (kind === "reset") return refresh();
  model.apply(kind, event);
  if (kind === "append") return grow(event);
  if (kind === "message") noticeMessage(event.channel, event.message);
  if (kind === "connection") drawSidebar();
  if (kind === "status" || kind === "message") followAnswer(event);
  if (!event.channel || event.channel === here.channel) drawSoon();
}

async function refresh() {
  model.refresh(await bootstrap());
  drawSidebar();
  await load(here.channel, here.thread);
}

const growing = new Set();

function grow({ channel, ts }) {
  if (channel !== here.channel) return;
  if (!growing.size) requestAnimationFrame(() => {
    for (const piece of growing) {
      const { text } = model.message(here.channel, piece) ?? {};
      if (text !== undefined) side.timeline.grow(piece, text);
    }
    growing.clear();
  });
  growing.add(ts);
}

function noticeMessage(channel, message) {
  if (message.user === model.me || !model.channels.some(({ id }) => id === channel)) return;
  const author = model.user(message.user).real_name;
  announce(message.text ? `${author}: ${message.text.slice(0, 200)}` : `${author} ${t.writing}`);
  if (channel !== here.channel && !model.unread.has(channel)) {
    model.unread.add(channel);
    drawSidebar();
  }
}

// The bot answers in a thread: where there is room, one's own question opens it.
function followAnswer(event) {
  const thread = event.thread_ts ?? event.message?.thread_ts;
  if (!thread || narrow.matches || here.thread || event.channel !== here.channel) return;
  if (event.message && event.message.user !== model.bot) return;
  const question = model.message(event.channel, thread);
  const newest = model.topLevel(event.channel).filter((message) => message.user === model.me).at(-1);
  if (question?.user !== model.me || newest?.ts !== thread || Date.now() / 1000 - thread > 120) return;
  const typing = main.composer.text !== "";
  openedByHand = false;
  go(event.channel, thread);
  if (typing) main.composer.focus();
}

async function start() {
  document.documentElement.lang = language;
  const boot = await bootstrap();
  model = new Model(boot);
  const asked = new URLSearchParams(location.search).get("user") ?? localStorage.getItem(ME);
  model.become(Object.hasOwn(model.tokens, asked ?? "") ? asked : Object.keys(model.tokens)[0]);
  person = new Person(model.tokens[model.me]);
  build();
  follow(boot.event_id, onEvent, (now) => {
    if (now !== online) {
      online = now;
      drawBanner();
    }
  });
  await look(...fromAddress());
  $("app").dataset.ready = "true";
}

start();
