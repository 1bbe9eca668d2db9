// The documents of one card: their table, a search in all of them, and what changed since the last time.

import { DocumentTable } from "/ui/library/document_table.js";
import { el, find, icon, put } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { built, highlighted, line } from "/ui/shell/text/text.js";

const WAIT = 180; // milliseconds after the last key

export class Detail {
  /** `library` is the view: its `app`, `cards`, `readings`, `list`, `tools(card, busy)` and `ask(card)`. */
  constructor(library) {
    this.library = library;
    this.app = library.app;
    this.open = undefined; // id of the card that is shown, or of a version; null: none
    this.version = null;
    this.table = new DocumentTable(this.app.api, (facts) => this.openDocument(facts), (problem) => this.app.toast(problem.message, "error"));
    this.head = el("div", { class: "detail-head" });
    this.search = el("input", { class: "field search", type: "search", placeholder: "Search in all these documents", "aria-label": "Search in these documents",
      autocomplete: "off", on: { input: () => this.searchLater(), keydown: (event) => this.inSearch(event) } });
    this.filter = el("input", { class: "field", type: "search", placeholder: "Filter names", "aria-label": "Filter documents by name", autocomplete: "off",
      on: { input: () => this.filterLater() } });
    this.only = el("input", { type: "checkbox", id: "only-problems", on: { change: () => this.showTable() } });
    this.found = el("span", { class: "muted small", role: "status" });
    this.results = el("ol", { class: "results", "aria-label": "Found", hidden: true });
    this.filterBar = el("span", { class: "row filter-bar" }, this.filter, el("label", { class: "row small" }, this.only, "Only problems"));
    this.element = el("div", { class: "corpus-detail", hidden: true }, this.head,
      el("div", { class: "detail-tools" }, this.search, this.found, el("span", { class: "grow" }), this.filterBar),
      this.table.element, this.results);
  }

  /** The card that is shown, or null. */
  current() {
    return this.library.cards.find((card) => card.card === this.open || card.id === this.open || card.versions.includes(this.open)) ?? null;
  }

  /** Show a card, by its id or that of a version; null shows none. */
  show(name) {
    this.open = name;
    this.element.hidden = !name;
    this.version = null;
    [this.search.value, this.filter.value, this.only.checked] = ["", "", Boolean(this.app.state.problems)];
    this.showResults(null);
    this.draw();
  }

  draw() {
    if (!this.open) return;
    const card = this.current();
    const back = el("button", { class: "quiet", type: "button", "aria-label": "Back to the library", title: "Back to the library", on: { click: () => this.app.go("library") } }, icon("left"));
    if (!card) {
      if (this.library.list.dataset.loaded) put(this.head, el("div", { class: "row" }, back, el("p", { class: "muted" }, "This corpus is not in the library; it may have been deleted.")));
      return;
    }
    const busy = this.library.readings.busy(card.card);
    const unfolded = find(".changes", this.head)?.open && this.version === card.id;
    put(this.head,
      el("div", { class: "row" }, back, el("h2", { dir: "auto" }, line(card.name, 200)), this.library.tools(card, busy), el("span", { class: "grow" }),
        el("button", { class: "button primary", type: "button", on: { click: () => this.library.ask(card) } }, icon("ask"), "Ask")),
      el("p", { class: "corpus-source" }, built(card.shown.source)),
      el("p", { class: "corpus-facts" }, card.shown.facts.map((tree) => built(tree)), ` · ${card.shown.read}`),
      card.notices.map((notice) => el("p", { class: "muted small" }, line(notice, 500))),
      card.shown.changes && built(card.shown.changes));
    if (unfolded) find(".changes", this.head).open = true;
    if (this.version !== card.id) {
      this.version = card.id;
      this.showTable();
    }
  }

  showTable() {
    const card = this.current();
    if (card) this.table.show(card.id, { query: this.filter.value, problems: this.only.checked });
  }

  filterLater() {
    clearTimeout(this.filtering);
    this.filtering = setTimeout(() => this.showTable(), WAIT);
  }

  openDocument(facts) {
    if (facts.document === null) {
      this.app.toast(`${line(facts.name, 120)} was not read: ${line(facts.problems.join(" "), 300)}.`, "error");
      return;
    }
    this.app.openDocument(this.version, facts.document);
  }

  inSearch(event) {
    if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.showResults(null);
    } else if (event.key === "Enter") this.find();
    else if (event.key === "ArrowDown") find("button", this.results)?.focus();
    else return;
    event.preventDefault();
  }

  searchLater() {
    clearTimeout(this.seeking);
    this.seeking = setTimeout(() => this.find(), WAIT);
  }

  async find() {
    clearTimeout(this.seeking);
    const query = this.search.value.trim(), corpus = this.version;
    if (!query) return this.showResults(null);
    try {
      const { hits } = await this.app.api.get(`/api/corpora/${corpus}/search?${new URLSearchParams({ q: query })}`);
      if (query === this.search.value.trim() && corpus === this.version) this.showResults(hits, query);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }

  showResults(hits, query = "") {
    this.results.hidden = !hits;
    this.table.element.hidden = Boolean(hits);
    this.filterBar.hidden = Boolean(hits);
    this.found.textContent = hits ? (hits.length ? `the ${many(hits.length, "best line", "best lines")}` : "not found") : "";
    put(this.results, (hits ?? []).map((hit) => el("li", {}, el("button", { class: "result", type: "button",
      on: { click: () => this.app.openDocument(this.version, hit.document, { start: hit.start, end: hit.end }) } },
    el("span", { class: "result-place" }, `${line(hit.name, 200)}, ${line(hit.place, 200)}`),
    el("span", { class: "result-text", dir: "auto" }, highlighted(hit.text, hit.marks))))));
    if (hits && !hits.length) put(this.results, el("li", { class: "empty" }, `No line has words of “${line(query, 80)}”.`));
  }
}
