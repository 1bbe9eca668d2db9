// The Sessions view: all past sessions, newest first, with search over questions, answers, code and outputs.
//
// A row opens on Enter or a click; F2 renames it in place, Delete removes it after a question and says what went.

import { dialog, el, find, keyed, put } from "/ui/shell/dom.js";
import { openComparison } from "/ui/runs/checks/compare.js";
import { saveReceipt } from "/ui/shell/receipt.js";
import { when } from "/ui/runs/run_head.js";
import { many } from "/ui/shell/text/figures.js";
import { built, line } from "/ui/shell/text/text.js";

const WAIT = 160; // milliseconds after the last key before the search is sent
const PAGE = 100;

export function mount(host, app) {
  return new SessionsView(host, app).start();
}

class SessionsView {
  constructor(host, app) {
    this.app = app;
    this.limit = PAGE;
    this.asked = 0;
    this.search = el("input", { class: "field session-search", type: "search", placeholder: "Search questions, answers, code and outputs",
      "aria-label": "Search sessions", autocomplete: "off", on: { input: () => this.later(), keydown: (event) => this.leaveSearch(event) } });
    this.corpus = el("select", { class: "field", "aria-label": "Documents", on: { change: () => this.load() } });
    this.found = el("span", { class: "muted small", role: "status" });
    this.list = el("ul", { class: "sessions", "aria-label": "Sessions", on: { keydown: (event) => this.key(event), click: (event) => this.press(event) } });
    this.more = el("button", { class: "button", type: "button", hidden: true, on: { click: () => { this.limit += PAGE; this.load(); } } }, "Show more");
    put(host,
      el("div", { class: "session-bar" }, el("h2", {}, "Sessions"), el("span", { class: "grow" }), this.found, this.corpus, this.search),
      this.list, this.more);
  }

  start() {
    const { app } = this;
    app.on("view", ({ view }) => view === "sessions" && this.shown());
    app.live.on("app", ({ kind }) => this.visible && ["runs", "sessions", "corpora", "reconnected"].includes(kind) && this.later(400));
    app.shortcut("/", () => this.search.focus(), () => this.visible);
    return this;
  }

  get visible() {
    return this.app.state.view === "sessions";
  }

  shown() {
    this.load();
    const { left, right } = this.app.state;
    if (left && right) this.compare(left, right);
  }

  /** Mark a session as one of two; with the second one both are compared. */
  chosen(one, button) {
    const run = one.runs.at(-1);
    const first = this.first;
    this.first?.button.setAttribute("aria-pressed", "false");
    this.first = null;
    if (first?.run === run) return;
    if (first) return this.app.go("sessions", { left: first.run, right: run });
    this.first = { run, button };
    button.setAttribute("aria-pressed", "true");
    this.app.toast("Choose the session to compare it with.");
  }

  async compare(left, right) {
    try {
      await openComparison(this.app, left, right);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    if (this.visible) this.app.go("sessions", {}, { replace: true });
  }

  later(wait = WAIT) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), wait);
  }

  async load() {
    clearTimeout(this.timer);
    const mine = (this.asked += 1);
    const query = new URLSearchParams({ query: this.search.value.trim(), limit: this.limit });
    if (this.corpus.value) query.set("corpus", this.corpus.value);
    try {
      const [sessions, corpora] = await Promise.all([this.app.api.get(`/api/sessions?${query}`), this.corpora()]);
      if (mine !== this.asked || this.list.querySelector(".session-rename")) return;
      this.showCorpora(corpora);
      this.show(sessions);
    } catch (problem) {
      if (mine === this.asked) put(this.list, el("li", { class: "empty" }, problem.message));
    }
  }

  async corpora() {
    try {
      const found = await this.app.api.get("/api/corpora");
      return Array.isArray(found) ? found : (found.corpora ?? []);
    } catch {
      return []; // the list works without the filter
    }
  }

  showCorpora(corpora) {
    const chosen = this.corpus.value;
    put(this.corpus, el("option", { value: "" }, "All documents"),
      corpora.map((one) => el("option", { value: one.id, selected: one.id === chosen }, line(one.name ?? one.id, 60))));
    this.corpus.hidden = corpora.length < 2;
  }

  show(sessions) {
    const query = this.search.value.trim();
    this.sessions = sessions;
    this.found.textContent = query ? many(sessions.length, "session") : "";
    this.more.hidden = sessions.length < this.limit;
    keyed(this.list, sessions.length
      ? sessions.map((one) => [one.id, [one.panel, new Date().toDateString()], () => this.item(one)])
      : [["", query, () => this.empty(query)]]);
  }

  empty(query) {
    if (query) return el("li", { class: "empty" }, "Nothing found. Words are looked for in questions, answers, code and outputs.");
    return el("li", { class: "empty" }, el("p", {}, "No question has been asked yet."),
      el("button", { class: "button primary", type: "button", on: { click: () => this.app.go("ask") } }, "Ask one"));
  }

  /** The row of a session as the app made it (`app/runs/listing/session_rows.py`), with its moment in the words of this browser. */
  item(one) {
    const row = built(one.panel);
    const time = find("time", row);
    const started = new Date(time.dataset.at * 1000);
    Object.assign(time, { dateTime: started.toISOString(), title: started.toLocaleString(), textContent: when(started) });
    return row;
  }

  press(event) {
    const button = event.target.closest("button");
    const { run, node, does } = button?.dataset ?? {};
    if (run) this.app.openRun(run, node);
    if (!does) return;
    const one = this.sessions.find(({ id }) => id === button.closest(".session").dataset.id);
    if (does === "compare") this.chosen(one, button);
    else this[does](one);
  }

  row(id) {
    return [...this.list.children].find((row) => row.dataset.id === id);
  }

  // --- keyboard -------------------------------------------------------------------------------------------

  key(event) {
    const row = event.target.closest(".session");
    if (!row || event.target.closest(".session-rename")) return;
    const rows = [...this.list.querySelectorAll(".session")];
    const at = rows.indexOf(row);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in steps) rows[steps[event.key]]?.querySelector(".session-open").focus();
    else if (event.key === "F2") row.querySelector(".session-tools button")?.click();
    else if (event.key === "Delete") row.querySelectorAll(".session-tools button")[1]?.click();
    else return;
    event.preventDefault();
  }

  leaveSearch(event) {
    if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.load();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      this.list.querySelector(".session-open")?.focus();
    } else return;
    event.preventDefault();
  }

  // --- rename, delete ---------------------------------------------------------------------------------------

  rename(one) {
    const row = this.row(one.id);
    const title = row.querySelector(".session-open");
    const field = el("input", { class: "field session-rename", value: one.title || one.question || "", maxLength: 200, "aria-label": "Title of the session" });
    let done = false;
    const end = async (keep) => {
      if (done) return;
      done = true;
      const wanted = field.value.trim();
      field.replaceWith(title);
      title.focus();
      if (keep && wanted !== (one.title || one.question)) await this.save(one, wanted);
      else this.load();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    title.replaceWith(field);
    field.focus();
    field.select();
  }

  async save(one, title) {
    try {
      await this.app.api.patch(`/api/sessions/${encodeURIComponent(one.id)}`, { title });
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    this.load();
  }

  async remove(one) {
    const sure = await dialog("Delete this session?", (close) => [
      el("p", { dir: "auto" }, line(one.title || one.question || "", 300)),
      el("p", { class: "muted" }, `${many(one.runs.length, "question")} with everything that was recorded: answers, cells, outputs. This cannot be undone.`),
      el("div", { class: "confirm-foot" },
        el("button", { class: "button", type: "button", dataset: { first: "true" }, on: { click: () => close(false) } }, "Cancel"),
        el("button", { class: "button danger", type: "button", on: { click: () => close(true) } }, "Delete"))]);
    if (!sure) return;
    const next = this.row(one.id)?.nextElementSibling?.dataset.id;
    try {
      const { told, ...receipt } = await this.app.during("Deleting the session: its text is being erased from the disk…",
        this.app.api.del(`/api/sessions/${encodeURIComponent(one.id)}`));
      this.app.toast(told, "ok", { label: "Save the receipt", run: () => saveReceipt(receipt) });
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.load();
    (this.row(next) ?? this.list).querySelector(".session-open")?.focus();
  }
}
