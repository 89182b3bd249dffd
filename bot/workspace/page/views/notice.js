// The notice that tells a person what did not work; it disappears by itself.

import { el } from "../dom.js";

const SHOWN_MS = 6000;

export function showError(text) {
  document.querySelector(".toast")?.remove();
  const toast = el("div.toast", { role: "alert" }, text);
  document.body.append(toast);
  setTimeout(() => toast.remove(), SHOWN_MS);
}
