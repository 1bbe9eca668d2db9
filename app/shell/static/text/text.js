// Text of models and documents as text: marks that would hide or reorder it are shown, colours of a terminal kept.

import { el, icon, svg } from "/ui/shell/dom.js";

// Control characters, and those of Unicode that are invisible or change the direction of what stands after them.
const MARKS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;
// One escape sequence that sets colours; all others stay visible.
const COLOURS = /\u001b\[([0-9;:]*)m/g;

/** How a mark is written out: ␛ for escape, U+202E for a change of direction. */
export function named(mark) {
  const point = mark.codePointAt(0);
  if (point < 0x20) return String.fromCodePoint(0x2400 + point);
  if (point === 0x7f) return "\u2421";
  return `U+${point.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A text on one line: white space folded, marks written out. At most `limit` characters. */
export function line(text, limit = 400) {
  const short = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return short.replace(/\s+/g, " ").trim().replace(MARKS, named);
}

/** A text as nodes: itself, with each mark in a little frame. */
export function plain(text) {
  const made = document.createDocumentFragment();
  let from = 0;
  for (const found of text.matchAll(MARKS)) {
    if (found.index > from) made.append(text.slice(from, found.index));
    made.append(el("span", { class: "mark", title: "a character that is not seen" }, named(found[0])));
    from = found.index + found[0].length;
  }
  made.append(from ? text.slice(from) : text);
  return made;
}

/** A text as nodes, some ranges of it highlighted; they count code points. */
export function highlighted(text, ranges) {
  const letters = [...text], parts = [];
  let at = 0;
  for (const [from, to] of ranges) {
    parts.push(plain(letters.slice(at, from).join("")), el("mark", {}, plain(letters.slice(from, to).join(""))));
    at = to;
  }
  return [...parts, plain(letters.slice(at).join(""))];
}

const DRAWN = new Set(["svg", "g", "rect", "line", "polyline", "polygon", "circle", "text"]);

/** Nodes of a tree that the app made (`app/text/elements.py`): [tag, attributes, child, ...] or text, which stays text. */
export function built(tree) {
  if (typeof tree === "string") return plain(tree);
  const [tag, attributes, ...children] = tree;
  if (tag === "icon") return icon(attributes.name);
  if (tag === "more") return withMore(attributes.words, ...children);
  return (DRAWN.has(tag) ? svg : el)(tag, attributes, children.map(built));
}

/** A list, and the button that adds the rest of its items. */
function withMore(words, begun, ...rest) {
  const list = built(begun);
  const show = () => {
    const items = rest.map(built);
    list.append(...items);
    list.classList.add("all");
    more.remove();
    items[0].querySelector("button")?.focus();
  };
  const more = el("button", { class: "plain", type: "button", on: { click: show } }, words);
  return [list, more];
}

/** What a terminal shows of a stream: a carriage return begins the line again. */
export function overwritten(text) {
  if (!text.includes("\r")) return text;
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  return lines.map((one) => one.replace(/\r+$/, "").split("\r").at(-1)).join("\n");
}

/** A text with terminal colours as nodes. */
export function ansi(text) {
  const made = document.createDocumentFragment();
  const style = {};
  let from = 0;
  const put = (part) => {
    if (part) made.append(Object.keys(style).length ? dressed(part, style) : plain(part));
  };
  for (const found of text.matchAll(COLOURS)) {
    put(text.slice(from, found.index));
    dress(style, found[1]);
    from = found.index + found[0].length;
  }
  put(text.slice(from));
  return made;
}

function dressed(text, style) {
  const span = el("span", {}, plain(text));
  const [ink, paper] = style.inverse ? [style.paper ?? "inverse", style.ink ?? "inverse"] : [style.ink, style.paper];
  for (const [name, colour] of [["ink", ink], ["paper", paper]]) {
    if (typeof colour === "number" || colour === "inverse") span.classList.add(`${name}-${colour}`);
    else if (colour) span.style[name === "ink" ? "color" : "backgroundColor"] = colour;
  }
  for (const name of ["bold", "dim", "italic", "underline"]) if (style[name]) span.classList.add(name);
  return span;
}

const SWITCHES = {
  1: ["bold", true],
  2: ["dim", true],
  3: ["italic", true],
  4: ["underline", true],
  7: ["inverse", true],
  23: ["italic"],
  24: ["underline"],
  27: ["inverse"],
  39: ["ink"],
  49: ["paper"],
};

function dress(style, codes) {
  const list = codes === "" ? [0] : codes.split(/[;:]/).map(Number);
  while (list.length) {
    const code = list.shift();
    if (code === 0) for (const name of Object.keys(style)) delete style[name];
    else if (code === 22) ["bold", "dim"].forEach((name) => delete style[name]);
    else if (code === 38 || code === 48) set(style, code === 38 ? "ink" : "paper", extended(list));
    else if (SWITCHES[code]) set(style, ...SWITCHES[code]);
    else if (code >= 30 && code <= 37) style.ink = code - 30;
    else if (code >= 90 && code <= 97) style.ink = code - 82;
    else if (code >= 40 && code <= 47) style.paper = code - 40;
    else if (code >= 100 && code <= 107) style.paper = code - 92;
  }
}

function set(style, name, value) {
  if (value === undefined) delete style[name];
  else style[name] = value;
}

/** The colour after 38 or 48: 5;n of a palette of 256, or 2;r;g;b. */
function extended(list) {
  const way = list.shift();
  const byte = () => Math.min(255, Math.max(0, list.shift() || 0));
  if (way === 2) return `rgb(${byte()}, ${byte()}, ${byte()})`;
  if (way !== 5) return undefined;
  const index = byte();
  if (index < 16) return index;
  if (index > 231) return `rgb(${Array(3).fill(8 + 10 * (index - 232)).join(", ")})`;
  const part = (weight) => [0, 95, 135, 175, 215, 255][Math.floor((index - 16) / weight) % 6];
  return `rgb(${part(36)}, ${part(6)}, ${part(1)})`;
}
