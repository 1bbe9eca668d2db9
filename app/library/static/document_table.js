// The documents of a corpus as a table of which only the rows in sight exist: 20,000 documents scroll like 20.

import { el, icon, put } from "/ui/shell/dom.js";
import { amount, count } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const ROW = 34; // pixels
const PAGE = 200; // documents per request
const AHEAD = 10; // rows that are drawn above and below the window
const TALLEST = 6_000_000; // pixels; with this many rows nobody scrolls, but searches

const COLUMNS = [["name", "Name"], ["size", "Size"], ["chars", "Characters"], ["pages", "Pages"], ["status", "Problems"]];
const STATES = { ok: ["check", "read"], partly: ["warning", "read in part"], skipped: ["close", "not read"] };

export class DocumentTable {
  /** `onopen(document)` is called with the facts of a document that was chosen. */
  constructor(api, onopen, onfail) {
    Object.assign(this, { api, onopen, onfail });
    this.order = { sort: "", descending: false };
    this.body = el("div", { class: "doc-sizer", role: "rowgroup" });
    this.head = el("div", { class: "doc-head", role: "row" }, COLUMNS.map(([key, label]) => this.column(key, label)));
    this.scroller = el("div", { class: "doc-scroll", on: { scroll: () => this.draw() } }, this.body);
    this.empty = el("p", { class: "empty", hidden: true });
    this.element = el("div", { class: "doc-table", role: "grid", "aria-label": "Documents", tabindex: 0,
      on: { keydown: (event) => this.key(event), click: (event) => this.clicked(event) } }, this.head, this.scroller, this.empty);
    new ResizeObserver(() => this.draw()).observe(this.scroller);
    this.show(null);
  }

  /** Show the documents of a corpus; `query` filters names, `problems` leaves only those with some. */
  async show(corpus, { query = "", problems = false } = {}) {
    const mine = (this.asked = (this.asked ?? 0) + 1);
    const other = corpus !== this.corpus;
    Object.assign(this, { corpus, query, problems });
    if (other) {
      this.total = 0;
      this.pages = new Map();
      this.selected = -1;
      put(this.body);
    }
    if (!corpus) return;
    try {
      const found = await this.fetch(0);
      if (mine !== this.asked) return;
      this.total = found.total;
      this.pages = new Map([[0, found.documents]]);
      this.selected = -1;
      this.scroller.scrollTop = 0;
      this.body.style.height = `${Math.min(this.total * ROW, TALLEST)}px`;
      this.element.setAttribute("aria-rowcount", this.total + 1);
      this.element.dataset.total = this.total;
      this.empty.hidden = this.total > 0;
      this.scroller.hidden = this.total === 0;
      this.empty.textContent = problems && !query ? "No document has a problem." : "No document has such a name.";
      put(this.body);
      this.draw();
    } catch (problem) {
      if (mine === this.asked) this.onfail(problem);
    }
  }

  fetch(page) {
    const query = new URLSearchParams({ first: page * PAGE, count: PAGE, query: this.query, problems: this.problems, ...this.order });
    return this.api.get(`/api/corpora/${encodeURIComponent(this.corpus)}/documents?${query}`);
  }

  column(key, label) {
    const button = el("button", { type: "button", class: `doc-sort ${key}`, on: { click: () => this.sortBy(key) } }, label, icon("down"));
    return el("div", { role: "columnheader", class: `doc-cell ${key}`, dataset: { key } }, button);
  }

  sortBy(key) {
    const { sort, descending } = this.order;
    const first = key !== "name" && key !== "status"; // numbers begin with the largest
    if (sort !== key) this.order = { sort: key, descending: first };
    else if (descending === first) this.order = { sort: key, descending: !first };
    else this.order = { sort: "", descending: false };
    for (const cell of this.head.children) {
      const mine = cell.dataset.key === this.order.sort;
      if (mine) cell.setAttribute("aria-sort", this.order.descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.show(this.corpus, this);
  }

  draw() {
    if (!this.total || !this.corpus) return;
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - AHEAD);
    const last = Math.min(this.total, Math.ceil((this.scroller.scrollTop + this.scroller.clientHeight) / ROW) + AHEAD);
    for (let page = Math.floor(first / PAGE); page * PAGE < last; page += 1) this.want(page);
    const kept = new Map([...this.body.children].map((row) => [Number(row.dataset.row), row]));
    for (const [number, row] of kept) if (number < first || number >= last || row.dataset.wait) row.remove();
    for (let number = first; number < last; number += 1) {
      if (kept.get(number)?.isConnected) continue;
      this.body.append(this.row(number));
    }
  }

  async want(page) {
    if (this.pages.has(page)) return;
    const mine = this.asked;
    this.pages.set(page, null);
    try {
      const found = await this.fetch(page);
      if (mine !== this.asked) return;
      this.pages.set(page, found.documents);
      this.draw();
    } catch (problem) {
      if (mine !== this.asked) return;
      this.pages.delete(page);
      this.onfail(problem);
    }
  }

  at(number) {
    return this.pages.get(Math.floor(number / PAGE))?.[number % PAGE] ?? null;
  }

  row(number) {
    const facts = this.at(number);
    const row = el("div", { class: "doc-row", role: "row", id: `doc-row-${number}`, dataset: { row: number }, "aria-rowindex": number + 2,
      style: { transform: `translateY(${number * ROW}px)` } });
    if (!facts) {
      row.dataset.wait = "true";
      return row;
    }
    const [sign, words] = STATES[facts.status];
    const problems = facts.problems.join(" ");
    row.classList.add(facts.status);
    if (number === this.selected) row.classList.add("selected");
    const name = line(facts.name, 400), cut = name.lastIndexOf("/") + 1;
    const cell = (key, ...inside) => el("div", { class: `doc-cell ${key}`, role: "gridcell" }, inside);
    row.append(
      cell("name", el("span", { class: `doc-state ${facts.status}`, title: words }, icon(sign), el("span", { class: "sr" }, words)),
        el("span", { class: "doc-name", dir: "auto", title: name }, el("span", { class: "doc-folder" }, name.slice(0, cut)), name.slice(cut))),
      cell("size", amount(facts.bytes)),
      cell("chars", facts.document === null ? "" : count(facts.chars)),
      cell("pages", facts.pages ? count(facts.pages) : ""),
      cell("status", el("span", { title: problems }, sentence(problems))));
    return row;
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
    const top = this.selected * ROW;
    if (top < this.scroller.scrollTop) this.scroller.scrollTop = top;
    if (top + ROW > this.scroller.scrollTop + this.scroller.clientHeight) this.scroller.scrollTop = top + ROW - this.scroller.clientHeight;
    this.draw();
    for (const row of this.body.children) row.classList.toggle("selected", Number(row.dataset.row) === this.selected);
    this.element.setAttribute("aria-activedescendant", `doc-row-${this.selected}`);
  }

  choose() {
    const facts = this.at(this.selected);
    if (facts) this.onopen(facts);
  }

  key(event) {
    if (event.target !== this.element || event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 1);
    const steps = { ArrowDown: this.selected + 1, ArrowUp: this.selected - 1, PageDown: this.selected + page, PageUp: this.selected - page,
      Home: 0, End: this.total - 1 };
    if (event.key in steps) this.select(steps[event.key]);
    else if (event.key === "Enter") this.choose();
    else return;
    event.preventDefault();
  }
}

/** A reason as it stands in a table: with a capital, without a full stop. */
function sentence(text) {
  const short = line(text, 300).replace(/\.$/, "");
  return short && short[0].toUpperCase() + short.slice(1);
}
