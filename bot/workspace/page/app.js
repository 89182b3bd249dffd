// Starts the page, then applies each event of the server and draws what it changes.

import { closeForm, pressInForm, pressInHome, submitForm } from "./actions/forms.js";
import { dismiss, press, remove, send, stopSession, useShortcut } from "./actions/messaging.js";
import { PERSON_KEY, closeThread, fromAddress, go, load, loadForm, openThread, show, switchPerson } from "./actions/navigation.js";
import { Person, chooseLocale, firstState, follow } from "./api.js";
import { $, announce } from "./dom.js";
import { startEdit } from "./forms/edit.js";
import { buildForm, drawForm } from "./forms/form.js";
import { Model } from "./model.js";
import { narrow, session } from "./session.js";
import { language, t } from "./strings.js";
import { buildAgent } from "./views/agent.js";
import { buildMessageMenu, openMenu } from "./views/message_menu.js";
import { buildPanes, channelPane, draw, drawBanner, threadPane } from "./views/panes.js";
import { buildSidebar, drawSidebar } from "./views/sidebar.js";

// An answer opens its question's thread only this long after the question was asked.
const OPEN_THREAD_SECONDS = 120;
const ANNOUNCED_CHARACTERS = 200;

let drawScheduled = false;

// Draws once per frame, however many events arrive in it.
function drawSoon() {
  if (drawScheduled) return;
  drawScheduled = true;
  requestAnimationFrame(() => {
    drawScheduled = false;
    draw();
  });
}

function onEvent(kind, event) {
  if (kind === "reset") return refresh();
  session.model.apply(kind, event);
  if (kind === "append") return growSoon(event);
  if (kind === "message") announceMessage(event.channel, event.message);
  if (kind === "view") return drawForm();
  if (kind === "connection") drawSidebar();
  if (kind === "status" || kind === "session" || kind === "message") openThreadOfAnswer(event);
  if (!event.channel || event.channel === session.here.channel) drawSoon();
}

async function refresh() {
  session.model.refresh(await firstState());
  drawSidebar();
  loadForm();
  const { channel, thread, home } = session.here;
  await (home ? show(channel, thread, home) : load(channel, thread));
}

// The streamed messages of the open thread that grew since the last frame, by timestamp.
const growing = new Set();

function growSoon({ channel, ts }) {
  if (channel !== session.here.channel) return;
  if (!growing.size) requestAnimationFrame(() => {
    for (const grown of growing) {
      const { text } = session.model.message(session.here.channel, grown) ?? {};
      if (text !== undefined) threadPane.timeline.grow(grown, text);
    }
    growing.clear();
  });
  growing.add(ts);
}

// Tells a screen reader of a message by somebody else, and marks its channel as unread.
function announceMessage(channel, message) {
  if (message.user === session.model.me || !session.model.channels.some(({ id }) => id === channel)) return;
  const author = session.model.user(message.user).real_name;
  announce(message.text ? `${author}: ${message.text.slice(0, ANNOUNCED_CHARACTERS)}` : `${author} ${t.writing}`);
  if (channel !== session.here.channel && !session.model.unread.has(channel)) {
    session.model.unread.add(channel);
    drawSidebar();
  }
}

// The bot answers in a thread: on a wide page, the answer to one's own newest question opens it.
function openThreadOfAnswer(event) {
  const thread = event.thread_ts ?? event.message?.thread_ts;
  if (!thread || narrow.matches || session.here.thread || event.channel !== session.here.channel) return;
  if (event.message && event.message.user !== session.model.bot) return;
  const question = session.model.message(event.channel, thread);
  const newest = session.model.topLevel(event.channel).filter((message) => message.user === session.model.me).at(-1);
  if (question?.user !== session.model.me || newest?.ts !== thread || Date.now() / 1000 - thread > OPEN_THREAD_SECONDS) return;
  const typing = channelPane.composer.text !== "";
  session.openedByHand = false;
  go(event.channel, thread);
  if (typing) channelPane.composer.focus();
}

function onOnline(online) {
  if (online === session.online) return;
  session.online = online;
  drawBanner();
}

// The person named in the address, or the one chosen last, or the first.
function firstPerson(tokens) {
  const user = new URLSearchParams(location.search).get("user") ?? localStorage.getItem(PERSON_KEY);
  return Object.hasOwn(tokens, user ?? "") ? user : Object.keys(tokens)[0];
}

async function start() {
  document.documentElement.lang = language;
  const state = await firstState();
  session.model = new Model(state);
  session.model.switchPerson(firstPerson(state.tokens));
  session.person = new Person(state.tokens[session.model.me]);
  await chooseLocale(session.model.me, navigator.language).catch(() => {});
  buildSidebar({ go, switchPerson });
  buildForm({ submit: submitForm, close: closeForm, press: pressInForm });
  buildMessageMenu({ useShortcut, startEdit, remove });
  buildAgent({ ask: (text) => send({ text, file: null }, null), stopSession });
  buildPanes({ go, openThread, closeThread, openMenu, send, press, pressInHome, dismiss });
  addEventListener("popstate", () => show(...fromAddress()));
  follow(state.event_id, onEvent, onOnline);
  loadForm();
  await show(...fromAddress());
  $("app").dataset.ready = "true";
}

start();
