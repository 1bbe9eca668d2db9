// Small parts that the panes of the tree share: text set only when it differs, line drawings.

import { icon as shared } from "/ui/shell/dom.js";

const DRAWINGS = "/ui/runs/tree/icons.svg";

/** Set an element's text only when it differs, so that nothing is laid out again in vain. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A line drawing of 16 by 16 that follows the text's colour. It is decoration: name the control itself. */
export function icon(name) {
  const drawing = shared(name, DRAWINGS);
  drawing.dataset.icon = name;
  return drawing;
}

/** Turn a drawing into another one. */
export function redraw(drawing, name) {
  if (drawing.dataset.icon === name) return;
  drawing.dataset.icon = name;
  drawing.firstChild.setAttribute("href", `${DRAWINGS}#${name}`);
}
