// The Library view: folders and uploads as cards, what is being read, and the documents of one card.
//
// ?view=library&corpus=ID shows one card; with &doc=N, and &start= and &end=, a document of it with a place marked.

import { Detail } from "/ui/library/detail.js";
import { el, icon, keyed, put, style } from "/ui/shell/dom.js";
import { confirmed, renamed, told, unlocked } from "/ui/library/dialogs.js";
import { Readings } from "/ui/library/readings.js";
import { chosen, dropped } from "/ui/library/sending.js";
import { many } from "/ui/shell/text/figures.js";
import { built, line } from "/ui/shell/text/text.js";
import { createViewer } from "/ui/library/viewer/viewer.js";
import { NoteSwitches } from "/ui/notes/notes.js";

export function mount(host, app) {
  createViewer(app);
  return new Library(host, app).start();
}

class Library {
  constructor(host, app) {
    Object.assign(this, { host, app });
    this.cards = [];
    this.readings = new Readings(app, { visible: () => this.visible, changed: () => this.later() });
    this.notes = new NoteSwitches(app);
    style("/ui/library/library.css");
    this.build();
  }

  build() {
    this.summary = el("span", { class: "muted small", role: "status" });
    this.path = el("textarea", { class: "field mono", rows: 1, spellcheck: false, placeholder: "/home/me/papers", "aria-label": "Path of a folder or file",
      autocomplete: "off", on: { keydown: (event) => this.inPath(event), input: () => this.pathProblem("") } });
    this.pathError = el("p", { class: "path-error", role: "alert", hidden: true });
    this.folders = el("input", { type: "file", multiple: true, hidden: true, on: { change: (event) => this.take(event) } });
    this.folders.webkitdirectory = true;
    this.files = el("input", { type: "file", multiple: true, hidden: true, on: { change: (event) => this.take(event) } });
    this.folders.id = "choose-folder";
    this.files.id = "choose-files";
    this.zone = el("div", { class: "drop-zone" }, icon("upload"),
      el("span", {}, "Drop folders or files here, or ",
        el("button", { class: "plain", type: "button", on: { click: () => this.folders.click() } }, "choose a folder"), " or ",
        el("button", { class: "plain", type: "button", on: { click: () => this.files.click() } }, "files"), "."),
      el("span", { class: "muted small" }, "They are copied into Taproot’s private folder."));
    this.adding = el("section", { class: "card adding", "aria-label": "Add documents" },
      el("form", { class: "add-path", on: { submit: (event) => this.addPath(event) } },
        el("h3", {}, "Add a folder"),
        el("div", { class: "row" }, this.path, el("button", { class: "button primary", type: "submit" }, "Add")),
        this.pathError,
        el("p", { class: "muted small" }, "Read where it is, never moved or changed. Several paths: one on each line.")),
      this.zone, this.folders, this.files);
    this.list = el("ul", { class: "corpora", "aria-label": "Corpora" });
    this.overview = el("div", { class: "overview" },
      el("div", { class: "library-bar" }, el("h2", {}, "Library"), this.summary), this.adding, this.list);
    this.detail = new Detail(this);
    put(this.host, this.readings.element, this.overview, this.detail.element);
  }

  start() {
    const { app } = this;
    app.on("view", () => this.visible && this.shown());
    if (this.visible) this.shown();
    app.live.on("app", (news) => this.news(news));
    app.shortcut("/", () => (this.detail.open ? this.detail.search : this.path).focus(), () => this.visible && !this.typing());
    for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => this.over(event));
    document.addEventListener("dragleave", (event) => event.relatedTarget === null && this.leave());
    document.addEventListener("drop", (event) => this.drop(event));
    this.load();
    return this;
  }

  get visible() {
    return this.app.state.view === "library";
  }

  typing() {
    return document.activeElement?.matches?.("input, textarea, select");
  }

  shown() {
    const { corpus, doc, start, end } = this.app.state, link = doc === undefined ? null : location.search;
    if ((corpus ?? null) !== this.detail.open) this.show(corpus ?? null);
    if (link && link !== this.link) this.app.openDocument(corpus, Number(doc), start === undefined ? {} : { start: Number(start), end: Number(end ?? start) });
    this.link = link;
    this.notes.load();
    this.load();
  }

  async news({ kind, ...facts }) {
    if (kind === "progress") this.readings.tell(facts);
    else if (kind === "reconnected" || ((kind === "corpora" || kind === "runs") && this.visible)) this.later();
  }

  later(wait = 120) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), wait);
  }

  async load() {
    const mine = (this.asked = (this.asked ?? 0) + 1);
    try {
      const found = await this.app.api.get("/api/corpora");
      if (mine !== this.asked) return;
      this.cards = found.corpora;
      this.noSample = found.sample_deleted;
      for (const job of found.jobs) this.readings.tell({ ...job, what: job.kind }, false);
      this.draw();
    } catch (problem) {
      if (mine === this.asked && this.visible) this.app.toast(problem.message, "error");
    }
  }

  draw() {
    const documents = this.cards.reduce((sum, card) => sum + card.documents, 0);
    this.summary.textContent = this.cards.length ? `${many(documents, "document")} in ${many(this.cards.length, "collection")}` : "";
    const cards = this.cards.map((card) =>
      [card.card, [card, this.readings.busy(card.card)], () => this.card(card)]);
    keyed(this.list, this.noSample ? [...cards, ["sample", "deleted", () => this.sampleCard()]] : cards);
    this.list.dataset.loaded = "true";
    this.readings.draw();
    this.detail.draw();
  }

  show(name) {
    this.overview.hidden = Boolean(name);
    this.detail.show(name);
  }

  // --- cards ----------------------------------------------------------------------------------------------------

  card(card) {
    const busy = this.readings.busy(card.card);
    return el("li", { class: "card corpus", dataset: { card: card.card, id: card.id } },
      el("div", { class: "corpus-top" },
        el("button", { class: "corpus-name", type: "button", dir: "auto", on: { click: () => this.app.go("library", { corpus: card.card }) } }, line(card.name, 200)),
        this.tools(card, busy)),
      el("p", { class: "corpus-source", title: card.sources.map((one) => line(one, 1000)).join("\n") }, built(card.shown.source)),
      el("p", { class: "corpus-facts" }, card.shown.facts.map((tree) => built(tree))),
      el("div", { class: "corpus-chips" },
        card.problems > 0 && el("button", { class: "chip warn", type: "button", on: { click: () => this.openProblems(card) } }, icon("warning"), many(card.problems, "problem")),
        busy && el("span", { class: "chip info" }, "being read"),
        card.watched && el("span", { class: "chip" }, "watched"),
        el("span", { class: "muted small", title: new Date(card.updated * 1000).toLocaleString() }, card.shown.read)),
      this.notes.element(card),
      card.questions.length > 0 && el("ul", { class: "corpus-questions", "aria-label": "Last questions" }, card.questions.map((run) => el("li", {},
        el("button", { class: "question-link", type: "button", dir: "auto", on: { click: () => this.app.openRun(run.run) } }, icon("ask"), el("span", {}, line(run.question, 160)))))),
      el("div", { class: "corpus-foot" },
        el("button", { class: "button", type: "button", on: { click: () => this.app.go("library", { corpus: card.card }) } }, "Documents"),
        el("button", { class: "button", type: "button", on: { click: () => this.ask(card) } }, icon("ask"), "Ask")));
  }

  tools(card, busy) {
    const tool = (name, label, run, off = false, more = {}) => el("button", { class: "quiet", type: "button", title: label, "aria-label": `${label}: ${line(card.name, 80)}`, disabled: off,
      on: { click: run }, ...more }, icon(name));
    return el("span", { class: "corpus-tools" },
      card.kind === "folder" && tool("eye", card.watched ? "Watched: read again when something changes" : "Watch: read again when something changes",
        () => this.watch(card), false, { "aria-pressed": String(card.watched), dataset: { focus: `watch-${card.card}` } }),
      card.kind !== "upload" && tool("refresh", "Read the folder again", () => this.rescan(card), busy),
      card.locked > 0 && tool("key", `Unlock ${many(card.locked, "file")} with a password`, () => this.unlock(card), busy),
      tool("edit", "Rename", () => this.rename(card)),
      tool("trash", "Delete", () => this.remove(card), busy));
  }

  sampleCard() {
    return el("li", { class: "card corpus absent" }, el("p", { class: "muted" }, "The sample documents were deleted."),
      el("button", { class: "button", type: "button", on: { click: () => this.act(this.app.api.post("/api/corpora", { sample: true })) } }, "Bring them back"));
  }

  ask(card) {
    this.app.go("ask", { corpus: card.id });
  }

  openProblems(card) {
    this.app.go("library", { corpus: card.card, problems: 1 });
  }

  // --- adding ---------------------------------------------------------------------------------------------------

  inPath(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.adding.querySelector("form").requestSubmit();
    }
  }

  async addPath(event) {
    event.preventDefault();
    this.pathProblem("");
    try {
      const job = await this.app.api.post("/api/corpora", { paths: this.path.value.split("\n") });
      this.path.value = "";
      this.readings.tell({ ...job, what: job.kind });
    } catch (problem) {
      this.pathProblem(problem.message);
      this.path.focus();
    }
  }

  pathProblem(text) {
    this.pathError.textContent = text;
    this.pathError.hidden = !text;
    this.path.classList.toggle("wrong", Boolean(text));
    this.path.rows = Math.min(6, this.path.value.split("\n").length);
  }

  take(event) {
    const files = chosen(event.target);
    event.target.value = "";
    this.send(files);
  }

  over(event) {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files") || !this.visible) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.body.classList.add("dropping");
  }

  leave() {
    document.body.classList.remove("dropping");
  }

  async drop(event) {
    if (!this.visible || ![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    this.leave();
    try {
      this.send(await dropped(event.dataTransfer));
    } catch (problem) {
      this.app.toast(`What was dropped could not be read: ${problem.message}`, "error");
    }
  }

  send(files) {
    if (this.readings.send(files)) this.app.go("library");
  }

  /** Wait for a request that gives a job; a refusal is said. */
  async act(request, isJob = true) {
    try {
      const found = await request;
      if (isJob) this.readings.tell({ ...found, what: found.kind });
      return found;
    } catch (problem) {
      this.app.toast(problem.message, "error");
      return null;
    }
  }

  // --- what is done with a card -----------------------------------------------------------------------------------

  rescan(card) {
    return this.act(this.app.api.post(`/api/corpora/${card.card}/rescan`));
  }

  async unlock(card) {
    const words = `${many(card.locked, "file is", "files are")} protected by a password.`;
    await unlocked(`Unlock files of “${line(card.name, 80)}”`, words, async (passwords) => {
      const job = await this.app.api.post(`/api/corpora/${card.card}/unlock`, { passwords });
      this.readings.tell({ ...job, what: job.kind });
    });
  }

  watch(card) {
    return this.act(this.app.api.put(`/api/corpora/${card.card}/watching`, { on: !card.watched }), false).then(() => this.load());
  }

  async rename(card) {
    await renamed(card.name, async (name) => {
      await this.app.api.patch(`/api/corpora/${card.card}`, { name });
      await this.load();
    });
  }

  async remove(card) {
    let before;
    try {
      before = await this.app.api.get(`/api/corpora/${card.card}/deletion`);
    } catch (problem) {
      this.app.toast(problem.message, "error");
      return;
    }
    if (!(await confirmed(before))) return;
    try {
      const receipt = await this.app.during(`Deleting ${line(card.name, 80)}: its text is being erased from the disk…`,
        this.app.api.del(`/api/corpora/${card.card}`));
      if (this.detail.open) this.app.go("library", {}, { replace: true });
      this.app.closeDocument();
      await this.load();
      await told(receipt);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }
}
