// A document as text beside everything else: line numbers, pages, search, and a highlighted span.
//
// Places are characters as Python counts them (code points); a string of this language counts UTF-16 units, so an
// offset is translated row by row (`units`), never for a whole document.

import { el, icon, style } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line, plain } from "/ui/shell/text/text.js";
import { PagePicture } from "/ui/library/viewer/page_picture.js";
import { TextRows } from "/ui/library/viewer/text_rows.js";
import { NoteList } from "/ui/notes/notes.js";

const WAIT = 180; // milliseconds after the last key before a search begins
const NARROW = 380, WIDE = 640; // pixels of the panel: least, and at first
const ROOM = 760; // pixels that are left to the page; a narrower window is covered
const FULL = 620; // pixels of a window that the panel fills

/** Make the one viewer of the app: it is `app.openDocument(corpus, document, {start, end, query})`. */
export function createViewer(app) {
  const viewer = new Viewer(app);
  app.openDocument = (corpus, document, place = {}) => viewer.open(corpus, document, place);
  app.closeDocument = () => viewer.close();
  return viewer;
}

/** How many UTF-16 units the first `points` code points of a text take. */
export function units(text, points) {
  if (points <= 0) return 0;
  if (!/[\ud800-\udbff]/.test(text)) return Math.min(points, text.length);
  let at = 0;
  for (let left = points; left > 0 && at < text.length; left -= 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/** How many code points a text has. */
export function points(text) {
  if (!/[\ud800-\udbff]/.test(text)) return text.length;
  let found = 0;
  for (const _ of text) found += 1;
  return found;
}

class Viewer {
  constructor(app) {
    this.app = app;
    this.opened = 0;
    this.hits = [];
    style("/ui/library/viewer/viewer.css");
    this.build();
  }

  build() {
    this.title = el("h2", { id: "viewer-title", dir: "auto" });
    this.facts = el("span", { class: "viewer-facts" });
    this.query = el("input", { class: "field viewer-query", type: "search", placeholder: "Search in this document", autocomplete: "off",
      "aria-label": "Search in this document", on: { input: () => this.later(), keydown: (event) => this.inSearch(event) } });
    this.found = el("span", { class: "viewer-found", role: "status" });
    this.to = el("input", { class: "field viewer-to", placeholder: "Line", "aria-label": "Go to line", autocomplete: "off",
      on: { keydown: (event) => event.key === "Enter" && this.goTo(this.to.value) } });
    const button = (name, label, run) => el("button", { class: "quiet", type: "button", title: label, "aria-label": label, on: { click: run } }, icon(name));
    this.wrap = el("button", { class: "quiet text", type: "button", title: "Break long lines", "aria-pressed": "true",
      on: { click: () => this.toggleWrap() } }, "Wrap");
    this.asPage = el("button", { class: "quiet text", type: "button", title: "Show the page as it looks (p)", "aria-pressed": "false", hidden: true,
      on: { click: () => this.togglePage() } }, "Page");
    this.picture = new PagePicture({ api: this.app.api, onfail: (problem) => {
      if (problem) this.app.toast(problem.message, "error");
      this.togglePage(false);
    } });
    this.rows = new TextRows({
      fetchRows: (first, rows, signal) => this.fetch({ row: first, lines: rows }, signal),
      drawRow: (row, facts) => this.drawRow(row, facts),
      onfail: (problem) => this.app.toast(problem.message, "error"), // scrolling on asks again
    });
    this.rows.scroller.setAttribute("role", "region");
    this.message = el("p", { class: "empty", hidden: true });
    this.notes = new NoteList(this.app.api, (start, end) => this.open(this.corpus, this.document, { start, end }));
    this.grip = el("div", { class: "viewer-grip", role: "separator", "aria-orientation": "vertical", "aria-label": "Width of the document", tabindex: 0,
      on: { pointerdown: (event) => this.drag(event), keydown: (event) => this.widen(event) } });
    this.panel = el("aside", { id: "viewer", class: "host", hidden: true, "aria-labelledby": "viewer-title", on: { keydown: (event) => this.key(event) } },
      this.grip,
      el("header", {},
        el("div", { class: "viewer-name" }, icon("file"), this.title, button("close", "Close the document (Esc)", () => this.close())),
        this.facts,
        el("div", { class: "viewer-tools" }, this.query, this.found,
          button("left", "Previous match (N)", () => this.step(-1)), button("right", "Next match (n)", () => this.step(1)),
          el("span", { class: "grow" }), this.to, this.wrap, this.asPage)),
      this.notes.element, this.message, this.rows.scroller, this.picture.element);
    document.body.append(this.panel);
    addEventListener("resize", () => this.panel.hidden || this.setWidth(this.width));
  }

  // --- opening and closing ------------------------------------------------------------------------------------

  async open(corpus, document_, { start = null, end = null, query = "", line: wanted = null } = {}) {
    const mine = (this.opened += 1);
    if (this.panel.hidden) this.before = document.activeElement;
    this.panel.hidden = false;
    document.body.classList.add("with-viewer");
    this.setWidth(this.width ?? WIDE);
    const same = this.corpus === corpus && this.document === document_;
    [this.corpus, this.document, this.span] = [corpus, document_, start === null ? null : [start, end ?? start]];
    try {
      const place = start !== null ? { start, end: end ?? start } : wanted ? { from_line: wanted } : { row: 0 };
      const facts = await this.fetch({ ...place, lines: 1 });
      if (mine !== this.opened) return;
      if (same && !this.failed) this.rows.redraw();
      else this.begin(facts);
      this.tell(facts);
      (this.pageShown ? this.picture.sheet : this.rows.scroller).focus({ preventScroll: true });
      if (query || !same) this.setQuery(query);
      if (this.pageShown) this.showPage(facts);
      else if (this.span || wanted) await this.rows.reveal(facts.at, { mark: (row) => row.querySelector(".span") });
      if (mine === this.opened) this.panel.dataset.ready = `${corpus}/${document_}/${start ?? ""}`;
    } catch (problem) {
      if (mine === this.opened) this.fail(problem);
    }
  }

  begin(facts) {
    this.failed = false;
    delete this.panel.dataset.ready;
    this.message.hidden = true;
    this.asPage.hidden = !facts.pictured;
    if (!facts.pictured) this.asPage.setAttribute("aria-pressed", "false");
    if (!this.pageShown) this.picture.hide();
    this.rows.scroller.hidden = this.pageShown;
    this.facts_ = facts;
    this.notes.show(this.corpus, this.document);
    Object.assign(this.title, { textContent: line(facts.name, 300), title: line(facts.name, 1000) });
    Object.assign(this.to, { placeholder: facts.page_count ? "Line or p. 2" : "Line", value: "" });
    const digits = String(facts.first_line + facts.lines - 1).length;
    this.rows.scroller.style.setProperty("--digits", Math.max(3, digits));
    this.rows.scroller.setAttribute("aria-label", `Text of ${line(facts.name, 200)}`);
    this.rows.reset(facts.rows);
    this.rows.draw();
  }

  tell(facts) {
    const parts = [facts.cell && line(facts.cell, 120), many(facts.lines, "line"), facts.page_count && many(facts.page_count, "page")];
    this.facts.textContent = [...parts, `${count(facts.chars)} characters`].filter(Boolean).join(" · ");
  }

  fail(problem) {
    this.failed = true;
    if (!this.title.textContent) this.title.textContent = "Document";
    this.message.textContent = problem.message;
    this.message.hidden = false;
    this.rows.scroller.hidden = true;
    this.picture.hide();
  }

  close() {
    if (this.panel.hidden) return;
    this.opened += 1;
    this.panel.hidden = true;
    delete this.panel.dataset.ready;
    document.body.classList.remove("with-viewer");
    this.rows.reset(0);
    this.picture.hide();
    this.corpus = null;
    this.hits = [];
    this.query.value = "";
    if (this.before?.isConnected) this.before.focus();
  }

  fetch(place, signal) {
    const address = `/api/corpora/${encodeURIComponent(this.corpus)}/documents/${this.document}/text`;
    return this.app.api.get(`${address}?${new URLSearchParams(place)}`, { signal });
  }

  // --- rows ---------------------------------------------------------------------------------------------------

  drawRow([number, start, text, begins], { number: row, page }) {
    const body = el("span", { class: "text", dir: "auto" });
    this.fill(body, text, start);
    return el("div", { class: "line", dataset: { row } },
      page && el("span", { class: "page-mark" }, `Page ${count(page)}`),
      el("span", { class: "number", "aria-hidden": "true" }, begins ? String(number) : ""),
      body);
  }

  fill(body, text, start) {
    const end = start + points(text);
    const ranges = this.hitsIn(start, end).map((i) => ({ from: this.hits[i][0], to: this.hits[i][1], kind: i === this.current ? "hit now" : "hit" }));
    if (this.span) ranges.push({ from: this.span[0], to: this.span[1], kind: "span" });
    const inside = ranges.filter((range) => range.from < end && range.to > start);
    if (!inside.length) {
      body.append(text ? plain(text) : "\u200b");
      return;
    }
    const cuts = new Set([0, text.length]);
    for (const range of inside) {
      range.a = units(text, range.from - start);
      range.b = units(text, range.to - start);
      cuts.add(range.a).add(range.b);
    }
    const places = [...cuts].sort((a, b) => a - b);
    for (let i = 0; i + 1 < places.length; i += 1) {
      const kinds = inside.filter((range) => range.a <= places[i] && range.b >= places[i + 1]).map((range) => range.kind);
      const part = plain(text.slice(places[i], places[i + 1]));
      body.append(kinds.length ? el("mark", { class: kinds.join(" ") }, part) : part);
    }
  }

  /** Numbers of the matches that touch characters [start, end). */
  hitsIn(start, end) {
    const found = [];
    for (let i = this.after(start); i < this.hits.length && this.hits[i][0] < end; i += 1) found.push(i);
    return found;
  }

  /** The first match that ends after a character. */
  after(char) {
    let low = 0, high = this.hits.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.hits[middle][1] > char) high = middle; else low = middle + 1;
    }
    return low;
  }

  // --- search -------------------------------------------------------------------------------------------------

  setQuery(text) {
    this.query.value = text;
    this.hits = [];
    this.current = -1;
    this.found.textContent = "";
    if (text) return this.search();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), WAIT);
  }

  async search() {
    clearTimeout(this.timer);
    this.searching?.abort();
    const query = this.query.value, wait = (this.searching = new AbortController());
    const address = `/api/corpora/${encodeURIComponent(this.corpus)}/documents/${this.document}/search`;
    try {
      const found = query.trim()
        ? await this.app.api.get(`${address}?${new URLSearchParams({ q: query })}`, { signal: wait.signal })
        : { hits: [], more: false };
      if (wait.signal.aborted || query !== this.query.value) return;
      [this.hits, this.more, this.searched] = [found.hits, found.more, query];
    } catch (problem) {
      if (!wait.signal.aborted) this.app.toast(problem.message, "error");
      return;
    }
    this.current = -1;
    if (this.hits.length) await this.show(this.nearest(), true);
    else this.rows.redraw();
    this.say();
  }

  /** The match to begin with: at the highlighted span, else the first one that is not above the window. */
  nearest() {
    const row = this.rows.first().row;
    const at = this.span ? this.after(this.span[0]) : this.hits.findIndex((hit) => hit[2] >= row);
    return at < 0 || at >= this.hits.length ? 0 : at;
  }

  async step(by) {
    if (this.query.value !== this.searched && this.query.value.trim()) return this.search();
    if (!this.hits.length) return;
    await this.show((this.current + by + this.hits.length) % this.hits.length);
    this.say();
  }

  async show(number, gently = true) {
    this.current = number;
    this.rows.redraw();
    await this.rows.reveal(this.hits[number][2], { mark: (row) => row.querySelector(".now"), gently });
  }

  say() {
    const all = `${count(this.hits.length)}${this.more ? "+" : ""}`;
    const none = this.query.value.trim() ? "not found" : "";
    this.found.textContent = this.hits.length ? `${count(this.current + 1)} of ${all}` : none;
    this.panel.dataset.found = this.hits.length;
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
      this.setQuery("");
      this.rows.redraw();
      this.rows.scroller.focus({ preventScroll: true });
    } else if (event.key === "ArrowDown") this.rows.scroller.focus({ preventScroll: true });
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** "120" is a line, "p. 3" a page. */
  async goTo(text) {
    const found = text.trim().match(/^(p(?:age|\.)?\s*)?([\d,. ]+)$/i);
    const number = found ? Number(found[2].replace(/\D/g, "")) : 0;
    if (!number) return this.app.toast(`“${line(text, 40)}” is no line. Write a number${this.facts_?.page_count ? ", or p. and the number of a page" : ""}.`, "error");
    try {
      const facts = await this.fetch({ [found[1] ? "page" : "from_line"]: number, lines: 1 });
      if (this.pageShown) return this.showPage(facts);
      await this.rows.reveal(facts.at);
      this.rows.scroller.focus({ preventScroll: true });
    } catch (problem) {
      this.fail(problem);
    }
  }

  get pageShown() {
    return this.asPage.getAttribute("aria-pressed") === "true";
  }

  /** The page as it looks in place of its text, or the text again where that page begins. */
  async togglePage(on = !this.pageShown) {
    this.asPage.setAttribute("aria-pressed", String(on));
    try {
      if (on) {
        const place = this.span ? { start: this.span[0], end: this.span[1] } : { row: this.rows.first().row };
        this.showPage(await this.fetch({ ...place, lines: 1 }));
        this.rows.scroller.hidden = true;
        this.picture.sheet.focus({ preventScroll: true });
        return;
      }
      const { page } = this.picture;
      this.picture.hide();
      this.rows.scroller.hidden = false;
      this.rows.redraw();
      if (page && !this.span) await this.rows.reveal((await this.fetch({ page, lines: 1 })).at);
      this.rows.scroller.focus({ preventScroll: true });
    } catch (problem) {
      this.fail(problem);
    }
  }

  showPage(facts) {
    this.picture.show({ corpus: this.corpus, document: this.document, name: facts.name, page: facts.page, pages: facts.page_count, span: this.span });
  }

  toggleWrap() {
    const on = this.wrap.getAttribute("aria-pressed") !== "true";
    this.wrap.setAttribute("aria-pressed", String(on));
    this.rows.scroller.classList.toggle("unbroken", !on);
    this.rows.redraw();
  }

  /** The page keeps room beside the panel; in a smaller window the panel lies over it, in a narrow one it fills it. */
  setWidth(width) {
    this.width = Math.max(NARROW, Math.min(width, Math.max(WIDE, innerWidth - 320)));
    document.body.classList.toggle("viewer-covers", innerWidth < NARROW + ROOM);
    document.body.style.setProperty("--viewer", `${innerWidth < FULL ? innerWidth : Math.min(this.width, innerWidth)}px`);
    this.grip.hidden = innerWidth < FULL;
    this.grip.setAttribute("aria-valuenow", Math.round(this.width));
  }

  drag(event) {
    event.preventDefault();
    const move = (moved) => this.setWidth(innerWidth - moved.clientX);
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      document.body.classList.remove("sizing");
    };
    document.body.classList.add("sizing");
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }

  widen(event) {
    const by = { ArrowLeft: 40, ArrowRight: -40 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.setWidth(this.width + by);
  }
}
