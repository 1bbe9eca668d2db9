// The Library view: folders and uploads as cards, what is being read, and the documents of one card.
//
// ?view=library&corpus=ID shows one card; with &doc=N, and &start= and &end=, a document of it with a place marked. Cards
// and what stands around them are laid out by app/library/shown.

import { Detail } from "/ui/library/detail.js";
import { renamed, told, unlocked } from "/ui/library/dialogs.js";
import { dropped, droppable } from "/ui/library/drop.js";
import { Readings } from "/ui/library/readings.js";
import { chosen } from "/ui/library/sending.js";
import { createViewer } from "/ui/library/viewer/viewer.js";
import { confirmed, find, focusAfter, put, style } from "/ui/shell/dom.js";
import { built, line } from "/ui/shell/text/text.js";
import { parts, pressed, renew } from "/ui/shell/text/trees.js";

const CHANGES = ["corpora", "runs", "models"]; // kinds of news that change the cards

export async function mount(host, app) {
  style("/ui/library/library.css");
  createViewer(app);
  const { frame } = await app.api.get("/api/library");
  new Library(host, app, frame).start();
}

class Library {
  constructor(host, app, frame) {
    this.app = app;
    this.shown = null; // cards, and heads of cards that are open, as trees
    this.readings = new Readings(app, { visible: () => this.visible, changed: () => this.later() });
    put(host, this.readings.element, frame.map((tree) => built(tree)));
    this.overview = find(".overview", host);
    Object.assign(this, parts(this.overview)); // summary, path, wrong, list
    this.detail = new Detail(this, find(".corpus-detail", host));
  }

  start() {
    const { app, overview } = this;
    for (const place of [overview, this.detail.element]) pressed(place, this.does());
    overview.addEventListener("change", ({ target }) => this.changed(target));
    overview.addEventListener("submit", (event) => this.submit(event));
    this.path.addEventListener("keydown", (event) => this.inPath(event));
    this.path.addEventListener("input", () => put(this.wrong));
    droppable(document, document.body, "dropping", (transfer) => this.drop(transfer), () => this.visible);
    app.shortcut("/", () => (this.detail.open ? this.detail.search : this.path).focus(), () => this.visible);
    app.on("view", () => this.visible && this.look());
    if (this.visible) this.look();
    app.live.on("app", (news) => this.news(news));
    this.load();
  }

  /** What the buttons of the cards and of the documents do. */
  does() {
    const { app } = this, at = (card) => `/api/corpora/${card}`;
    return {
      choose: ({ field }) => Object.assign(find(`#${field}`), { value: "" }).click(),
      back: () => app.go("library"),
      documents: ({ card, problems }) => app.go("library", { corpus: card, problems }),
      ask: ({ corpus }) => app.go("ask", { corpus }),
      run: ({ run }) => app.openRun(run),
      place: (place) => this.detail.openPlace(place),
      sample: () => this.act("post", "/api/corpora", { sample: true }),
      watch: ({ card }, button) => this.act("put", `${at(card)}/watching`, { on: button.ariaPressed !== "true" }),
      rescan: ({ card }) => this.act("post", `${at(card)}/rescan`),
      unlock: ({ card, title, words }) =>
        unlocked(title, words, (passwords) => this.send("post", `${at(card)}/unlock`, { passwords })),
      rename: ({ card, name }) => renamed(name, (title) => this.send("patch", at(card), { name: title })),
      remove: ({ card }) => this.remove(card, at(card)),
    };
  }

  get visible() {
    return this.app.state.view === "library";
  }

  look() {
    const { corpus = null, doc, start, end = start } = this.app.state, link = doc === undefined ? null : location.search;
    this.overview.hidden = Boolean(corpus);
    if (corpus !== this.detail.open) this.detail.show(corpus);
    const place = start === undefined ? {} : { start: Number(start), end: Number(end) };
    if (link && link !== this.link) this.app.openDocument(corpus, Number(doc), place);
    this.link = link;
    this.load();
  }

  news({ kind, ...facts }) {
    if (kind === "progress") this.readings.tell(facts);
    else if (kind === "notes") this.noted(facts);
    else if (kind === "reconnected" || (this.visible && CHANGES.includes(kind))) this.later();
  }

  /** Show how far the notes of a card are. */
  noted({ card, shown }) {
    const form = find(`[data-notes="${CSS.escape(card)}"]`, this.list);
    if (form) renew(form, shown);
    if (form && !form.matches(":focus-within")) form.reset(); // to what the app has
    if (this.answered !== this.asked) this.later(); // what is on its way may be older
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), 120);
  }

  async load() {
    const mine = (this.asked = (this.asked ?? 0) + 1);
    try {
      const found = await this.app.api.get("/api/corpora");
      if (mine !== this.asked) return;
      this.answered = mine;
      this.app.old("Library");
      this.shown = found.shown;
      for (const job of found.jobs) this.readings.tell({ ...job, what: job.kind }, false);
      this.draw();
    } catch (problem) {
      if (mine === this.asked && this.visible) this.app.old("Library", problem, () => this.load());
    }
  }

  draw() {
    this.summary.textContent = this.shown.summary;
    renew(this.list, this.shown.cards);
    for (const form of this.list.querySelectorAll("form:not(:focus-within)")) form.reset(); // to what the app has
    this.list.dataset.loaded = "true";
    this.readings.draw();
    this.detail.draw();
  }

  // --- adding ---------------------------------------------------------------------------------------------------

  inPath(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.path.form.requestSubmit();
    }
  }

  async submit(event) {
    event.preventDefault();
    if (event.target !== this.path.form) return;
    put(this.wrong);
    const focus = focusAfter();
    const { value } = this.path;
    try {
      await this.send("post", "/api/corpora", { paths: value.split("\n") });
      if (this.path.value === value) this.path.value = ""; // what was written since stays
    } catch (problem) {
      put(this.wrong, problem.message);
      focus(this.path);
    }
  }

  async drop(transfer) {
    try {
      this.upload(await dropped(transfer));
    } catch (problem) {
      this.app.toast(`What was dropped could not be read: ${problem.message}`, "error");
    }
  }

  /** A field of the overview was changed: files were chosen, or the switch of the notes of a card. */
  changed({ type, files, form }) {
    if (type === "file") this.upload(chosen(files));
    else if (form.dataset.notes) this.note(form);
  }

  upload(files) {
    if (this.readings.send(files)) this.app.go("library");
  }

  // --- what is done with a card -----------------------------------------------------------------------------------

  /** Send a request; a job that it gives is followed. Throws what is refused. */
  async send(method, path, body) {
    const found = await this.app.api[method](path, body);
    if (found.job) this.readings.tell({ ...found, what: found.kind });
    else await this.load();
  }

  /** Send a request; a refusal is said. */
  act(method, path, body) {
    return this.send(method, path, body).catch((problem) => this.app.toast(problem.message, "error"));
  }

  /** Make notes of a card as its switch says; what is refused is put back. */
  async note(form) {
    const { on, budget } = form.elements;
    const tokens = budget.value ? Math.round(budget.valueAsNumber) : null;
    await this.act("put", `/api/notes/${form.dataset.notes}`, { on: on.checked, budget: tokens });
    form.reset();
  }

  async remove(card, address) {
    const { api } = this.app;
    const { of } = this.shown.heads.find((head) => head.of.includes(card)) ?? { of: [card] };
    try {
      const before = await api.get(`${address}/deletion`);
      const title = `Delete “${line(before.name, 80)}”?`;
      if (!(await confirmed(title, before.shown.map((tree) => built(tree)), "Delete for good"))) return;
      const words = `Deleting ${line(before.name, 80)}: its text is being erased from the disk…`;
      const receipt = await this.app.during(words, api.del(address));
      if (this.detail.open) this.app.go("library", {}, { replace: true });
      this.app.closeDocument(of);
      await this.load();
      await told(receipt);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }
}
