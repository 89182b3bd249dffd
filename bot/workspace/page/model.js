// What the page knows: people, channels, messages, statuses. Applies events; draws nothing.
//
// Events may come twice or overlap with what was fetched: applying one again changes nothing.

export class Model {
  constructor(boot) {
    this.bot = boot.bot;
    this.users = new Map(boot.users.map((user) => [user.id, user]));
    this.tokens = boot.tokens;
    this.allChannels = boot.channels;
    this.connected = boot.connected;
    this.statuses = new Map(boot.statuses.map((status) => [`${status.channel}:${status.thread_ts}`, status]));
    this.messages = new Map(boot.channels.map((channel) => [channel.id, new Map()]));
    this.whispers = new Map();
    this.loaded = new Set();
    this.unread = new Set();
    this.chosen = new Map();
    this.listening = new Set();
    this.me = null;
  }

  // The server was away, or started anew: only what it says now counts.
  refresh(boot) {
    this.connected = boot.connected;
    this.statuses = new Map(boot.statuses.map((status) => [`${status.channel}:${status.thread_ts}`, status]));
    this.messages.forEach((messages) => messages.clear());
    this.whispers.clear();
    this.loaded.clear();
  }

  user(id) {
    return this.users.get(id) ?? { id, name: id, real_name: id === "USLACKBOT" ? "Workspace" : id };
  }

  get channels() {
    return this.allChannels.filter(({ kind, person }) => kind === "channel" || person === this.me);
  }

  channel(id) {
    return this.channels.find((channel) => channel.id === id) ?? this.channels[0];
  }

  // Another person reads other direct messages and other whispers.
  become(user) {
    this.me = user;
    this.loaded.clear();
    this.unread.clear();
    this.whispers.clear();
  }

  put(channel, message) {
    this.messages.get(channel)?.set(message.ts, message);
  }

  // Takes in the messages that `fetch` brings. They may be older than events that came meanwhile, so
  // those are applied once more, in their order.
  async take(channel, fetch) {
    const meanwhile = [];
    this.listening.add(meanwhile);
    try {
      (await fetch()).forEach((message) => this.put(channel, message));
      meanwhile.forEach(([kind, event]) => this.#do(kind, event));
    } finally {
      this.listening.delete(meanwhile);
    }
  }

  message(channel, ts) {
    return this.messages.get(channel)?.get(ts);
  }

  topLevel(channel) {
    return this.#sorted(channel, (message) => !message.thread_ts || message.thread_ts === message.ts);
  }

  thread(channel, root) {
    return this.#sorted(channel, (message) => message.ts === root || message.thread_ts === root);
  }

  status(channel, thread) {
    return this.statuses.get(`${channel}:${thread}`);
  }

  whisper(channel, message) {
    if (!this.whispers.has(channel)) this.whispers.set(channel, new Map());
    this.whispers.get(channel).set(message.ts, message);
  }

  dismiss(channel, ts) {
    this.whispers.get(channel)?.delete(ts);
  }

  apply(kind, event) {
    this.listening.forEach((events) => events.push([kind, event]));
    this.#do(kind, event);
  }

  #do(kind, event) {
    const there = event.ts && this.message(event.channel, event.ts);
    if (kind === "message") this.put(event.channel, event.message);
    else if (kind === "changed") this.#change(event.channel, event.message);
    else if (kind === "deleted") this.messages.get(event.channel)?.delete(event.ts);
    else if (kind === "thread" && there) Object.assign(there, { reply_count: event.reply_count, reply_users: event.reply_users, latest_reply: event.latest_reply });
    else if (kind === "append" && there?.text.length === event.offset) there.text += event.text;
    else if (kind === "ephemeral" && event.user === this.me) this.whisper(event.channel, event.message);
    else if (kind === "ephemeral_deleted" && event.user === this.me) this.dismiss(event.channel, event.ts);
    else if (kind === "status") this.#setStatus(event);
    else if (kind === "connection") this.connected = event.connected;
  }

  #change(channel, message) {
    // An edit that was fetched already must not bring back an older state of the thread.
    const { reply_count, reply_users, latest_reply } = this.message(channel, message.ts) ?? {};
    this.put(channel, { ...(reply_count && { reply_count, reply_users, latest_reply }), ...message });
  }

  #setStatus(event) {
    const key = `${event.channel}:${event.thread_ts}`;
    if (event.status) this.statuses.set(key, event);
    else this.statuses.delete(key);
  }

  #sorted(channel, belongs) {
    const whispers = [...(this.whispers.get(channel)?.values() ?? [])];
    return [...(this.messages.get(channel)?.values() ?? []), ...whispers]
      .filter(belongs)
      .sort((one, other) => (one.ts < other.ts ? -1 : 1));
  }
}
