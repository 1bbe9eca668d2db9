// A page of a PDF as it looks, in place of its text, with the highlighted span marked on it.

import { el, icon } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHARPEST = 2400; // pixels of a drawn page

export class PagePicture {
  /** `onfail(problem)` is told why a page cannot be drawn. */
  constructor({ onfail }) {
    this.onfail = onfail;
    const button = (name, label, by) => el("button", { class: "quiet", type: "button", title: label, "aria-label": label, on: { click: () => this.turn(by) } }, icon(name));
    [this.back, this.on] = [button("left", "Page before", -1), button("right", "Next page", 1)];
    this.said = el("span", { class: "small muted", role: "status" });
    this.image = el("img", { class: "page-image", on: { load: () => this.drawn(), error: () => this.failed() } });
    this.sheet = el("div", { class: "page-sheet", tabindex: 0, role: "region", "aria-label": "Page" });
    this.element = el("div", { class: "page-picture", hidden: true, on: { keydown: (event) => this.key(event) } },
      el("div", { class: "row page-turn" }, this.back, this.said, this.on), this.sheet);
  }

  /** Show a page. `span` are the characters [from, to) of the document to mark, or null. */
  show({ corpus, document: number, name, page, pages, span }) {
    Object.assign(this, { corpus, number, name, page, pages, span });
    this.element.hidden = false;
    this.sheet.append(this.image);
    this.draw();
  }

  hide() {
    this.element.hidden = true;
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
    const width = Math.min(SHARPEST, Math.round((this.sheet.clientWidth || 600) * devicePixelRatio));
    const place = this.span ? { start: this.span[0], end: this.span[1], width } : { width };
    place.again = this.asked = (this.asked ?? 0) + 1; // the file may have changed since, which a kept image would hide
    this.image.src = `/api/corpora/${encodeURIComponent(this.corpus)}/documents/${this.number}/pages/${this.page}?${new URLSearchParams(place)}`;
    delete this.element.dataset.drawn;
  }

  drawn() {
    this.element.dataset.drawn = this.page;
    this.sheet.scrollTop = 0;
  }

  /** An image cannot say why it is not there: ask again for the reason. */
  async failed() {
    const address = this.image.getAttribute("src");
    if (!address || this.element.hidden) return;
    try {
      const answer = await fetch(address);
      const { error } = answer.ok ? { error: "The page cannot be shown." } : await answer.json();
      this.onfail(new Error(error));
    } catch {
      this.onfail(new Error("Taproot does not answer. Is it still running in its terminal?"));
    }
  }

  key(event) {
    const by = { PageDown: 1, PageUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    this.turn(by);
    event.preventDefault();
    event.stopPropagation();
  }
}
