// Rows of a document on the screen, of which only those near the window exist: a document may have a million.
//
// Rows come in blocks of BLOCK, fetched when they come near. Blocks have true heights once they were drawn and guessed
// ones before; what is drawn above the window never moves what is in it. A browser cannot make an element of any
// height, so beyond TALLEST the scroll bar stands for a longer way than it has pixels (`shift` is the difference).

import { el, put } from "/ui/shell/dom.js";

export const BLOCK = 100; // rows
const TALLEST = 6_000_000; // pixels
const AHEAD = 500; // pixels that are drawn above and below the window
const GUESS = 22; // pixels of a row
const KEPT = 60; // blocks of text that are remembered

/**
 * `fetchRows(first, count, signal)` resolves to {text: [[line, start, text, begins]], pages: [[page, row]]};
 * `drawRow(row, facts)` gives the element of one row. `onmove()` is told when other rows came into view.
 */
export class TextRows {
  constructor({ fetchRows, drawRow, onmove = () => {}, onfail = () => {} }) {
    Object.assign(this, { fetchRows, drawRow, onmove, onfail });
    this.sizer = el("div", { class: "rows-sizer" });
    this.scroller = el("div", { class: "rows", tabindex: 0 }, this.sizer);
    this.scroller.addEventListener("scroll", () => this.scrolled());
    this.scroller.addEventListener("keydown", (event) => this.key(event));
    this.watcher = new ResizeObserver(() => this.resized());
    this.watcher.observe(this.scroller);
    this.reset(0);
  }

  /** Begin with another document of so many rows. */
  reset(rows) {
    for (const wait of this.waiting?.values() ?? []) wait.abort();
    this.count = rows;
    this.blocks = Math.ceil(rows / BLOCK);
    this.heights = new Float64Array(this.blocks);
    for (let i = 0; i < this.blocks; i += 1) this.heights[i] = Math.min(BLOCK, rows - i * BLOCK) * GUESS;
    this.texts = new Map();
    this.waiting = new Map();
    this.drawn = new Map();
    this.shift = 0;
    this.settle = 0;
    put(this.sizer);
    this.add();
    this.scroller.scrollTop = this.last = 0;
  }

  /** Let go of everything. */
  close() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.reset(0);
  }

  // --- heights ----------------------------------------------------------------------------------------------

  add() {
    this.tops = new Float64Array(this.blocks + 1);
    for (let i = 0; i < this.blocks; i += 1) this.tops[i + 1] = this.tops[i] + this.heights[i];
    this.total = this.tops[this.blocks];
    this.shown = Math.min(this.total, TALLEST);
    this.sizer.style.height = `${this.shown}px`;
  }

  get view() {
    return this.scroller.clientHeight;
  }

  /** Where the window begins, in pixels of the whole document. */
  get top() {
    return Math.max(0, Math.min(this.scroller.scrollTop + this.shift, this.total - this.view));
  }

  blockAt(y) {
    let low = 0, high = Math.max(0, this.blocks - 1);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.tops[middle] <= y) low = middle; else high = middle - 1;
    }
    return low;
  }

  /** Put the window at pixel `y` of the whole document. */
  place(y) {
    const wanted = Math.max(0, Math.min(y, this.total - this.view));
    const scale = this.total > this.shown ? (this.shown - this.view) / (this.total - this.view) : 1;
    const bar = Math.round(wanted * scale);
    this.shift = wanted - bar;
    this.scroller.scrollTop = bar;
    this.last = this.scroller.scrollTop;
    this.shift = wanted - this.last;
    this.draw();
  }

  /** To either end at once: the browser would glide to where the end was before the rows on the way were measured. */
  key(event) {
    if ((event.key !== "Home" && event.key !== "End") || event.altKey || event.shiftKey) return;
    event.preventDefault();
    this.settle += 1;
    this.place(event.key === "End" ? this.total : 0);
  }

  scrolled() {
    const now = this.scroller.scrollTop;
    if (now === this.last) return;
    if (this.total > this.shown) {
      const far = Math.abs(now - this.last) > 2 * this.view;
      const edge = now < this.view || now > this.shown - 2 * this.view;
      if (far || edge) {
        const share = far ? now / (this.shown - this.view) : (now + this.shift) / (this.total - this.view);
        this.last = now;
        this.place(share * (this.total - this.view));
        return;
      }
    }
    this.last = now;
    this.draw();
  }

  resized() {
    const width = this.scroller.clientWidth;
    if (width === this.width || !this.count) return;
    this.width = width;
    this.redraw();
  }

  /** Draw everything anew at the same place: the width, the wrapping or the marks have changed. */
  redraw() {
    const { row, into } = this.first();
    put(this.sizer);
    this.drawn.clear();
    this.toRow(row, into);
  }

  /** The first row in the window, and how many pixels of it are above. */
  first() {
    const block = this.blockAt(this.top);
    const made = this.drawn.get(block);
    const within = this.top - (this.tops[block] ?? 0);
    if (made) {
      for (const one of made.children) {
        if (one.offsetTop + one.offsetHeight > within) return { row: Number(one.dataset.row), into: within - one.offsetTop };
      }
    }
    return { row: Math.min(this.count - 1, block * BLOCK + Math.floor(within / GUESS)), into: 0 };
  }

  // --- drawing ----------------------------------------------------------------------------------------------

  draw() {
    if (!this.count || !this.view) return;
    const from = this.blockAt(Math.max(0, this.top - AHEAD)), to = this.blockAt(this.top + this.view + AHEAD);
    for (const [block, made] of this.drawn) {
      if (block < from || block > to) {
        made.remove();
        this.drawn.delete(block);
      }
    }
    for (const [block, wait] of this.waiting) {
      if (block < from || block > to) {
        wait.abort();
        this.waiting.delete(block);
      }
    }
    for (let block = from; block <= to; block += 1) {
      if (this.drawn.has(block)) continue;
      if (this.texts.has(block)) this.make(block);
      else this.load(block);
    }
    this.measure();
    this.arrange();
    this.onmove();
  }

  make(block) {
    const facts = this.texts.get(block);
    const made = el("div", { class: "rows-block" },
      facts.text.map((row, i) => this.drawRow(row, { number: block * BLOCK + i, page: facts.pages.get(block * BLOCK + i),
        next: facts.text[i + 1]?.[1] })));
    this.drawn.set(block, made);
    this.sizer.append(made);
  }

  /** Take over the true heights; what is in the window stays where it is, and who was at the end stays at the end. */
  measure() {
    const at = this.blockAt(this.top);
    const ended = this.top > 0 && this.top >= this.total - this.view - 1;
    let above = 0, changed = false;
    for (const [block, made] of this.drawn) {
      const height = made.offsetHeight;
      if (Math.abs(height - this.heights[block]) < 0.5) continue;
      if (block < at) above += height - this.heights[block];
      this.heights[block] = height;
      changed = true;
    }
    if (!changed) return;
    const top = this.top;
    this.add();
    if (ended) above = this.total - this.view - top;
    if (!above) return;
    this.shift += above;
    if (this.total <= this.shown) {
      this.scroller.scrollTop = top + above;
      this.last = this.scroller.scrollTop;
      this.shift = 0;
    }
  }

  arrange() {
    for (const [block, made] of this.drawn) made.style.transform = `translateY(${this.tops[block] - this.shift}px)`;
  }

  load(block) {
    if (this.waiting.has(block)) return;
    const wait = new AbortController();
    this.waiting.set(block, wait);
    // Pages that only flew by are not asked for.
    setTimeout(() => wait.signal.aborted || this.fetchBlock(block, wait), this.waiting.size > 4 ? 60 : 0);
  }

  async fetchBlock(block, wait) {
    try {
      const found = await this.fetchRows(block * BLOCK, BLOCK, wait.signal);
      if (wait.signal.aborted) return;
      this.keep(block, found);
      this.waiting.delete(block);
      this.draw();
    } catch (problem) {
      if (wait.signal.aborted) return;
      this.waiting.delete(block);
      this.onfail(problem);
    }
  }

  keep(block, { text, pages }) {
    this.texts.set(block, { text, pages: new Map(pages.map(([page, row]) => [row, page])) });
    for (const old of this.texts.keys()) {
      if (this.texts.size <= KEPT) break;
      if (!this.drawn.has(old) && old !== block) this.texts.delete(old);
    }
  }

  /** Resolves when all rows in and near the window are drawn. */
  async ready() {
    for (let tries = 0; tries < 400; tries += 1) {
      this.draw();
      if (!this.waiting.size) return;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }

  /** Put a row at the top of the window, `into` pixels further down in it. */
  toRow(row, into = 0) {
    const block = Math.floor(row / BLOCK);
    this.place(this.tops[block] + ((row - block * BLOCK) / BLOCK) * this.heights[block]);
    const made = this.row(row);
    if (made) this.place(this.tops[block] + made.offsetTop + into);
  }

  /** The element of a row, if it is drawn. */
  row(row) {
    return this.drawn.get(Math.floor(row / BLOCK))?.querySelector(`[data-row="${row}"]`) ?? null;
  }

  /**
   * Bring a row, or what `mark(element)` finds in it, into the window: to a third of its height, or not at all when
   * it is there and `gently`. Resolves when it stands still.
   */
  async reveal(row, { mark = () => null, gently = false } = {}) {
    const mine = (this.settle += 1);
    for (let tries = 0; tries < 4; tries += 1) {
      if (!this.row(row)) this.toRow(row);
      await this.ready();
      const made = this.row(row);
      if (mine !== this.settle || !made) return;
      const place = (mark(made) ?? made).getBoundingClientRect(), frame = this.scroller.getBoundingClientRect();
      const inside = place.top >= frame.top + 8 && place.bottom <= frame.bottom - 8;
      if (inside && (gently || tries > 0)) return;
      this.place(this.top + place.top - frame.top - this.view / 3);
    }
  }
}
