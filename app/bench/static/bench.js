// The Bench view: what is being measured, and how right and how dear each way is by length of the text.
//
// The form is Gradio's (app/bench/page.py); that it began a bench is heard as news, like all that goes on. Progress and
// results are laid out by app/bench/results.py.

import { linkTo } from "/ui/forms/link.js";
import { el, find, formCard, icon, put, style } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { pressed, renew, surely } from "/ui/shell/text/trees.js";

const REFETCH = 1500; // milliseconds between two looks at the results while a bench goes on

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
    this.row = ""; // key of the row whose questions are shown
    this.series = ""; // chosen by a person
    this.seen = this.running = this.stopping = false;
    this.timer = this.asked = this.shown = 0;
  }

  build() {
    put(this.host, (this.main = el("div", { class: "bench-main" })));
    pressed(this.main, {
      runs: ({ row }) => this.choose({ row: row === this.row ? "" : row }),
      open: ({ run }) => this.app.openRun(run),
      remove: ({ series }, button) => surely(button) && this.remove(series),
    });
    this.main.addEventListener("change", ({ target }) => this.choose({ series: target.value, row: "" }));
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
    pressed(this.progress, { stop: () => this.stop() });
  }

  hear(news) {
    if (news.kind === "reconnected" || news.kind === "models") this.look();
    if (news.kind !== "bench") return;
    const changed = this.running !== news.running;
    if (this.seen) this.showProgress(news);
    this.later(changed ? 0 : REFETCH);
  }

  later(wait) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, wait);
  }

  /** Look at the results; what is in the way is shown where nothing was seen yet, and else said to who asked by hand. */
  async refresh(byHand = false) {
    const mine = (this.asked += 1);
    try {
      const { row, series } = this;
      const found = await this.app.api.get(`/api/bench?${new URLSearchParams({ series, row })}`);
      if (mine < this.shown) return; // a later question was answered before
      this.shown = mine;
      this.seen = true;
      this.showProgress(found);
      const held = this.main.contains(document.activeElement);
      renew(this.main, found.results);
      if (held && !this.main.contains(document.activeElement)) find("a, button", this.main)?.focus({ preventScroll: true });
      const chooser = find("select", this.main);
      if (chooser) chooser.value = found.series;
    } catch (problem) {
      if (!this.seen) put(this.main, el("p", { class: "empty" }, problem.message));
      else if (byHand) this.app.toast(problem.message, "error");
    }
  }

  choose(what) {
    Object.assign(this, what);
    return this.refresh(true);
  }

  showProgress({ running, progress, message }) {
    const held = this.form.contains(document.activeElement);
    const [began, ended] = [running && !this.running, !running && this.running];
    this.running = running;
    if (began) this.series = ""; // what is measured now is shown, whatever was chosen
    if (!running) this.stopping = false;
    this.progress.hidden = !running;
    this.form.classList.toggle("running", running);
    put(this.message, !running && message ? [icon("warning"), message] : "");
    if (ended && held) find("#bench-start")?.focus();
    renew(this.progress, progress);
    if (this.stopping) put(find("#bench-doing"), "Stopping");
    if (began && held) find("#bench-stop").focus();
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

  async remove(series) {
    try {
      const { runs } = await this.app.api.del(`/api/bench/${series}`);
      this.app.toast(`Deleted, with ${count(runs)} runs.`, "ok");
      [this.series, this.row] = ["", ""];
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }
}
