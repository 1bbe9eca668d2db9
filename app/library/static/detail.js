// The documents of one card: their table, a search in all of them, and what changed since the last time.

import { DocumentTable } from "/ui/library/document_table.js";
import { find } from "/ui/shell/dom.js";
import { parts, renew } from "/ui/shell/text/trees.js";

const WAIT = 180; // milliseconds after the last key

export class Detail {
  /** `library` is the view: its `app` and `shown`; `element` is made of `app/library/shown/frame.py`. */
  constructor(library, element) {
    Object.assign(this, { library, element }, parts(element)); // head, search, told, filterBar, filter, only, results
    this.app = library.app;
    this.open = undefined; // id of the card that is shown, or of a version; null: none
    this.version = null; // id of the corpus whose documents are shown
    this.table = new DocumentTable(this.app.api, (number) => this.app.openDocument(this.version, number), this.app.failed);
    this.results.before(this.table.element);
    this.search.addEventListener("input", later(() => this.find()));
    this.search.addEventListener("keydown", (event) => this.inSearch(event));
    this.filter.addEventListener("input", later(() => this.showTable()));
    this.only.addEventListener("change", () => this.showTable());
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
    const { shown } = this.library;
    if (!this.open || !shown) return;
    const card = shown.heads.find(({ of }) => of.includes(this.open));
    renew(this.head, card?.trees ?? shown.no_head);
    this.element.classList.toggle("gone", !card);
    if (!card || this.version === card.corpus) return;
    this.version = card.corpus;
    this.showTable();
    if (this.search.value) this.find(); // numbers of documents are those of a version
  }

  showTable() {
    if (this.version) this.table.show(this.version, { query: this.filter.value, problems: this.only.checked });
  }

  /** Open the document of a line that was found, at its place. */
  openPlace({ document, start, end }) {
    this.app.openDocument(this.version, Number(document), { start: Number(start), end: Number(end) });
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

  async find() {
    const query = this.search.value.trim(), corpus = this.version;
    if (!query || !corpus) return this.showResults(null);
    try {
      const found = await this.app.api.get(`/api/corpora/${corpus}/search?${new URLSearchParams({ q: query })}`);
      if (query === this.search.value.trim() && corpus === this.version) this.showResults(found);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }

  /** Show what was found in place of the table; null shows the table. */
  showResults(found) {
    this.results.hidden = !found;
    this.table.element.hidden = this.filterBar.hidden = Boolean(found);
    this.told.textContent = found?.told ?? "";
    renew(this.results, found?.shown ?? []);
  }
}

/** `work`, once nothing more was typed for a while. */
function later(work) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(work, WAIT);
  };
}
