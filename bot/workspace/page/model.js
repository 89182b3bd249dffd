// The people, channels, messages and statuses that the page knows. Applies events; draws nothing.
//
// An event may come twice, or tell what was fetched already: applying it again changes nothing.

import { t } from "./strings.js";

// As in Slack, a deleted message is mentioned only while it has replies.
const isGone = (message) => message.subtype === "tombstone" && !message.reply_count;

const NO_PROMPTS = { title: "", prompts: [] };

export class Model {
  constructor(state) {
    this.bot = state.bot;
    this.users = new Map(state.users.map((user) => [user.id, user]));
    this.tokens = state.tokens;
    this.allChannels = state.channels;
    this.connected = state.connected;
    this.statuses = new Map(state.statuses.map((status) => [`${status.channel}:${status.thread_ts}`, status]));
    this.#setSessions(state.sessions);
    // What the agent suggests to this person: {title, prompts: [{title, message}]}.
    this.prompts = NO_PROMPTS;
    this.messages = new Map(state.channels.map((channel) => [channel.id, new Map()]));
    // By channel, then by timestamp: what only this person sees.
    this.ephemeral = new Map();
    // Ids of the channels whose history was fetched, and of those with unread messages.
    this.loaded = new Set();
    this.unread = new Set();
    // By person and timestamp, then by action id: the thumb that was pressed.
    this.chosen = new Map();
    // The form that this person has open, and the person's Home tab.
    this.form = { view: null, errors: {} };
    this.home = null;
    // The list of events of each fetch under way.
    this.fetches = new Set();
    this.me = null;
  }

  // The server was restarted or some events were missed: everything is fetched anew.
  refresh(state) {
    this.connected = state.connected;
    this.statuses = new Map(state.statuses.map((status) => [`${status.channel}:${status.thread_ts}`, status]));
    this.#setSessions(state.sessions);
    this.messages.forEach((messages) => messages.clear());
    this.ephemeral.clear();
    this.loaded.clear();
  }

  user(id) {
    return this.users.get(id) ?? { id, name: id, real_name: id === "USLACKBOT" ? t.workspace : id };
  }

  get channels() {
    return this.allChannels.filter(({ kind, person }) => kind === "channel" || person === this.me);
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id) ?? this.channels[0];
  }

  // Another person has other direct messages and other ephemeral messages.
  switchPerson(user) {
    this.me = user;
    this.loaded.clear();
    this.unread.clear();
    this.ephemeral.clear();
    this.form = { view: null, errors: {} };
    this.home = null;
    this.prompts = NO_PROMPTS;
  }

  put(channel, message) {
    this.messages.get(channel)?.set(message.ts, message);
  }

  // Adds the messages that `fetch` returns. They may be older than the events that arrive during the
  // fetch, so those are applied once more, in their order.
  async merge(channel, fetch) {
    const events = [];
    this.fetches.add(events);
    try {
      (await fetch()).forEach((message) => this.put(channel, message));
      events.forEach(([kind, event]) => this.#change(kind, event));
    } finally {
      this.fetches.delete(events);
    }
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  topLevel(channel) {
    return this.#sorted(channel, (message) => (!message.thread_ts || message.thread_ts === message.ts) && !isGone(message));
  }

  thread(channel, root) {
    return this.#sorted(channel, (message) => message.ts === root || message.thread_ts === root);
  }

  // The pressed thumbs of a message: a Map from action id to value.
  chosenIn(ts) {
    const key = `${this.me}:${ts}`;
    if (!this.chosen.has(key)) this.chosen.set(key, new Map());
    return this.chosen.get(key);
  }

  // What the app says of its work in a thread, or that its agent's session is processing.
  status(channel, thread) {
    const processing = this.session(channel, thread)?.status === "processing";
    return this.statuses.get(`${channel}:${thread}`) ?? (processing ? { processing } : undefined);
  }

  session(channel, thread) {
    return this.sessions.get(`${channel}:${thread}`);
  }

  putEphemeral(channel, message) {
    if (!this.ephemeral.has(channel)) this.ephemeral.set(channel, new Map());
    this.ephemeral.get(channel).set(message.ts, message);
  }

  removeEphemeral(channel, ts) {
    this.ephemeral.get(channel)?.delete(ts);
  }

  apply(kind, event) {
    this.fetches.forEach((events) => events.push([kind, event]));
    this.#change(kind, event);
  }

  #change(kind, event) {
    const known = event.ts && this.message(event.channel, event.ts);
    if (kind === "message") this.put(event.channel, event.message);
    else if (kind === "changed") this.#edit(event.channel, event.message);
    else if (kind === "deleted") this.messages.get(event.channel)?.delete(event.ts);
    else if (kind === "thread" && known) Object.assign(known, { reply_count: event.reply_count, reply_users: event.reply_users, latest_reply: event.latest_reply });
    else if (kind === "append" && this.#grows(event, known)) known.text += event.text;
    else if (kind === "ephemeral" && event.user === this.me) this.putEphemeral(event.channel, event.message);
    else if (kind === "ephemeral_deleted" && event.user === this.me) this.removeEphemeral(event.channel, event.ts);
    else if (kind === "status") this.#setStatus(event);
    else if (kind === "session") this.sessions.set(`${event.channel}:${event.thread_ts}`, event);
    else if (kind === "prompts" && event.user === this.me) this.prompts = event;
    else if (kind === "connection") this.connected = event.connected;
    else if (kind === "view" && event.user === this.me) this.form = event;
    else if (kind === "home" && event.user === this.me) this.home = event.view;
  }

  // In a channel a stream is live for one person only.
  #grows(event, known) {
    return known?.text.length === event.offset && (!event.user || event.user === this.me);
  }

  #edit(channel, message) {
    // An edit that was published before the first reply has no thread summary: the known one stays.
    const { reply_count, reply_users, latest_reply } = this.message(channel, message.ts) ?? {};
    this.put(channel, { ...(reply_count && { reply_count, reply_users, latest_reply }), ...message });
  }

  #setSessions(sessions) {
    this.sessions = new Map(sessions.map((session) => [`${session.channel}:${session.thread_ts}`, session]));
  }

  #setStatus(event) {
    const key = `${event.channel}:${event.thread_ts}`;
    if (event.status) this.statuses.set(key, event);
    else this.statuses.delete(key);
  }

  #sorted(channel, belongs) {
    const ephemeral = [...(this.ephemeral.get(channel)?.values() ?? [])];
    return [...(this.messages.get(channel)?.values() ?? []), ...ephemeral]
      .filter(belongs)
      .sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }
}
