// Small parts that the panes of the tree share: text set only when it differs, line drawings.

import { svg } from "/ui/shell/dom.js";

/** Set an element's text only when it differs, so that nothing is laid out again in vain. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const PATHS = {
  root: "M8 1.8 14.2 8 8 14.2 1.8 8Z",
  child: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11Z",
  leaf: "M8 5.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6Z",
  twist: "M6 4l4 4-4 4",
  answered: "M3.5 8.5 6.6 11.5 12.5 4.8",
  failed: "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
  stopped: "M4.5 4.5h7v7h-7Z",
  interrupted: "M8 3v6M8 12v.6",
  unanswered: "M8 3v6M8 12v.6",
  running: "M8 2.5A5.5 5.5 0 1 1 2.5 8",
  search: "M7 2.5a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9ZM10.3 10.3 14 14",
  play: "M5 3.2v9.6L12.8 8Z",
  pause: "M5.2 3.5v9M10.8 3.5v9",
  back: "M11.5 3.5 6 8l5.5 4.5ZM4 3.5v9",
  forward: "M4.5 3.5 10 8l-5.5 4.5ZM12 3.5v9",
  expand: "M4.5 6.2 8 2.8l3.5 3.4M4.5 9.8 8 13.2l3.5-3.4",
  collapse: "M4.5 2.8 8 6.2l3.5-3.4M4.5 13.2 8 9.8l3.5 3.4",
  link: "M6.8 9.2 9.2 6.8M7 4.6l1.6-1.6a3 3 0 0 1 4.3 4.3L11.3 9M9 11.4 7.4 13a3 3 0 0 1-4.3-4.3L4.7 7",
  fork: "M4.5 2v12M4.5 10.5c0-3 7-2 7-6M9.5 6l2-2.2L13.6 6",
  copy: "M5.5 5.5V3h7.5v7.5h-2.5M3 5.5h7.5V13H3Z",
  stop: "M4 4h8v8H4Z",
  time: "M2.5 4.5h6M5 8h8M3.5 11.5h5",
  close: "M4 4l8 8M12 4l-8 8",
  note: "M8 2.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11ZM8 7.4v3.4M8 5v.4",
};

/** A line drawing of 16 by 16 that follows the text's colour. It is decoration: name the control itself. */
export function icon(name) {
  const box = { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", dataset: { icon: name } };
  return svg("svg", box, svg("path", { d: PATHS[name] ?? PATHS.note }));
}

/** Turn a drawing into another one. */
export function redraw(drawing, name) {
  if (drawing.dataset.icon === name) return;
  drawing.dataset.icon = name;
  drawing.firstChild.setAttribute("d", PATHS[name] ?? PATHS.note);
}
