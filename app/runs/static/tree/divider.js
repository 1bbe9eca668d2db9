// The bar between rows and details: dragged, or moved by the arrow keys; where it stands is remembered.

const KEY = "taproot-tree-split"; // share of the width that the rows have, in percent
const [LEAST, USUAL, MOST] = [25, 46, 75];

/** Let `bar`, an element, divide its parent by setting the parent's --share. */
export function divide(bar) {
  const panes = bar.parentElement;
  let share = 0;

  function set(wanted) {
    share = Math.min(MOST, Math.max(LEAST, wanted));
    panes.style.setProperty("--share", `${share}%`);
    bar.setAttribute("aria-valuenow", String(Math.round(share)));
  }
  const keep = () => localStorage.setItem(KEY, String(share));

  set(Number(localStorage.getItem(KEY)) || USUAL);
  bar.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
  });
  bar.addEventListener("pointermove", (event) => {
    if (!bar.hasPointerCapture(event.pointerId)) return;
    const box = panes.getBoundingClientRect();
    set((100 * (event.clientX - box.left)) / box.width);
  });
  bar.addEventListener("lostpointercapture", keep);
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!by) return;
    event.preventDefault();
    set(share + by);
    keep();
  });
}
