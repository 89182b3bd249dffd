// Starts the page and follows what happens.

import { Person, bootstrap, follow } from "./api.js";
import { $, announce } from "./dom.js";
import { Model } from "./model.js";
import { ME, become, closeThread, fromAddress, go, load, look, openThread } from "./views/places.js";
import { narrow, session } from "./session.js";
import { language, t } from "./strings.js";
import { build, draw, drawBanner, drawSidebar, main, side } from "./views/view.js";

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
  session.model.apply(kind, event);
  if (kind === "append") return grow(event);
  if (kind === "message") noticeMessage(event.channel, event.message);
  if (kind === "connection") drawSidebar();
  if (kind === "status" || kind === "message") followAnswer(event);
  if (!event.channel || event.channel === session.here.channel) drawSoon();
}

async function refresh() {
  session.model.refresh(await bootstrap());
  drawSidebar();
  await load(session.here.channel, session.here.thread);
}

const growing = new Set();

function grow({ channel, ts }) {
  if (channel !== session.here.channel) return;
  if (!growing.size) requestAnimationFrame(() => {
    for (const piece of growing) {
      const { text } = session.model.message(session.here.channel, piece) ?? {};
      if (text !== undefined) side.timeline.grow(piece, text);
    }
    growing.clear();
  });
  growing.add(ts);
}

function noticeMessage(channel, message) {
  if (message.user === session.model.me || !session.model.channels.some(({ id }) => id === channel)) return;
  const author = session.model.user(message.user).real_name;
  announce(message.text ? `${author}: ${message.text.slice(0, 200)}` : `${author} ${t.writing}`);
  if (channel !== session.here.channel && !session.model.unread.has(channel)) {
    session.model.unread.add(channel);
    drawSidebar();
  }
}

// The bot answers in a thread: where there is room, one's own question opens it.
function followAnswer(event) {
  const thread = event.thread_ts ?? event.message?.thread_ts;
  if (!thread || narrow.matches || session.here.thread || event.channel !== session.here.channel) return;
  if (event.message && event.message.user !== session.model.bot) return;
  const question = session.model.message(event.channel, thread);
  const newest = session.model.topLevel(event.channel).filter((message) => message.user === session.model.me).at(-1);
  if (question?.user !== session.model.me || newest?.ts !== thread || Date.now() / 1000 - thread > 120) return;
  const typing = main.composer.text !== "";
  session.openedByHand = false;
  go(event.channel, thread);
  if (typing) main.composer.focus();
}

async function start() {
  document.documentElement.lang = language;
  const boot = await bootstrap();
  session.model = new Model(boot);
  const asked = new URLSearchParams(location.search).get("user") ?? localStorage.getItem(ME);
  session.model.become(Object.hasOwn(session.model.tokens, asked ?? "") ? asked : Object.keys(session.model.tokens)[0]);
  session.person = new Person(session.model.tokens[session.model.me]);
  build({ go, openThread, closeThread, become });
  addEventListener("popstate", () => look(...fromAddress()));
  follow(boot.event_id, onEvent, (now) => {
    if (now !== session.online) {
      session.online = now;
      drawBanner();
    }
  });
  await look(...fromAddress());
  $("app").dataset.ready = "true";
}

start();
