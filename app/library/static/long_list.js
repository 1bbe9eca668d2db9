// A long list, of which only the rows near the window exist: a document may have a million lines.
//
// The app lays rows out in blocks when they come near the window. All others are empty room above and below, as high
// as they were when they were drawn, or are guessed to be. Whatever is drawn above the window: what is in it stays.

import { el, put } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";

const AHEAD = 500; // pixels that are drawn above and below the window
const TALLEST = 6_000_000; // pixels that all rows are guessed to have: no browser makes an element of any height

/** Ways to bring a row into the window: how far to scroll, by its box and that of the window. */
export const asNear = (box, frame) => Math.min(0, box.top - frame.top) || Math.max(0, box.bottom - frame.bottom);
export const toThird = (box, frame) => box.top - frame.top - frame.height / 3;
export const toThirdIfOut = (box, frame) =>
  (box.top >= frame.top + 8 && box.bottom <= frame.bottom - 8 ? 0 : toThird(box, frame));

export class LongList {
  /**
   * `fetchRows(first, count, signal)` resolves to {rows}: trees, which have their number as `data-row`.
   * They come `size` at a time and are about `height` pixels high. `ondrawn(element)` is given all that is drawn.
   */
  constructor(scroller, { fetchRows, size, height, ondrawn, onfail }) {
    Object.assign(this, { scroller, fetchRows, size, height, ondrawn, onfail });
    this.inside = el("div", { class: "long-inside" });
    this.drawn = new Map(); // of blocks: {made, wait, filled}: the element, how to stop its request, and its end
    scroller.append(this.inside);
    scroller.addEventListener("scroll", () => this.scrolled());
    scroller.addEventListener("keydown", (event) => this.key(event));
    new ResizeObserver(() => this.settle()).observe(scroller);
    this.begin(0);
  }

  /** Begin at the top with so many rows. What is drawn stays until it comes anew. */
  begin(rows) {
    this.rows = rows;
    const blocks = Math.ceil(rows / this.size);
    this.heights = new Float64Array(blocks).fill(Math.min(this.size * this.height, TALLEST / blocks));
    if (rows % this.size) this.heights[blocks - 1] *= (rows % this.size) / this.size;
    this.scroller.scrollTop = 0;
    this.first = null;
    this.refresh();
    this.draw();
  }

  /** Lay out anew what is drawn: what is marked in it has changed. */
  refresh() {
    return Promise.all([...this.drawn.keys()].map((block) => this.load(block)));
  }

  // --- what exists --------------------------------------------------------------------------------------------

  /** How high all blocks before this one are. */
  above(block) {
    return this.heights.subarray(0, block).reduce((sum, height) => sum + height, 0);
  }

  blockAt(y) {
    const found = this.heights.findIndex((height) => (y -= height) < 0);
    return found < 0 ? this.heights.length - 1 : found;
  }

  draw() {
    const { scrollTop, clientHeight } = this.scroller, blocks = this.heights.length;
    if (blocks && !clientHeight) return; // it is hidden
    const from = Math.max(0, this.blockAt(scrollTop - AHEAD)), to = this.blockAt(scrollTop + clientHeight + AHEAD);
    for (const [block, { made, wait }] of this.drawn) {
      if (block >= from && block <= to) continue;
      wait.abort();
      made.remove();
      this.drawn.delete(block);
    }
    for (let block = from; block <= to; block += 1) {
      if (this.drawn.has(block)) continue;
      const made = el("div", { dataset: { block }, style: { height: `${this.heights[block]}px` } });
      const later = [...this.inside.children].find((one) => Number(one.dataset.block) > block);
      this.inside.insertBefore(made, later ?? null);
      this.drawn.set(block, { made });
      this.load(block);
    }
    this.inside.style.padding = `${this.above(from)}px 0 ${this.above(blocks) - this.above(to + 1)}px`;
  }

  load(block) {
    const one = this.drawn.get(block);
    one.wait?.abort();
    one.wait = new AbortController();
    return (one.filled = this.fill(block, one.made, one.wait.signal));
  }

  async fill(block, made, signal) {
    try {
      const { rows } = await this.fetchRows(block * this.size, this.size, signal);
      if (signal.aborted) return;
      put(made, rows.map((tree) => built(tree))).style.height = "";
      this.ondrawn(made);
      this.settle();
    } catch (problem) {
      if (!signal.aborted) this.onfail(problem, () => this.refresh()); // scrolling away and back asks again, too
    }
  }

  // --- where the window is ------------------------------------------------------------------------------------

  scrolled() {
    this.draw();
    this.remember();
  }

  /** Remember what is first in the window: a row, or a block while no rows are there. */
  remember() {
    const frame = this.scroller.getBoundingClientRect(), blocks = [...this.inside.children];
    const seen = (one) => {
      const box = one.getBoundingClientRect();
      return box.bottom > frame.top && box.top < frame.bottom;
    };
    const first = blocks.flatMap((made) => [...made.children]).find(seen) ?? blocks.find(seen);
    if (!first) return;
    this.first = { ...first.dataset, top: first.getBoundingClientRect().top - frame.top };
  }

  /** Heights have changed: what was first in the window stays where it was. */
  settle() {
    if (!this.scroller.clientHeight) return;
    for (const [block, { made }] of this.drawn) this.heights[block] = made.getBoundingClientRect().height;
    const first = this.first && (this.row(this.first.row) ?? this.drawn.get(Number(this.first.block))?.made);
    const top = first && first.getBoundingClientRect().top - this.scroller.getBoundingClientRect().top;
    if (first) this.scroller.scrollTop += top - this.first.top;
    this.draw();
  }

  /** Put the window at a pixel of the list. */
  place(y) {
    this.scroller.scrollTop = y;
    this.scrolled();
  }

  /** To either end at once: the browser would glide to where the end was before the rows on the way were drawn. */
  key(event) {
    if ((event.key !== "Home" && event.key !== "End") || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.reveal(event.key === "End" ? this.rows - 1 : 0, asNear);
  }

  /** The element of a row, or null. */
  row(number) {
    return this.inside.querySelector(`[data-row="${number}"]`);
  }

  /** Bring a row, or `part(row)` of it, into the window: `way` is one of those above. Resolves when it is there. */
  async reveal(number, way, part = () => null) {
    const mine = (this.revealing = {});
    const block = Math.floor(number / this.size);
    for (let tries = 0; tries < 3 && !this.row(number); tries += 1) { // what is drawn above may push it away
      this.place(this.above(block) + ((number % this.size) / this.size) * this.heights[block]);
      await this.drawn.get(block)?.filled;
      if (mine !== this.revealing) return;
    }
    const row = this.row(number);
    if (!row) return;
    const box = (part(row) ?? row).getBoundingClientRect();
    this.place(this.scroller.scrollTop + way(box, this.scroller.getBoundingClientRect()));
  }
}
