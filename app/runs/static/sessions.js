// The Sessions view: all past sessions, newest first, with search over questions, answers, code and outputs.
//
// The app lays it out (`app/runs/listing`). A row opens on Enter or a click; F2 renames it in place, Delete removes it
// after a question and says what went.

import { confirmed, dialog, el, find, focusAfter, put } from "/ui/shell/dom.js";
import { saveReceipt } from "/ui/shell/receipt.js";
import { built, line } from "/ui/shell/text/text.js";
import { pressed, renew } from "/ui/shell/text/trees.js";

const WAIT = 160; // milliseconds after the last key before the search is sent
const PAGE = 100;

export function mount(host, app) {
  return new SessionsView(host, app).start();
}

class SessionsView {
  constructor(host, app) {
    Object.assign(this, { host, app, limit: PAGE, asked: 0 });
    this.first = ""; // the run that is to be compared with another
  }

  start() {
    const { app, host } = this;
    pressed(host, {
      run: ({ run, node }) => app.openRun(run, node),
      ask: () => app.go("ask"),
      more: () => { this.limit += PAGE; this.load(); },
      rename: (_, button) => this.rename(button.closest(".session")),
      remove: (_, button) => this.remove(button.closest(".session")),
      compare: ({ run }) => this.chosen(run),
    });
    host.addEventListener("input", ({ target }) => target.matches(".session-search") && this.later());
    host.addEventListener("change", ({ target }) => target.matches("select") && this.load());
    host.addEventListener("keydown", (event) => this.key(event));
    app.on("view", ({ view }) => view === "sessions" && this.shown());
    app.live.on("app", ({ kind }) => this.visible && ["runs", "sessions", "corpora", "reconnected"].includes(kind) && this.later(400));
    app.shortcut("/", () => this.search?.focus(), () => this.visible);
    this.load(); // what is there when the view is first looked at takes keys at once
    return this;
  }

  get visible() {
    return this.app.state.view === "sessions";
  }

  get search() {
    return find(".session-search", this.host);
  }

  shown() {
    this.load();
    const { left, right } = this.app.state;
    if (left && right) this.compare(left, right);
  }

  later(wait = WAIT) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.load(), wait);
  }

  async load() {
    clearTimeout(this.timer);
    const mine = (this.asked += 1);
    const corpus = find("select", this.host)?.value ?? "";
    const query = new URLSearchParams({ query: this.search?.value ?? "", corpus, limit: this.limit, first: this.first });
    try {
      const found = await this.app.api.get(`/api/sessions/shown?${query}`);
      if (mine !== this.asked) return;
      this.app.old("Sessions");
      if (!find(".session-rename", this.host)) renew(this.host, found);
    } catch (problem) {
      if (mine !== this.asked) return;
      if (!this.search) put(this.host, el("p", { class: "empty" }, problem.message));
      else if (this.visible) this.app.old("Sessions", problem, () => this.load());
    }
  }

  // --- keyboard -------------------------------------------------------------------------------------------

  key(event) {
    const { target } = event;
    const row = target.closest(".session");
    if (target === this.search) this.leaveSearch(event);
    else if (row && !target.matches(".session-rename")) this.move(event, row);
  }

  move(event, row) {
    const rows = [...this.host.querySelectorAll(".session")];
    const at = rows.indexOf(row);
    const steps = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 };
    if (event.key in steps) rows[steps[event.key]]?.querySelector(".session-open").focus();
    else if (event.key === "F2") this.rename(row);
    else if (event.key === "Delete") this.remove(row);
    else return;
    event.preventDefault();
  }

  leaveSearch(event) {
    if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.load();
    } else if (event.key === "ArrowDown" || event.key === "Enter") {
      find(".session-open", this.host)?.focus();
    } else return;
    event.preventDefault();
  }

  // --- compare, rename, delete ------------------------------------------------------------------------------

  /** Mark a session as one of two; with the second one both are compared. */
  chosen(run) {
    const { first } = this;
    this.first = first ? "" : run;
    if (!first) this.app.toast("Choose the session to compare it with.");
    else if (first !== run) return this.app.go("sessions", { left: first, right: run });
    this.load();
  }

  /** Show two runs side by side, as the app compared them (`app/runs/answer/comparison.py`), until that is closed. */
  async compare(left, right) {
    try {
      const { title, panel } = await this.app.api.get(`/api/compare?${new URLSearchParams({ left, right })}`);
      const run = await dialog(title, (close) => {
        const shown = built(panel);
        pressed(shown, { run: (data) => close(data.run), close: () => close() });
        return [shown];
      }, "comparison");
      if (run) return this.app.openRun(run);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    if (this.visible) this.app.go("sessions", {}, { replace: true });
  }

  rename(row) {
    const { key, title } = row.dataset;
    const open = find(".session-open", row);
    const field = el("input", { class: "field session-rename", value: title, maxLength: 200, "aria-label": "Title of the session" });
    const before = field.value.trim(); // a field has one line, a question may have several
    let done = false;
    const end = async (keep) => {
      if (done) return;
      done = true;
      const wanted = field.value.trim();
      const held = document.activeElement === field; // else a person left it for something else
      field.replaceWith(open);
      if (held) open.focus();
      if (keep && wanted !== before) await this.save(key, wanted);
      this.load();
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      end(event.key === "Enter");
    });
    field.addEventListener("blur", () => end(true));
    open.replaceWith(field);
    field.focus();
    field.select();
  }

  async save(session, title) {
    try {
      await this.app.api.patch(`/api/sessions/${encodeURIComponent(session)}`, { title });
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
  }

  async remove(row) {
    const { key, title, questions } = row.dataset;
    const sure = await confirmed("Delete this session?", [
      el("p", { dir: "auto" }, line(title, 300)),
      el("p", { class: "muted" }, `${questions} with everything that was recorded: answers, cells, outputs. This cannot be undone.`)], "Delete");
    if (!sure) return;
    const focus = focusAfter();
    const next = row.nextElementSibling?.dataset.key;
    try {
      const { told, ...receipt } = await this.app.during("Deleting the session: its text is being erased from the disk…",
        this.app.api.del(`/api/sessions/${encodeURIComponent(key)}`));
      this.app.toast(told, "ok", { label: "Save the receipt", run: () => saveReceipt(receipt) });
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.load();
    focus(find(`${next ? `[data-key="${CSS.escape(next)}"] ` : ""}.session-open`, this.host));
  }
}
