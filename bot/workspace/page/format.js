// Times, days and sizes as the page writes them, in the language of the browser.

import { language, t } from "./strings.js";

const clock = new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(language, { month: "long", day: "numeric", weekday: "short" });
const dayAndTime = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

const DAY_MS = 864e5;

// The moment of a Slack timestamp, which is in seconds.
const momentOf = (ts) => new Date(Number(ts) * 1000);

export const timeOf = (ts) => clock.format(momentOf(ts));
export const dayAndTimeOf = (ts) => dayAndTime.format(momentOf(ts));
// As Slack's {date_num}: 2026-12-01.
export const dateOf = (ts) => new Intl.DateTimeFormat("sv").format(momentOf(ts));
export const isoOf = (ts) => momentOf(ts).toISOString();

export function dayOf(ts) {
  const midnight = (date) => new Date(date).setHours(0, 0, 0, 0);
  const daysAgo = Math.round((midnight(new Date()) - midnight(momentOf(ts))) / DAY_MS);
  if (daysAgo === 0) return t.today;
  return daysAgo === 1 ? t.yesterday : day.format(momentOf(ts));
}

export function sizeOf(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}
