// A document as text beside everything else: line numbers, pages, search, and a highlighted span.
//
// The app lays out the rows (app/library/shown/text.py): what is found and what is cited are marked there.

import { el, focusAfter, grip, icon, style } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { pressed } from "/ui/shell/text/trees.js";
import { LongList, asNear, toThird, toThirdIfOut } from "/ui/library/long_list.js";
import { PagePicture } from "/ui/library/viewer/page_picture.js";
import { NoteList } from "/ui/notes/notes.js";

const WAIT = 180; // milliseconds after the last key before a search begins
const NARROW = 380, WIDE = 640; // pixels of the panel: least, and at first
const BESIDE = 320; // pixels that are left to the page
const STEP = 40; // pixels

/** Make the one viewer of the app: `app.openDocument(corpus, document, {start, end})`. `app.closeDocument(corpora)` closes what is of these. */
export function createViewer(app) {
  const viewer = new Viewer(app);
  app.openDocument = (corpus, document, place) => viewer.open(corpus, document, place);
  app.closeDocument = (corpora) => corpora.includes(viewer.corpus) && viewer.close();
  app.live.on("app", ({ kind }) => ["corpora", "reconnected"].includes(kind) && viewer.look());
}

class Viewer {
  constructor(app) {
    this.app = app;
    this.opened = 0;
    this.hits = [];
    this.current = -1;
    style("/ui/library/viewer/viewer.css");
    this.build();
  }

  build() {
    this.title = el("h2", { id: "viewer-title", dir: "auto" }, "Document");
    this.facts = el("span", { class: "viewer-facts" });
    const field = (name, type, label, placeholder, on) =>
      el("input", { class: `field viewer-${name}`, type, "aria-label": label, placeholder, autocomplete: "off", on });
    this.query = field("query", "search", "Search in this document", "Search in this document",
      { input: () => this.search(WAIT), keydown: (event) => this.inSearch(event) });
    this.found = el("span", { class: "viewer-found", role: "status" });
    this.to = field("to", "text", "Go to line", "Line", { keydown: (event) => event.key === "Enter" && this.goTo() });
    const press = (does, title, shown, more) =>
      el("button", { class: "quiet text", type: "button", title, dataset: { does }, ...more }, shown);
    const drawn = (does, title, name) => press(does, title, icon(name), { class: "quiet", "aria-label": title });
    this.wrap = press("wrap", "Break long lines", "Wrap", { "aria-pressed": "true" });
    this.asPage = press("page", "Show the page as it looks (p)", "Page", { "aria-pressed": "false", hidden: true });
    this.picture = new PagePicture(this.app, () => this.togglePage(false));
    this.rows = new LongList(el("div", { class: "rows", tabindex: 0, role: "region" }), {
      size: 100, height: 22,
      fetchRows: (row, lines, signal) => this.ask("rows", { row, lines, q: this.searched, ...this.span }, signal),
      ondrawn: (made) => this.markCurrent(made),
      onfail: this.app.failed,
    });
    this.message = el("p", { class: "empty", hidden: true });
    this.notes = new NoteList(this.app.api, (start, end) => this.open(this.corpus, this.document, { start, end }));
    this.grip = el("div", { class: "viewer-grip", role: "separator", tabindex: 0,
      "aria-orientation": "vertical", "aria-label": "Width of the document" });
    grip(this.grip, {
      drag: ({ clientX }) => this.setWidth(innerWidth - clientX),
      move: (by) => this.setWidth(this.width - STEP * by),
    });
    this.panel = el("aside", { id: "viewer", class: "host", hidden: true, "aria-labelledby": "viewer-title",
      on: { keydown: (event) => this.key(event) } },
      this.grip,
      el("header", {},
        el("div", { class: "viewer-name" }, icon("file"), this.title,
          drawn("close", "Close the document (Esc)", "close")),
        this.facts,
        el("div", { class: "viewer-tools" }, this.query, this.found,
          drawn("before", "Previous match (N)", "left"), drawn("next", "Next match (n)", "right"),
          el("span", { class: "grow" }), this.to, this.wrap, this.asPage)),
      this.notes.element, this.message, this.rows.scroller, this.picture.element);
    pressed(this.panel.querySelector("header"), {
      close: () => this.close(),
      before: () => this.step(-1),
      next: () => this.step(1),
      wrap: () => this.toggleWrap(),
      page: () => this.togglePage(),
    });
    this.setWidth(WIDE);
    document.body.append(this.panel);
  }

  // --- opening and closing ------------------------------------------------------------------------------------

  async open(corpus, document_, { start = null, end = start } = {}) {
    const mine = (this.opened += 1);
    const focus = focusAfter();
    if (this.panel.hidden) this.before = document.activeElement;
    this.panel.hidden = false;
    const name = `${corpus}/${document_}`;
    [this.corpus, this.document, this.span] = [corpus, document_, start === null ? null : { start, end }];
    try {
      const facts = await this.place(this.span ?? { row: 0 });
      if (mine !== this.opened) return;
      if (this.begun === name && this.message.hidden) await this.rows.refresh();
      else this.begin(name, facts);
      this.facts.textContent = facts.shown.facts;
      focus(this.pageShown ? this.picture.sheet : this.rows.scroller, { preventScroll: true });
      if (this.pageShown) this.showPage(facts);
      else if (this.span) await this.rows.reveal(facts.at, toThird, (row) => row.querySelector(".span"));
      if (mine === this.opened) this.panel.dataset.ready = `${name}/${start ?? ""}`;
    } catch (problem) {
      if (mine === this.opened) this.fail(problem);
    }
  }

  begin(name, { name: file, chars, shown, rows, pictured, first_line: first, lines }) {
    this.read = { file, chars }; // what the rows are of: in a folder that is read again the number may be that of another
    this.message.hidden = true;
    this.asPage.hidden = !pictured;
    if (!pictured) this.asPage.setAttribute("aria-pressed", "false");
    if (!this.pageShown) this.picture.hide();
    this.rows.scroller.hidden = this.pageShown;
    this.notes.show(this.corpus, this.document);
    Object.assign(this.title, { textContent: shown.name, title: shown.title });
    Object.assign(this.to, { placeholder: shown.line, value: "" });
    this.rows.scroller.style.setProperty("--digits", Math.max(3, String(first + lines - 1).length));
    this.rows.scroller.setAttribute("aria-label", `Text of ${shown.name}`);
    this.forget();
    this.begun = name;
    this.rows.begin(rows);
  }

  /** Leave nothing of a document or a search. */
  forget() {
    delete this.panel.dataset.ready;
    this.begun = null; // the document that the rows are of: another may be on its way
    this.rows.begin(0);
    this.searching?.abort();
    [this.hits, this.current, this.searched] = [[], -1, ""];
    this.query.value = this.found.textContent = "";
  }

  /** See whether the document is still there: it may have been deleted, here or in another tab, or be another by now. */
  async look() {
    const mine = this.opened;
    const found = this.corpus && (await this.place({ row: 0 }).catch((refused) => refused));
    if (!found || mine !== this.opened) return;
    if (found.status === 404) this.fail(found);
    else if (!found.shown || !this.begun) return; // it could not be asked, or is being opened
    else if (found.name !== this.read.file) this.fail(new Error("The folder was read again, and its documents have other places. Open it from the list again."));
    else if (found.chars !== this.read.chars) await this.anew(found);
  }

  /** The text has changed: show what is there now, about where the person was. */
  async anew(facts) {
    const { row = 0 } = this.rows.first ?? {};
    this.begin(this.begun, facts);
    this.facts.textContent = facts.shown.facts;
    if (!this.pageShown) await this.rows.reveal(Math.min(row, facts.rows - 1), asNear);
  }

  fail(problem) {
    const held = this.panel.contains(document.activeElement) && document.activeElement;
    if (problem.status === 404) {
      this.forget();
      Object.assign(this.title, { textContent: "Document", title: "" });
      this.facts.textContent = this.to.value = "";
      this.notes.element.hidden = this.asPage.hidden = true;
    }
    this.message.textContent = problem.message;
    this.message.hidden = false;
    this.rows.scroller.hidden = true;
    this.picture.hide();
    if (held && held.closest("[hidden]")) this.panel.querySelector('[data-does="close"]').focus();
  }

  close() {
    if (this.panel.hidden) return;
    this.opened += 1;
    this.panel.hidden = true;
    this.forget();
    this.picture.hide();
    this.corpus = null;
    if (this.before?.isConnected) this.before.focus();
  }

  ask(what, query, signal) {
    const address = `/api/corpora/${encodeURIComponent(this.corpus)}/documents/${this.document}/${what}`;
    return this.app.api.get(`${address}?${new URLSearchParams(query)}`, { signal });
  }

  /** Where a row, line, page or span of the document is, and what there is to say of it. */
  place(at) {
    return this.ask("text", { ...at, lines: 1 });
  }

  // --- search -------------------------------------------------------------------------------------------------

  /** Search for what is written, in so many milliseconds if nothing else is written by then. */
  async search(wait = 0) {
    this.searching?.abort();
    const { signal } = (this.searching = new AbortController());
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (signal.aborted) return;
    const query = this.query.value;
    const near = this.span ? { char: this.span.start } : { row: this.rows.first?.row ?? 0 };
    try {
      const { hits, nearest, shown } = await this.ask("search", { q: query, ...near }, signal);
      if (signal.aborted) return;
      Object.assign(this, { hits, shown, searched: query, current: -1 });
      await this.rows.refresh();
      if (signal.aborted) return;
      this.found.textContent = shown;
      if (hits.length) await this.show(nearest);
    } catch (problem) {
      if (!signal.aborted) this.app.toast(problem.message, "error");
    }
  }

  async step(by) {
    if (this.query.value !== this.searched && this.query.value.trim()) return this.search();
    if (!this.hits.length) return;
    await this.show((this.current + by + this.hits.length) % this.hits.length);
  }

  show(number) {
    this.current = number;
    this.found.textContent = `${count(number + 1)} of ${this.shown}`;
    this.markCurrent(this.rows.scroller);
    return this.rows.reveal(this.hits[number][2], toThirdIfOut, (row) => row.querySelector(".now"));
  }

  markCurrent(inside) {
    for (const hit of inside.querySelectorAll(".hit")) {
      hit.classList.toggle("now", Number(hit.dataset.hit) === this.current);
    }
  }

  // --- keys and tools -----------------------------------------------------------------------------------------

  key(event) {
    const writing = event.target.matches("input");
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") this.close();
    else if (writing) return;
    else if (event.key === "/") this.query.select();
    else if (event.key === "p" && !this.asPage.hidden) this.togglePage();
    else if (event.key === "n") this.step(1);
    else if (event.key === "N") this.step(-1);
    else return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "/") this.query.focus();
  }

  inSearch(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") this.step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && this.query.value) {
      this.query.value = "";
      this.search();
      this.rows.scroller.focus({ preventScroll: true });
    } else if (event.key === "ArrowDown") this.rows.scroller.focus({ preventScroll: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Go to the line or page that is written in its field. */
  async goTo() {
    try {
      const facts = await this.place({ to: this.to.value });
      if (this.pageShown) return this.picture.turn(facts.page - this.picture.page);
      await this.rows.reveal(facts.at, toThird);
      this.rows.scroller.focus({ preventScroll: true });
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }

  get pageShown() {
    return this.asPage.getAttribute("aria-pressed") === "true";
  }

  /** The page as it looks in place of its text, or the text again where that page begins. */
  async togglePage(on = !this.pageShown) {
    const focus = focusAfter();
    this.asPage.setAttribute("aria-pressed", String(on));
    try {
      if (on) {
        this.showPage(await this.place(this.span ?? { row: this.rows.first?.row ?? 0 }));
        this.rows.scroller.hidden = true;
        return focus(this.picture.sheet, { preventScroll: true });
      }
      const { page } = this.picture;
      this.picture.hide();
      this.rows.scroller.hidden = false;
      if (page && !this.span) await this.rows.reveal((await this.place({ page })).at, toThird);
      focus(this.rows.scroller, { preventScroll: true });
    } catch (problem) {
      this.fail(problem);
    }
  }

  showPage({ name, page, page_count: pages }) {
    this.picture.show({ corpus: this.corpus, document: this.document, name, page, pages, span: this.span });
  }

  toggleWrap() {
    const on = this.wrap.getAttribute("aria-pressed") !== "true";
    this.wrap.setAttribute("aria-pressed", String(on));
    this.rows.scroller.classList.toggle("unbroken", !on);
    this.rows.settle();
  }

  // --- width --------------------------------------------------------------------------------------------------

  /** How wide the panel may be beside the page; the style sheet says what becomes of it in a narrow window. */
  setWidth(width) {
    this.width = Math.max(NARROW, Math.min(width, Math.max(WIDE, innerWidth - BESIDE)));
    document.body.style.setProperty("--viewer-wanted", `${this.width}px`);
    this.grip.setAttribute("aria-valuenow", Math.round(this.width));
  }
}
