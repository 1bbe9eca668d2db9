// The bar between rows and details; where it stands is remembered.

import { grip } from "/ui/shell/dom.js";

const KEY = "taproot-tree-split"; // share of the width that the rows have, in percent
const [LEAST, USUAL, MOST, STEP] = [25, 46, 75, 2];

/** Let `bar`, an element, divide its parent by setting the parent's --share. */
export function divide(bar) {
  const panes = bar.parentElement;
  let share = 0;

  function set(wanted) {
    share = Math.min(MOST, Math.max(LEAST, wanted));
    panes.style.setProperty("--share", `${share}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  }

  set(Number(localStorage.getItem(KEY)) || USUAL);
  grip(bar, {
    drag: ({ clientX }) => {
      const { left, width } = panes.getBoundingClientRect();
      set((100 * (clientX - left)) / width);
    },
    move: (by) => set(share + STEP * by),
    keep: () => localStorage.setItem(KEY, String(share)),
  });
}
