// A page of a PDF as it looks, in place of its text, with the highlighted span marked on it.

import { unlocked } from "/ui/library/dialogs.js";
import { el, icon } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHARPEST = 2400; // pixels of a drawn page
const LOCKED = 423; // status of an answer that wants a password
const WAIT = 150; // milliseconds after the last turn before a page is drawn

export class PagePicture {
  /** `onfail()` is called when a page cannot be drawn, which a person is told. */
  constructor(app, onfail) {
    Object.assign(this, { app, onfail });
    const button = (name, label, by) => el("button", { class: "quiet", type: "button", title: label, "aria-label": label, on: { click: () => this.turn(by) } }, icon(name));
    [this.back, this.on] = [button("left", "Page before", -1), button("right", "Next page", 1)];
    this.said = el("span", { class: "small muted", role: "status" });
    this.image = el("img", { class: "page-image", on: { load: () => URL.revokeObjectURL(this.image.src) } });
    this.sheet = el("div", { class: "page-sheet", tabindex: 0, role: "region", "aria-label": "Page" });
    this.element = el("div", { class: "page-picture", hidden: true, on: { keydown: (event) => this.key(event) } },
      el("div", { class: "row page-turn" }, this.back, this.said, this.on), this.sheet);
  }

  /** Show a page. `span` are the characters {start, end} of the document to mark, or null. */
  show({ corpus, document: number, name, page, pages, span }) {
    Object.assign(this, { corpus, number, name, page, pages, span, cited: page });
    this.element.hidden = false;
    this.sheet.append(this.image);
    this.draw();
  }

  hide() {
    this.element.hidden = true;
    this.asking?.abort();
    this.image.removeAttribute("src");
    this.image.remove();
  }

  turn(by) {
    const page = this.page + by;
    if (page < 1 || page > this.pages) return;
    this.page = page;
    this.draw();
  }

  draw() {
    const focused = document.activeElement;
    [this.back.disabled, this.on.disabled] = [this.page <= 1, this.page >= this.pages];
    if (focused?.disabled) this.sheet.focus({ preventScroll: true });
    this.said.textContent = `Page ${count(this.page)} of ${count(this.pages)}`;
    this.image.alt = `Page ${this.page} of ${line(this.name, 200)}, as it looks`;
    delete this.element.dataset.drawn;
    this.asking?.abort();
    this.asking = new AbortController();
    this.fetch(this.page, this.asking.signal);
  }

  async fetch(page, signal) {
    await new Promise((resolve) => setTimeout(resolve, this.image.src ? WAIT : 0));
    if (signal.aborted) return;
    const width = Math.min(SHARPEST, Math.round((this.sheet.clientWidth || 600) * devicePixelRatio));
    const address = `/api/corpora/${encodeURIComponent(this.corpus)}/documents/${this.number}/pages/${page}`;
    try {
      const answer = await fetch(`${address}?${new URLSearchParams({ width, ...this.span })}`, { signal });
      if (!answer.ok) throw Object.assign(new Error((await answer.json()).error), { status: answer.status });
      const image = await answer.blob();
      if (signal.aborted) return;
      this.image.src = URL.createObjectURL(image);
      this.sheet.scrollTop = 0;
      const here = this.span && page === this.cited;
      if (here && answer.headers.get("x-marked") === "no") this.said.textContent += ": the place of the cited words could not be told";
      this.element.dataset.drawn = page;
    } catch (problem) {
      if (!signal.aborted) this.failed(problem);
    }
  }

  /** A file may be locked again since the start: its password is asked for. */
  async failed({ status, message }) {
    const keep = (passwords) => this.app.api.post("/api/passwords", { passwords });
    const ask = () => unlocked(`Unlock “${line(this.name, 80)}”`, "Its pages are protected by a password.", keep);
    if (status !== LOCKED) this.app.toast(message, "error");
    else if (await ask()) return this.draw();
    this.onfail();
  }

  key(event) {
    const by = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    this.turn(by);
    event.preventDefault();
    event.stopPropagation();
  }
}
