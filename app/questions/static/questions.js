// The Lists view: follow a list of questions, stop and go on; sort, filter and save the answers.
//
// The form is Gradio's (app/questions/page.py); that it began a list is heard as news, like all that goes on.

import { linkTo } from "/ui/forms/link.js";
import { el, find, formCard, icon, put, style } from "/ui/shell/dom.js";
import { count, duration, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";
import { columns, sorted, wanted } from "/ui/questions/rows.js";

const REFETCH = 1200; // milliseconds between two looks at the rows while a list is asked
const PAGE = 200; // rows that are shown at first
const STATUS = { open: "Not asked", running: "Working", answered: "Answered", unanswered: "No answer", interrupted: "Interrupted",
  failed: "Failed", refused: "Refused" };

/** Mount the view into `host`. */
export async function mount(host, app) {
  style("/ui/questions/questions.css");
  const view = new View(host, app);
  view.build();
  if (app.state.view === "questions") view.look();
}

class View {
  constructor(host, app) {
    [this.host, this.app] = [host, app];
    this.state = null; // {lists, running, message}
    this.rows = [];
    this.order = { key: "number", down: false };
    [this.filter, this.status, this.shown, this.timer, this.sure] = ["", "", PAGE, 0, false];
    this.asked = this.answered = 0;
  }

  build() {
    put(this.host,
      el("section", { class: "card questions-side", "aria-labelledby": "lists-title" }, el("h2", { id: "lists-title" }, "Lists"),
        (this.lists = el("ul", { class: "questions-lists" }))),
      (this.main = el("div", { class: "questions-main" })));
    const link = linkTo("questions-link");
    link.heard = (told) => { link.said = told; }; // the next list is called what the form said last
    this.app.live.on("app", (news) => this.form && this.hear(news));
    this.app.on("view", (state) => state.view === "questions" && this.look());
  }

  /** See what is there now. The form does by itself: which documents there are, and at first that it is needed. */
  async look() {
    linkTo("questions-link").let("refresh");
    await (this.form ??= formCard("questions"));
    this.refresh();
  }

  hear(news) {
    if (news.kind === "corpora" || news.kind === "reconnected") this.look();
    if (news.kind !== "questions") return;
    const begun = news.list && this.state && !this.state.lists.some((one) => one.list === news.list);
    if (begun && this.app.state.view === "questions") this.choose(news.list);
    else this.later(news.running ? REFETCH : 0);
  }

  later(wait) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, wait);
  }

  async refresh() {
    if (this.app.state.view !== "questions") return;
    const mine = (this.asked += 1);
    try {
      const state = await this.app.api.get("/api/questions");
      if (mine < this.answered) return; // a later question was answered before
      if (this.state?.running !== state.running) linkTo("questions-link").let("refresh"); // one list is asked at a time
      const begun = this.state && state.lists.find((one) => !this.state.lists.some((old) => old.list === one.list));
      [this.state, this.answered] = [state, mine];
      if (begun) return this.choose(begun.list); // before the news of it
      const chosen = this.app.state.list;
      const there = state.lists.some((one) => one.list === chosen);
      this.list = there ? chosen : state.running ?? state.lists[0]?.list ?? null;
      const rows = this.list ? await this.app.api.get(`/api/questions/${encodeURIComponent(this.list)}/rows`) : [];
      if (mine < this.answered) return;
      this.rows = rows;
    } catch (problem) {
      put(this.main, el("p", { class: "empty" }, problem.message));
      return;
    }
    this.showLists();
    this.showList();
  }

  // --- the lists ------------------------------------------------------------------------------------------------

  choose(list) {
    [this.shown, this.filter, this.status, this.sure] = [PAGE, "", "", false];
    this.app.go("questions", { list });
  }

  showLists() {
    if (!this.state.lists.length) return put(this.lists, el("li", { class: "muted" }, "None yet."));
    put(this.lists, this.state.lists.map((one) => el("li", {}, el("button", { class: "questions-pick", type: "button", "aria-pressed": String(one.list === this.list),
      on: { click: () => this.choose(one.list) } },
      el("span", { dir: "auto" }, line(one.title || one.list, 80)), el("span", { class: "small muted" }, `${line(one.corpus_name ?? "", 60)} · ${progress(one)}`)))));
  }

  // --- one list ---------------------------------------------------------------------------------------------------

  showList() {
    const one = this.state.lists.find((other) => other.list === this.list);
    const held = this.main.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const at = held === "filter" ? document.activeElement.selectionStart : 0;
    if (!one) {
      put(this.main, el("section", { class: "card" }, el("h2", {}, "Many questions at once"),
        el("p", {}, "Every question becomes a row with its answer and its sources, and every row is a run that you can open. "
          + "A list may be stopped at any time; going on asks only what has no answer yet."),
        el("p", { class: "muted" }, "Nothing has been asked yet.")));
      return;
    }
    const running = this.state.running === one.list;
    const name = encodeURIComponent(one.list);
    const save = (kind) => el("a", { class: "button", href: `/api/questions/${name}/table.${kind}`, download: `answers.${kind}`, dataset: { focus: kind } }, icon("download"), kind.toUpperCase());
    put(this.main,
      el("section", { class: "card questions-head", "aria-labelledby": "list-title" },
        el("h2", { id: "list-title", dir: "auto" }, line(one.title || one.list, 120)),
        el("p", { class: "muted", id: "list-progress", role: "status" }, `${line(one.corpus_name ?? "", 80)} · ${progress(one)}`),
        el("div", { class: "meter", role: "progressbar", "aria-labelledby": "list-title", "aria-valuemin": "0", "aria-valuemax": String(one.rows), "aria-valuenow": String(one.rows - one.left) },
          el("i", { style: { width: `${(100 * (one.rows - one.left)) / Math.max(1, one.rows)}%` } })),
        this.state.message && !running && el("p", { class: "small questions-message" }, icon("warning"), this.state.message),
        el("div", { class: "row questions-tools" },
          running ? this.tool("stop", "Stop", "danger", () => this.act("post", "/api/questions/stop"))
            : one.left > 0 && this.tool("play", `Go on with ${count(one.left)}`, "primary", () => this.act("post", `/api/questions/${name}/resume`), this.state.running),
          save("csv"), save("xlsx"), el("span", { class: "grow" }),
          !running && this.tool("trash", this.sure ? `Delete ${many(one.rows, "row")} with their runs?` : "Delete", "danger", () => this.remove(name)))),
      this.tools(), this.table());
    if (held) {
      const again = find(`[data-focus="${CSS.escape(held)}"]`, this.main) ?? find("[data-focus]", this.main);
      again?.focus({ preventScroll: true });
      if (held === "filter") again.setSelectionRange(at, at);
    }
  }

  tool(name, text, kind, run, disabled = false) {
    return el("button", { class: `button ${kind}`, type: "button", dataset: { focus: name === "play" ? "stop" : name }, disabled: Boolean(disabled), on: { click: run } }, icon(name), text);
  }

  async act(method, path) {
    try {
      await this.app.api[method](path);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }

  async remove(name) {
    if (!this.sure) { // the second press does it, while the button says what that means
      this.sure = true;
      setTimeout(() => { this.sure = false; this.showList(); }, 6000);
      return this.showList();
    }
    this.sure = false;
    await this.act("del", `/api/questions/${name}`);
  }

  tools() {
    const kinds = [...new Set(this.rows.map((row) => row.status))];
    return el("div", { class: "row questions-filter" },
      el("input", { class: "field grow", type: "search", value: this.filter, placeholder: "Filter", "aria-label": "Filter the rows", dataset: { focus: "filter" },
        on: { input: (event) => { this.filter = event.target.value; this.shown = PAGE; this.showList(); } } }),
      el("select", { class: "field", "aria-label": "Status", dataset: { focus: "status" }, on: { change: (event) => { this.status = event.target.value; this.showList(); } } },
        el("option", { value: "" }, "All rows"), kinds.map((kind) => el("option", { value: kind, selected: kind === this.status }, STATUS[kind] ?? kind))));
  }

  table() {
    const each = this.rows.some((row) => row.name);
    const rows = sorted(wanted(this.rows, this.filter, this.status), this.order);
    const head = columns(each).map(([key, label]) => el("th", { scope: "col", class: `col-${key}`, "aria-sort": this.order.key !== key ? "none" : this.order.down ? "descending" : "ascending" },
      el("button", { class: "questions-sort", type: "button", dataset: { focus: `sort-${key}` }, on: { click: () => this.sort(key) } }, label,
        this.order.key === key && el("span", { "aria-hidden": "true" }, this.order.down ? " ↓" : " ↑"))));
    const body = rows.slice(0, this.shown).map((row) => this.row(row, each));
    const more = rows.length - this.shown;
    return el("div", { class: "questions-scroll", tabindex: "0", role: "region", "aria-label": "Answers" },
      el("table", { class: "questions-table" }, el("thead", {}, el("tr", {}, head)), el("tbody", {}, body)),
      !rows.length && el("p", { class: "empty" }, "No row is like this."),
      more > 0 && el("button", { class: "plain", type: "button", dataset: { focus: "more" }, on: { click: () => { this.shown += 5 * PAGE; this.showList(); } } }, `Show more of ${count(more)}`));
  }

  sort(key) {
    this.order = { key, down: this.order.key === key && !this.order.down };
    this.showList();
  }

  row(row, each) {
    const said = row.answer ?? (row.reason ? line(row.reason, 200) : STATUS[row.status] ?? row.status);
    const open = row.run && el("button", { class: "plain small", type: "button", dataset: { focus: `run-${row.number}` }, "aria-label": `Open the run of row ${row.number}`,
      on: { click: () => this.app.openRun(row.run) } }, "Open");
    return el("tr", { dataset: { status: row.status } },
      el("td", { class: "num" }, String(row.number)),
      each && el("td", {}, line(row.name, 120)),
      el("td", { dir: "auto" }, line(row.question, 400)),
      el("td", { dir: "auto", class: row.answer === null ? "muted" : "" }, line(said, 600), row.said && el("span", { class: `small questions-said said-${row.agreement}` }, row.said)),
      el("td", { class: "questions-sources" }, row.sources.length ? el("ul", {}, row.sources.map((one) => el("li", { dir: "auto" }, line(one, 160)))) : "", row.more ? el("span", { class: "small muted" }, `and ${row.more} more`) : ""),
      el("td", {}, STATUS[row.status] ?? row.status),
      el("td", { class: "num" }, typeof row.seconds === "number" ? duration(row.seconds) : ""),
      el("td", {}, open));
  }
}

function progress(one) {
  const answered = one.counts.answered ?? 0;
  const rest = one.left ? `, ${count(one.left)} to ask` : "";
  return `${count(answered)} of ${many(one.rows, "row")} answered${rest}`;
}
