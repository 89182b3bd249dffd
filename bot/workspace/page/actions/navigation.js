// Which channel and thread are shown, and as which person; the address of the page says so too.
//
// Fetches the messages that are not known yet and keeps the drafts of every channel and thread.

import { attempt } from "./messaging.js";
import { Person, chooseLocale, ephemeralMessages, homeOf, openForm, openMessages } from "../api.js";
import { drawForm } from "../forms/form.js";
import { narrow, session } from "../session.js";
import { channelPane, draw, threadPane } from "../views/panes.js";
import { drawSidebar, showMenu } from "../views/sidebar.js";

const drafts = new Map();

// The key under which the browser stores who was chosen last.
export const PERSON_KEY = "local-workspace-user";

// What the address names in the place of a thread for the Home tab.
const HOME = "home";

// The [channel, thread, home] that the address names; an unknown channel is replaced by the first.
export const fromAddress = () => {
  const [reference, part] = location.hash.slice(1).split("/");
  const channel = session.model.channel(reference);
  const home = part === HOME && channel.kind === "im";
  return [channel.id, home || part === HOME ? null : part || null, home];
};

// Shows a channel, thread or Home tab and puts it into the address, so that Back leads to where one was.
export function go(channel, thread, home = false) {
  const part = home ? HOME : thread;
  const address = `#${channel}${part ? `/${part}` : ""}`;
  if (address !== location.hash) history.pushState(null, "", address);
  return show(channel, thread, home);
}

export async function show(channel, thread, home = false) {
  keepDrafts();
  const otherChannel = channel !== session.here.channel;
  const otherThread = otherChannel || thread !== session.here.thread;
  const opened = otherChannel || session.here.home;
  session.here = { channel, thread, home };
  session.model.unread.delete(channel);
  if (otherChannel) channelPane.timeline.forget();
  if (otherThread) threadPane.timeline.forget();
  restoreDrafts(otherChannel, otherThread);
  drawSidebar();
  draw();
  if (home) loadHome();
  else if (!narrow.matches) (thread ? threadPane : channelPane).composer.focus();
  else if (thread && otherThread) threadPane.close.focus();
  if (opened && !home && session.model.channel(channel).kind === "im") loadPrompts();
  await load(channel, thread);
}

// The bot is told that its messages were opened, and may suggest other prompts.
async function loadPrompts() {
  const { me, prompts } = session.model;
  await attempt(async () => {
    const shown = await openMessages(me);
    // What was suggested meanwhile is newer than the answer.
    if (me === session.model.me && prompts === session.model.prompts) session.model.prompts = shown;
  });
  draw();
}

export async function load(channel, thread) {
  // The person may be switched while the messages are on their way.
  const reader = session.person;
  await attempt(async () => {
    if (!session.model.loaded.has(channel)) {
      session.model.loaded.add(channel);
      const [ephemeral] = await Promise.all([
        ephemeralMessages(channel, session.model.me),
        session.model.merge(channel, () => reader.all("conversations.history", { channel }))]);
      if (reader === session.person) ephemeral.forEach((message) => session.model.putEphemeral(channel, message));
    }
    if (thread) await session.model.merge(channel, () => reader.all("conversations.replies", { channel, ts: thread }));
  });
  if (reader === session.person && session.here.channel === channel) draw();
}

// The bot is told that the Home tab was opened, and may publish another one.
async function loadHome() {
  const { me, home } = session.model;
  await attempt(async () => {
    const view = await homeOf(me);
    // What was published meanwhile is newer than the answer.
    if (me === session.model.me && home === session.model.home) session.model.home = view;
  });
  draw();
}

// The form that the person had open before the page was loaded, or as this person.
export async function loadForm() {
  const { me, form: before } = session.model;
  await attempt(async () => {
    const form = await openForm(me);
    if (me === session.model.me && before === session.model.form) session.model.form = form;
  });
  drawForm();
}

export function openThread(ts) {
  session.openedByHand = true;
  go(session.here.channel, ts);
}

export function closeThread() {
  const root = session.here.thread;
  go(session.here.channel, null);
  // The button that opened the thread may have been replaced since: it is found by its message.
  const opener = channelPane.timeline.list.querySelector(`[data-ts="${CSS.escape(root)}"] button[data-testid="open-thread"]`);
  if (opener && (session.openedByHand || narrow.matches)) opener.focus({ preventScroll: true });
  else channelPane.composer.focus();
}

export function switchPerson(user) {
  keepDrafts();
  localStorage.setItem(PERSON_KEY, user);
  session.person = new Person(session.model.tokens[user]);
  // Whoever acts as a person reads the page's language. Nothing else depends on it.
  chooseLocale(user, navigator.language).catch(() => {});
  const { channel, thread } = session.here;
  const direct = session.model.channel(channel).kind === "im";
  session.model.switchPerson(user);
  // No channel for a moment: `show` must not keep the boxes' text as drafts of the new person.
  session.here = { channel: null, thread: null, home: false };
  showMenu(false);
  loadForm();
  if (direct) go(session.model.channels.find(({ kind }) => kind === "im").id, null);
  else go(channel, thread);
}

const draftKey = (thread) => `${session.model.me}:${session.here.channel}:${thread ?? ""}`;

function keepDrafts() {
  if (!session.here.channel) return;
  drafts.set(draftKey(null), channelPane.composer.text);
  if (session.here.thread) drafts.set(draftKey(session.here.thread), threadPane.composer.text);
}

function restoreDrafts(otherChannel, otherThread) {
  if (otherChannel) channelPane.composer.text = drafts.get(draftKey(null)) ?? "";
  if (otherThread) threadPane.composer.text = drafts.get(draftKey(session.here.thread)) ?? "";
}
