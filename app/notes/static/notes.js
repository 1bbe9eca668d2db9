// The notes of the open document, laid out by app/notes/shown.py. Their switch on a card is the library's.

import { el, put, style } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";
import { pressed } from "/ui/shell/text/trees.js";

/** The notes of one document, to be unfolded; `go(start, end)` shows a place. */
export class NoteList {
  constructor(api, go) {
    this.api = api;
    this.element = el("details", { class: "viewer-notes", hidden: true });
    pressed(this.element, { show: ({ start, end }) => go(Number(start), Number(end)) });
    style("/ui/notes/notes.css");
  }

  async show(corpus, document) {
    const mine = (this.asked = `${corpus}/${document}`);
    this.element.hidden = true;
    const { shown } = await this.api.get(`/api/corpora/${encodeURIComponent(corpus)}/documents/${document}/notes`).catch(() => ({ shown: [] }));
    if (mine !== this.asked) return;
    put(this.element, shown.map((tree) => built(tree)));
    this.element.hidden = !shown.length;
  }
}
