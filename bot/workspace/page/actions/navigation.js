// Which channel and thread are shown, and as which person; the address of the page says so too.
//
// Fetches the messages that are not known yet and keeps the drafts of every channel and thread.

import { attempt } from "./messaging.js";
import { Person, ephemeralMessages } from "../api.js";
import { narrow, session } from "../session.js";
import { channelPane, draw, threadPane } from "../views/panes.js";
import { drawSidebar, showMenu } from "../views/sidebar.js";

const drafts = new Map();

// The key under which the browser stores who was chosen last.
export const PERSON_KEY = "local-workspace-user";

// The [channel, thread] that the address names; an unknown channel is replaced by the first.
export const fromAddress = () => {
  const [channel, thread] = location.hash.slice(1).split("/");
  return [session.model.channel(channel).id, thread || null];
};

// Shows a channel or thread and puts it into the address, so that Back leads to where one was.
export function go(channel, thread) {
  const address = `#${channel}${thread ? `/${thread}` : ""}`;
  if (address !== location.hash) history.pushState(null, "", address);
  return show(channel, thread);
}

export async function show(channel, thread) {
  keepDrafts();
  const otherChannel = channel !== session.here.channel;
  const otherThread = otherChannel || thread !== session.here.thread;
  session.here = { channel, thread };
  session.model.unread.delete(channel);
  if (otherChannel) channelPane.timeline.forget();
  if (otherThread) threadPane.timeline.forget();
  restoreDrafts(otherChannel, otherThread);
  drawSidebar();
  draw();
  if (!narrow.matches) (thread ? threadPane : channelPane).composer.focus();
  else if (thread && otherThread) threadPane.close.focus();
  await load(channel, thread);
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
  const { channel, thread } = session.here;
  const direct = session.model.channel(channel).kind === "im";
  session.model.switchPerson(user);
  // No channel for a moment: `show` must not keep the boxes' text as drafts of the new person.
  session.here = { channel: null, thread: null };
  showMenu(false);
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
