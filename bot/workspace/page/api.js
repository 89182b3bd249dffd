// The requests to the server: the Web API as one person, the /local routes, the stream of events.

class ApiError extends Error {}

// A request that nobody answered.
export class Unreachable extends Error {}

const request = (...args) => fetch(...args).catch(() => { throw new Unreachable(); });

const PAGE_SIZE = 200;
const MAX_MESSAGES = 1000;
const RELOAD_MS = 3000;

async function json(response) {
  const body = await response.json().catch(() => ({ ok: false, error: `HTTP ${response.status}` }));
  if (!body.ok) throw new ApiError(body.error ?? `HTTP ${response.status}`);
  return body;
}

async function post(path, body, headers = {}) {
  const kind = { "Content-Type": "application/json; charset=utf-8" };
  return json(await request(path, { method: "POST", headers: { ...kind, ...headers }, body: JSON.stringify(body) }));
}

export const firstState = async () => json(await request("/local/state"));

export const ephemeralMessages = async (channel, user) =>
  (await json(await request(`/local/ephemeral?${new URLSearchParams({ channel, user })}`))).messages;

export const runCommand = (channel, user, command, text) =>
  post("/local/command", { channel, user, command, text });

// The person's locale, as chosen in Slack's preferences: in what language the bot tells them things.
export const chooseLocale = (user, locale) => post("/local/locale", { user, locale });

export const pressButton = (channel, user, ts, actionId, value, blockId) =>
  post("/local/action", { channel, user, ts, action_id: actionId, value, block_id: blockId });

// Stops what the agent works on in a thread.
export const stopSession = (channel, user, thread) => post("/local/stop", { channel, user, thread_ts: thread });

// {title, prompts}: what the agent suggests; tells the bot that its messages were opened.
export const openMessages = (user) => post("/local/opened", { user });

export const runShortcut = (channel, user, ts, callbackId) =>
  post("/local/shortcut", { channel, user, ts, callback_id: callbackId });

export const editMessage = (channel, user, ts, text) => post("/local/edit", { channel, user, ts, text });

export const deleteMessage = (channel, user, ts) => post("/local/delete", { channel, user, ts });

// {view, errors}: the form that a person has open; the view is null without one.
export const openForm = async (user) => json(await request(`/local/view?${new URLSearchParams({ user })}`));

// Uses a form or the Home tab: `use` is {do, values, action_id, value, block_id}.
export const useView = (user, viewId, use) => post("/local/view", { user, view_id: viewId, ...use });

export const homeOf = async (user) => (await json(await request(`/local/home?${new URLSearchParams({ user })}`))).view;

// The Web API with the token of one person.
export class Person {
  constructor(token) {
    this.headers = { Authorization: `Bearer ${token}` };
  }

  call(method, args) {
    return post(`/api/${method}`, args, this.headers);
  }

  // The messages of all pages of a method, up to MAX_MESSAGES.
  async all(method, args) {
    const messages = [];
    let cursor = "";
    do {
      const page = await this.call(method, { ...args, limit: PAGE_SIZE, ...(cursor && { cursor }) });
      messages.push(...page.messages);
      cursor = page.response_metadata?.next_cursor ?? "";
    } while (cursor && messages.length < MAX_MESSAGES);
    return messages;
  }

  async upload(file, { channel, thread, text }) {
    const { upload_url: address, file_id: id } = await this.call("files.getUploadURLExternal", {
      filename: file.name,
      length: file.size,
    });
    // The address names 127.0.0.1; the page may have been opened as localhost.
    await request(new URL(address).pathname, { method: "POST", body: file });
    await this.call("files.completeUploadExternal", {
      files: [{ id, title: file.name }],
      channel_id: channel,
      initial_comment: text,
      ...(thread && { thread_ts: thread }),
    });
  }

  // The content of an uploaded file, as a Blob.
  async file(address) {
    const response = await request(new URL(address).pathname, { headers: this.headers });
    if (!response.ok) throw new ApiError(`HTTP ${response.status}`);
    return response.blob();
  }
}

const KINDS = ["message", "changed", "deleted", "ephemeral", "ephemeral_deleted", "status", "append", "thread", "connection", "view", "home", "session", "prompts", "reset"];

// Follows the events after the id `since`. The browser reconnects by itself and sends the id of
// the last event it got as Last-Event-ID.
export function follow(since, onEvent, onOnline) {
  const source = new EventSource(`/local/events?${new URLSearchParams({ since })}`);
  for (const kind of KINDS) {
    source.addEventListener(kind, (event) => onEvent(kind, JSON.parse(event.data)));
  }
  source.addEventListener("open", () => onOnline(true));
  source.addEventListener("error", () => {
    onOnline(false);
    // The browser retries an interrupted stream, but not one that was refused.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RELOAD_MS);
  });
}
