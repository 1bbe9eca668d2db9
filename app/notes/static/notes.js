// Notes of documents: a switch with its budget on each card of the library, and the notes of the open document.

import { el, find, put, style } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const KINDS = { outline: "heading", about: "about", fact: "fact" };
const STATES = { waiting: ", goes on when nobody asks", working: " …", budget: ", budget spent" };

/** The switches of all cards; `element(card)` is the one of a card, and is kept up to date. */
export class NoteSwitches {
  constructor(app) {
    this.app = app;
    this.known = {};
    style("/ui/notes/notes.css");
    app.live.on("app", ({ kind, ...said }) => {
      if (kind === "notes") this.hear(said);
      else if (["reconnected", "models", "corpora"].includes(kind)) this.load();
    });
  }

  async load() {
    const found = await this.app.api.get("/api/notes").catch(() => ({ cards: {} })); // the library says what is wrong
    for (const said of Object.values(found.cards)) this.hear(said);
  }

  hear(said) {
    const now = (this.known[said.card] = { ...this.known[said.card], ...said });
    const shown = find(`[data-notes="${CSS.escape(said.card)}"]`);
    if (shown) this.draw(shown, now);
  }

  element(card) {
    const name = line(card.name, 80);
    const change = () => this.choose(card.card, find("input", made).checked, find(".note-budget", made));
    const made = el("div", { class: "note-switch small", dataset: { notes: card.card } },
      el("label", { class: "row" }, el("input", { type: "checkbox", role: "switch", "aria-label": `Notes while idle: ${name}`, dataset: { focus: `notes-${card.card}` }, on: { change } }), "Notes while idle"),
      el("label", { class: "row", hidden: true }, "at most", el("input", { class: "field note-budget", type: "number", min: 1000, step: 1000,
        "aria-label": `Most tokens for notes: ${name}`, on: { change } }), "tokens"),
      el("span", { class: "muted note-words" }));
    if (this.known[card.card]) this.draw(made, this.known[card.card]);
    return made;
  }

  draw(shown, { on, budget, noted = 0, documents = 0, state, problem }) {
    find("input", shown).checked = on;
    const field = find(".note-budget", shown);
    field.parentElement.hidden = !on;
    if (document.activeElement !== field) field.value = budget;
    const far = noted || on ? `${count(noted)} of ${many(documents, "document")} noted${(noted < documents && STATES[state]) || ""}` : "";
    find(".note-words", shown).textContent = problem ? line(problem, 300) : far;
  }

  async choose(card, on, field) {
    try {
      this.hear(await this.app.api.put(`/api/notes/${card}`, { on, budget: field.value ? Math.round(Number(field.value)) : null }));
    } catch (problem) {
      this.app.toast(problem.message, "error");
      this.hear({ card });
    }
  }
}

/** The notes of one document, to be unfolded; `go(start, end)` shows a place. */
export class NoteList {
  constructor(api, go) {
    Object.assign(this, { api, go });
    this.summary = el("summary", {});
    this.list = el("ul", { "aria-label": "Notes" });
    this.element = el("details", { class: "viewer-notes", hidden: true }, this.summary, this.list);
    style("/ui/notes/notes.css");
  }

  async show(corpus, document) {
    const mine = (this.asked = `${corpus}/${document}`);
    this.element.hidden = true;
    const { notes } = await this.api.get(`/api/corpora/${encodeURIComponent(corpus)}/documents/${document}/notes`).catch(() => ({ notes: [] }));
    if (mine !== this.asked || !notes.length) return;
    this.summary.textContent = `${many(notes.length, "note")} by ${line(notes[0].model, 80)}`;
    put(this.list, notes.map((note) => el("li", {}, el("button", { class: `note ${note.kind}`, type: "button", title: line(note.place, 200),
      on: { click: () => this.go(note.start, note.end) } }, el("span", { class: "note-kind" }, KINDS[note.kind] ?? ""), el("span", { dir: "auto" }, line(note.text, 240))))));
    this.element.hidden = false;
  }
}
