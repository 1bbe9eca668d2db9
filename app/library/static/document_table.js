// The documents of a corpus as a table of which only the rows in sight exist: 20,000 documents scroll like 20.
//
// Its head and its rows are laid out by app/library/shown/table.py.

import { el } from "/ui/shell/dom.js";
import { pressed, renew } from "/ui/shell/text/trees.js";
import { LongList, asNear } from "/ui/library/long_list.js";

const ROW = 34; // pixels
const BLOCK = 25; // documents per request

export class DocumentTable {
  /**
   * `onopen(number)` is called with the number of a document that was chosen; `onfail` is told why another has no
   * text, or what is in the way of all and a function that tries again.
   */
  constructor(api, onopen, onfail) {
    Object.assign(this, { api, onopen, onfail });
    this.order = { sort: "", descending: false };
    this.head = el("div", { class: "doc-head", role: "row" });
    this.list = new LongList(el("div", { class: "doc-scroll", role: "rowgroup" }), {
      size: BLOCK, height: ROW,
      fetchRows: (first, count, signal) => this.fetch(first, count, signal).then(({ shown }) => shown),
      ondrawn: (made) => this.markSelected(made),
      onfail,
    });
    this.empty = el("p", { class: "empty" });
    this.element = el("div", { class: "doc-table", role: "grid", "aria-label": "Documents", tabindex: 0,
      on: { keydown: (event) => this.key(event), click: (event) => this.clicked(event) } }, this.head, this.list.scroller, this.empty);
    pressed(this.head, {
      sort: ({ sort, descending }) => { this.order = { sort, descending }; this.show(this.corpus, this); },
    });
  }

  /** Show the documents of a corpus; `query` filters names, `problems` leaves only those with some. */
  async show(corpus, { query = "", problems = false } = {}) {
    const mine = (this.asked = (this.asked ?? 0) + 1);
    if (corpus !== this.corpus) this.list.begin(0);
    Object.assign(this, { corpus, query, problems });
    try {
      const { total, shown } = await this.fetch(0, 1);
      if (mine !== this.asked) return;
      renew(this.head, shown.head);
      [this.total, this.selected] = [total, -1];
      this.element.setAttribute("aria-rowcount", total + 1);
      this.empty.textContent = shown.empty;
      this.list.scroller.hidden = total === 0;
      this.list.begin(total);
    } catch (problem) {
      if (mine === this.asked) this.onfail(problem, () => this.show(this.corpus, this));
    }
  }

  fetch(first, count, signal) {
    const query = new URLSearchParams({ first, count, query: this.query, problems: this.problems, ...this.order });
    return this.api.get(`/api/corpora/${encodeURIComponent(this.corpus)}/documents?${query}`, { signal });
  }

  // --- choosing ---------------------------------------------------------------------------------------------

  clicked(event) {
    const row = event.target.closest(".doc-row");
    if (!row) return;
    this.select(Number(row.dataset.row));
    this.choose();
  }

  select(number) {
    this.selected = Math.max(0, Math.min(this.total - 1, number));
    this.markSelected(this.list.scroller);
    this.element.setAttribute("aria-activedescendant", `doc-row-${this.selected}`);
    this.list.reveal(this.selected, asNear);
  }

  markSelected(inside) {
    for (const row of inside.querySelectorAll(".doc-row")) row.classList.toggle("selected", Number(row.dataset.row) === this.selected);
  }

  choose() {
    const { document, unread } = this.list.row(this.selected)?.dataset ?? {};
    if (document) this.onopen(Number(document));
    else if (unread) this.onfail(new Error(unread));
  }

  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.list.scroller.clientHeight / ROW) - 1);
    const steps = { ArrowDown: this.selected + 1, ArrowUp: this.selected - 1, PageDown: this.selected + page, PageUp: this.selected - page,
      Home: 0, End: this.total - 1 };
    if (event.key in steps) this.select(steps[event.key]);
    else if (event.key === "Enter") this.choose();
    else return;
    event.preventDefault();
  }
}
