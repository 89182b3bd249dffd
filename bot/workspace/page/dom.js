// Builds and updates elements. A string always becomes a text node, so no text can become markup.

export const $ = (id) => document.getElementById(id);

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  send: "M3.4 20.4 21 12 3.400 3.600l-.0 6.500L15 12 3.400 13.900z",
  attach: "M16.500 6.500v10a4.500 4.500 0 0 1-9 0V6a3 3 0 0 1 6 0v9.500a1.500 1.500 0 0 1-3 0V7",
  close: "M6 6l12 12M18 6 6 18",
  menu: "M4 7h16M4 12h16M4 17h16",
  up: "M7 11v9H4v-9h3zm0 0 4-8c1.700 0 2.500 1 2.300 2.500L12.800 9H19c1 0 1.700.9 1.500 1.900l-1.400 7.500c-.2 1-.9 1.600-1.900 1.600H7",
  down: "M17 13V4h3v9h-3zm0 0-4 8c-1.700 0-2.500-1-2.300-2.500l.5-3.500H5c-1 0-1.700-.9-1.500-1.900l1.400-7.500C5.100 4.600 5.800 4 6.800 4H17",
  reply: "M20 12a8 8 0 0 1-8 8H4l1.800-3A8 8 0 1 1 20 12z",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  file: "M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zm0 0v1.500a2.500 2.500 0 0 0 5 0V12a9 9 0 1 0-3.500 7.100",
  downwards: "M12 5v14M6 13l6 6 6-6",
  more: "M5 12h.010M12 12h.010M19 12h.010",
  trash: "M4 7h16M9 7V4h6v3M6.500 7l1 13h9l1-13M10 11v5M14 11v5",
  eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zm12.500 0a3 3 0 1 1-6 0 3 3 0 0 1 6 0z",
};

const BIRD = "M2.500 7.200c4.600.1 8 1.600 10.300 4.200 2.500-3.600 6-5.500 10-5.600.9 0 1.700.3 2.700 1-1.600.1-2.500.7-3 1.700-1.300 4-4 6.900-8 8l-5.800 6.300.9-5.700-5.400 2.600 5-6.200C8.600 10.700 6 8.700 2.500 7.200z";

// el("div.card.open", { onclick, title }, child, [child, …]): an element with classes, listeners,
// attributes and children. A property or child that is null, undefined or false is left out.
export function el(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key in node && typeof value !== "string") node[key] = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

function svg(box, path, className) {
  const node = document.createElementNS(SVG, "svg");
  node.setAttribute("viewBox", box);
  node.setAttribute("class", className);
  node.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(SVG, "path");
  shape.setAttribute("d", path);
  node.append(shape);
  return node;
}

export const icon = (name) => svg("0 0 24 24", ICONS[name], `icon icon-${name}`);
export const bird = () => svg("0 0 28 28", BIRD, "bird");

export function avatar(user) {
  const node = el("span.avatar", { "aria-hidden": "true", "data-face": user?.id ?? "" });
  node.append(user?.is_bot ? bird() : (user?.real_name ?? "?").slice(0, 1).toUpperCase());
  return node;
}

// Changes `old` in the document until it equals `fresh`; returns `old`, or `fresh` if that took its place.
// Equal elements stay, so that a button under a growing text can be pressed. A button or link that
// differs is replaced, because its listener cannot be compared. A loaded picture stays.
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return old;
  if (old.nodeType === Node.TEXT_NODE && fresh.nodeType === Node.TEXT_NODE) {
    old.nodeValue = fresh.nodeValue;
    return old;
  }
  if (old.nodeName !== fresh.nodeName || old.nodeName === "BUTTON" || old.nodeName === "A") {
    old.replaceWith(fresh);
    return fresh;
  }
  if (old.nodeName === "IMG" && old.alt === fresh.alt) return old;
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  after.forEach((child, index) => (before[index] ? morph(before[index], child) : old.append(child)));
  before.slice(after.length).forEach((child) => child.remove());
  return old;
}

// The address of a link that may be followed, null for one that could run a script.
export function safeLink(address) {
  try {
    const url = new URL(address);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

export function link(address, label) {
  const href = safeLink(address);
  if (!href) return el("span", {}, label);
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, label);
}

// Lets a screen reader read a text aloud.
export function announce(text) {
  $("announcer").textContent = text;
}
