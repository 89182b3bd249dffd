// Going places: to a channel, into a thread, into somebody else's shoes. The address says where.
//
// Fetches what is not known yet and keeps what was being written.

import { attempt } from "./actions.js";
import { Person, whispers } from "../api.js";
import { narrow, session } from "../session.js";
import { draw, drawSidebar, main, showMenu, side } from "./view.js";

const drafts = new Map();

export const ME = "local-workspace-user";

export const fromAddress = () => {
  const [channel, thread] = location.hash.slice(1).split("/");
  return [session.model.channel(channel).id, thread || null];
};

export function go(channel, thread) {
  const address = `#${channel}${thread ? `/${thread}` : ""}`;
  if (address !== location.hash) history.pushState(null, "", address);
  return look(channel, thread);
}

export async function look(channel, thread) {
  keepDrafts();
  const elsewhere = channel !== session.here.channel;
  const otherThread = elsewhere || thread !== session.here.thread;
  session.here = { channel, thread };
  session.model.unread.delete(channel);
  if (elsewhere) main.timeline.forget();
  if (otherThread) side.timeline.forget();
  restoreDrafts(elsewhere, otherThread);
  drawSidebar();
  draw();
  if (!narrow.matches) (thread ? side : main).composer.focus();
  else if (thread && otherThread) side.close.focus();
  await load(channel, thread);
}

export async function load(channel, thread) {
  const reader = session.person;
  await attempt(async () => {
    if (!session.model.loaded.has(channel)) {
      session.model.loaded.add(channel);
      const [whispered] = await Promise.all([
        whispers(channel, session.model.me),
        session.model.take(channel, () => reader.all("conversations.history", { channel }))]);
      if (reader === session.person) whispered.forEach((message) => session.model.whisper(channel, message));
    }
    if (thread) await session.model.take(channel, () => reader.all("conversations.replies", { channel, ts: thread }));
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
  // The button that opened the thread may have been drawn anew since; its message is the same.
  const opener = main.timeline.list.querySelector(`[data-ts="${CSS.escape(root)}"] button[data-testid="open-thread"]`);
  if (opener && (session.openedByHand || narrow.matches)) opener.focus({ preventScroll: true });
  else main.composer.focus();
}

export function become(user) {
  keepDrafts();
  localStorage.setItem(ME, user);
  session.person = new Person(session.model.tokens[user]);
  const { channel, thread } = session.here;
  const direct = session.model.channel(channel).kind === "im";
  session.model.become(user);
  // Nowhere for a moment, so that nothing of the one person is kept for the other.
  session.here = { channel: null, thread: null };
  showMenu(false);
  if (direct) go(session.model.channels.find(({ kind }) => kind === "im").id, null);
  else go(channel, thread);
}

const draftKey = (thread) => `${session.model.me}:${session.here.channel}:${thread ?? ""}`;

function keepDrafts() {
  if (!session.here.channel) return;
  drafts.set(draftKey(null), main.composer.text);
  if (session.here.thread) drafts.set(draftKey(session.here.thread), side.composer.text);
}

function restoreDrafts(elsewhere, otherThread) {
  if (elsewhere) main.composer.text = drafts.get(draftKey(null)) ?? "";
  if (otherThread) side.composer.text = drafts.get(draftKey(session.here.thread)) ?? "";
}
