// The bar between rows and details: dragged, or moved by the arrow keys; where it stands is remembered.

import { el } from "/ui/shell/dom.js";

const KEY = "taproot-tree-split"; // share of the width that the rows have, in percent
const [LEAST, USUAL, MOST] = [25, 46, 75];

/** Divides `panes` by setting its --share. */
export class Divider {
  constructor(panes) {
    this.panes = panes;
    this.element = el("div", {
      class: "split",
      role: "separator",
      tabIndex: 0,
      "aria-orientation": "vertical",
      "aria-label": "Width of the tree",
      "aria-valuemin": String(LEAST),
      "aria-valuemax": String(MOST),
      on: { pointerdown: (event) => this.#drag(event), keydown: (event) => this.#key(event) },
    });
    this.#set(Number(localStorage.getItem(KEY)) || USUAL);
  }

  #set(share) {
    this.share = Math.min(MOST, Math.max(LEAST, share));
    this.panes.style.setProperty("--share", `${this.share}%`);
    this.element.setAttribute("aria-valuenow", String(Math.round(this.share)));
  }

  #drag(event) {
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    const move = (at) => {
      const box = this.panes.getBoundingClientRect();
      this.#set((100 * (at.clientX - box.left)) / box.width);
    };
    const end = () => {
      this.element.removeEventListener("pointermove", move);
      localStorage.setItem(KEY, String(this.share));
    };
    this.element.addEventListener("pointermove", move);
    this.element.addEventListener("lostpointercapture", end, { once: true });
  }

  #key(event) {
    const by = { ArrowLeft: -2, ArrowRight: 2 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.#set(this.share + by);
    localStorage.setItem(KEY, String(this.share));
  }
}
