// Text of models and documents as text: marks that would hide or reorder it are shown.

import { el, icon, svg } from "/ui/shell/dom.js";

// Control characters, and those of Unicode that are invisible or change the direction of what stands after them.
const MARKS =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g;

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

const DRAWN = new Set(["svg", "g", "rect", "line", "polyline", "polygon", "circle", "text"]);

/**
 * Nodes of a tree that the app made (`app/text/elements.py`): [tag, attributes, child, ...] or text, which stays text.
 * `drawn` makes the drawing of a name.
 */
export function built(tree, drawn = icon) {
  if (typeof tree === "string") return plain(tree);
  const [tag, attributes, ...children] = tree;
  const make = (child) => built(child, drawn);
  if (tag === "icon") return drawn(attributes.name);
  if (tag === "moment") return moment(attributes.at);
  if (tag === "more") return withMore(attributes, make, ...children);
  return (DRAWN.has(tag) ? svg : el)(tag, attributes, children.map(make));
}

/** A moment in Unix seconds, in the words of this browser: "14:05" today, else the date too. */
function moment(at) {
  const date = new Date(at * 1000);
  const day = date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" });
  const time = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const today = date.toDateString() === new Date().toDateString();
  return el("time", { datetime: date.toISOString(), title: date.toLocaleString() }, today ? time : `${day}, ${time}`);
}

/** A list or a block of text, and the button that adds the rest. */
function withMore({ words, class: kind }, make, begun, ...rest) {
  const list = make(begun);
  const show = () => {
    const items = rest.map(make);
    const first = items[0].querySelector("button");
    list.append(...items);
    list.classList.add("all");
    more.remove();
    (first ?? list).focus();
  };
  const more = el("button", { class: kind, type: "button", on: { click: show } }, words);
  return [list, more];
}
