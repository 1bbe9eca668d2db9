// The Bench view: what is being measured, and how right and how dear each way is by length of the text.
//
// The form is Gradio's (app/bench/page.py); that it began a bench is heard as news, like all that goes on.

import { charts, legend } from "/ui/bench/chart.js";
import { linkTo } from "/ui/forms/link.js";
import { el, find, formCard, icon, put, style } from "/ui/shell/dom.js";
import { left } from "/ui/shell/text/figures.js";

const REFETCH = 1500; // milliseconds between two looks at the results while a bench goes on
const number = (n) => n.toLocaleString("en");
const percent = (share) => `${Math.round(100 * share)} %`;
const key = (row) => `${row.suite} ${row.windows} ${row.method}`;

/** Mount the view into `host`. */
export async function mount(host, app) {
  style("/ui/bench/bench.css");
  const view = new View(host, app);
  view.build();
  if (app.state.view === "bench") view.look();
}

class View {
  constructor(host, app) {
    [this.host, this.app] = [host, app];
    this.open = null; // key of the row whose questions are shown
    this.series = null; // chosen by a person
    this.sure = this.stopping = false;
    this.state = null;
    this.timer = this.asked = this.shown = 0;
  }

  build() {
    put(this.host, (this.main = el("div", { class: "bench-main" })));
    this.app.live.on("app", (news) => this.form && this.hear(news));
    this.app.on("view", (state) => state.view === "bench" && this.look());
  }

  /** See what is there now. The form does by itself: that there is a model, and at first that it is needed. */
  async look() {
    linkTo("bench-link").let("refresh");
    await (this.filling ??= this.fill());
    this.later(0);
  }

  async fill() {
    this.form = await formCard("bench", "#bench-kind", "#bench-lengths", "#bench-progress");
    put(find("#bench-progress"),
      (this.progress = el("div", { class: "bench-progress", hidden: true })),
      (this.message = el("p", { class: "bench-message small", role: "status" })));
  }

  hear(news) {
    if (news.kind === "reconnected" || news.kind === "models") this.look();
    if (news.kind !== "bench") return;
    const changed = Boolean(this.state?.running) !== Boolean(news.running);
    if (this.state) {
      this.state.running = news.running;
      this.state.message = news.message;
      this.showProgress();
    }
    this.later(changed ? 0 : REFETCH);
  }

  later(wait) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, wait);
  }

  async refresh() {
    const mine = (this.asked += 1);
    try {
      const query = this.series ? `?series=${encodeURIComponent(this.series)}` : "";
      const state = await this.app.api.get(`/api/bench${query}`);
      if (mine < this.shown) return; // a later question was answered before
      [this.state, this.shown] = [state, mine];
    } catch (problem) {
      if (!this.state) put(this.main, el("p", { class: "empty" }, problem.message));
      return;
    }
    this.showProgress();
    this.showResults();
  }

  // --- what goes on -----------------------------------------------------------------------------------------------

  showProgress() {
    const { running, message } = this.state;
    const held = this.form.contains(document.activeElement);
    const began = running && this.progress.hidden;
    const ended = !running && !this.progress.hidden;
    if (began) this.series = null; // what is measured now is shown, whatever was chosen
    if (!running) this.stopping = false;
    this.progress.hidden = !running;
    this.form.classList.toggle("running", Boolean(running));
    put(this.message, !running && message ? [icon("warning"), message] : "");
    if (ended) {
      if (held) find("#bench-start")?.focus();
      put(this.progress);
    }
    if (!running) return;
    if (began) {
      put(this.progress,
        el("p", { id: "bench-doing" }),
        (this.meter = el("div", { class: "meter", role: "progressbar", "aria-labelledby": "bench-doing", "aria-valuemin": "0" }, el("i"))),
        el("p", { class: "muted small", id: "bench-count" }),
        el("div", { class: "row" }, el("button", { class: "button danger", type: "button", id: "bench-stop",
          on: { click: () => this.stop() } }, icon("stop"), "Stop")));
      if (held) find("#bench-stop").focus();
    }
    put(find("#bench-doing"), this.stopping ? "Stopping" : running.doing);
    put(find("#bench-count"),
      [`${number(running.done)} of about ${number(running.total)} questions`, running.seconds_left !== null && `about ${left(running.seconds_left)}`].filter(Boolean).join(" · "));
    this.meter.setAttribute("aria-valuemax", String(running.total));
    this.meter.setAttribute("aria-valuenow", String(running.done));
    this.meter.firstChild.style.setProperty("width", `${(100 * running.done) / Math.max(1, running.total)}%`);
  }

  async stop() {
    this.stopping = true; // the button keeps the focus until the form is back
    try {
      await this.app.api.post("/api/bench/stop");
    } catch (problem) {
      this.stopping = false;
      this.app.toast(problem.message, "error");
    }
  }

  // --- results ----------------------------------------------------------------------------------------------------

  showResults() {
    const { report, series } = this.state;
    const focus = this.main.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
    const scrolled = find(".bench-trials ol", this.main)?.scrollTop ?? 0;
    if (!report || !report.rows.length) {
      put(this.main, el("section", { class: "card bench-verdict" },
        el("h2", {}, "What does recursion buy, with this model, on this machine?"),
        el("p", {}, "The bench asks the model questions about texts from half a window to a thousand windows long, and answers "
          + "each in several ways: reading what fits, reading the best passages, reading on with notes, and recursively. "
          + "Each question is a run that you can open."),
        el("p", { class: "muted" }, "Nothing has been measured yet.")));
      return;
    }
    const rows = report.rows;
    const suites = [...new Set(rows.map((row) => row.suite))];
    const methods = this.state.methods.filter((name) => rows.some((row) => row.method === name));
    put(this.main,
      el("section", { class: "card bench-verdict", "aria-labelledby": "bench-title" },
        el("div", { class: "bench-head" },
          el("h2", { id: "bench-title" }, report.model.name),
          el("span", { class: "muted" }, `a window of ${number(report.model.n_ctx)} tokens, ${number(report.trials)} questions`),
          el("span", { class: "grow" }),
          series.length > 1 && this.chooser(series, report.series),
          el("a", { class: "button", href: `/api/bench/${report.series}/chart.png`, download: "taproot-bench.png", dataset: { focus: "png" } },
            icon("download"), "Chart as PNG"),
          el("button", { class: "button danger", type: "button", dataset: { focus: "delete" }, disabled: this.state.running?.series === report.series,
            on: { click: () => this.remove(report) } }, icon("trash"), this.sure ? `Delete ${number(report.trials)} questions with their runs?` : "Delete")),
        report.verdict && el("p", { id: "bench-verdict" }, report.verdict.replace(report.void, "").trim()),
        report.void && el("p", { class: "bench-void" }, icon("warning"), el("span", {}, report.void))),
      el("section", { class: "card bench-suite", "aria-label": "Charts" },
        legend(methods),
        suites.map((suite) => charts(suite, this.state.about[suite] ?? "", rows.filter((row) => row.suite === suite), methods))),
      el("div", {},
        el("h2", { id: "bench-table-title", class: "sr" }, "Figures"),
        el("div", { class: "bench-scroll", tabindex: "0", role: "region", "aria-labelledby": "bench-table-title" }, this.table(rows))));
    if (focus) find(`[data-focus="${CSS.escape(focus)}"]`, this.main)?.focus({ preventScroll: true });
    const list = find(".bench-trials ol", this.main);
    if (list) list.scrollTop = scrolled;
  }

  chooser(series, chosen) {
    return el("select", { class: "field", "aria-label": "Results of", dataset: { focus: "series" }, on: { change: (event) => {
      this.series = event.target.value;
      this.open = null;
      this.refresh();
    } } }, series.map((one) => el("option", { value: one.series, selected: one.series === chosen },
      `${one.model}, ${number(one.n_ctx)} tokens${one.seed ? `, seed ${one.seed}` : ""}`)));
  }

  table(rows) {
    const head = [["Questions", "left"], ["Length", ""], ["Way", "left"], ["Asked", ""], ["Right", ""], ["95 % interval", ""], ["Tokens", ""],
      ["Seconds", ""], ["Calls", ""], ["", ""]];
    return el("table", { class: "bench-table" },
      el("thead", {}, el("tr", {}, head.map(([text, side]) => el("th", { scope: "col", class: side }, text || el("span", { class: "sr" }, "Runs"))))),
      el("tbody", {}, rows.flatMap((row, i) => {
        const name = key(row);
        const first = i > 0 && rows[i - 1].suite !== row.suite;
        const line = el("tr", { class: first ? "bench-first" : "" },
          el("th", { scope: "row", class: "left" }, row.suite),
          el("td", {}, `${number(row.windows)}×`),
          el("td", { class: "left" }, el("span", { class: `bench-dot m-${row.method}` }), row.method),
          el("td", {}, number(row.n)),
          el("td", {}, percent(row.accuracy)),
          el("td", { class: "muted" }, `${Math.round(100 * row.low)}–${percent(row.high)}`),
          el("td", {}, number(row.tokens)),
          el("td", {}, row.seconds.toFixed(2)),
          el("td", {}, String(row.calls)),
          el("td", {}, el("button", { class: "plain small", type: "button", dataset: { focus: name }, "aria-expanded": String(this.open === name),
            "aria-label": `Runs of ${row.suite} at ${row.windows} windows, ${row.method}`, on: { click: () => this.toggle(row) } },
            this.open === name ? "Hide" : "Runs")));
        return this.open === name && this.trials ? [line, el("tr", {}, el("td", { class: "bench-trials", colSpan: 10 }, this.list()))] : [line];
      })));
  }

  async toggle(row) {
    const name = key(row);
    [this.open, this.trials] = [this.open === name ? null : name, null];
    if (this.open) {
      const query = new URLSearchParams({ suite: row.suite, method: row.method, windows: row.windows });
      try {
        this.trials = await this.app.api.get(`/api/bench/${this.state.report.series}/trials?${query}`);
      } catch (problem) {
        this.app.toast(problem.message, "error");
        this.open = null;
      }
    }
    this.showResults();
  }

  list() {
    return el("ol", { tabindex: "0", "aria-label": "Runs" }, this.trials.map((trial) => {
      const right = trial.score === 1;
      const wanted = typeof trial.reference === "object" ? JSON.stringify(trial.reference) : String(trial.reference);
      return el("li", {},
        el("span", { class: right ? "right" : "wrong" }, icon(right ? "check" : "close"), el("span", { class: "sr" }, right ? "right" : "wrong")),
        el("span", { class: "what" },
          el("span", {}, trial.question),
          el("span", { class: "muted small" }, `${trial.answer ?? `no answer${trial.reason ? `: ${trial.reason}` : ""}`}`),
          !right && el("span", { class: "muted small" }, `wanted: ${wanted}`)),
        trial.run ? el("button", { class: "plain small", type: "button", "aria-label": `Open the run: ${trial.question}`,
          on: { click: () => this.app.openRun(trial.run) } }, "Open") : el("span", { class: "muted small" }, "deleted"));
    }));
  }

  async remove(report) {
    if (!this.sure) { // the second press does it, while the button says what that means
      this.sure = true;
      setTimeout(() => { this.sure = false; this.showResults(); }, 6000);
      return this.showResults();
    }
    this.sure = false;
    try {
      const done = await this.app.api.del(`/api/bench/${report.series}`);
      this.app.toast(`Deleted, with ${number(done.runs)} runs.`, "ok");
      this.series = this.open = null;
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }
}
