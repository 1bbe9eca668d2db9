// The head of the run that is shown: question, status, and while it goes on its phase, speed, budgets and Stop.

import { el, icon, put } from "/ui/shell/dom.js";
import { forcedChip, statusWords } from "/ui/runs/answer/answer.js";
import { ExportMenu } from "/ui/runs/export/menu.js";
import { Verdict } from "/ui/runs/verdict.js";
import { Progress } from "/ui/runs/progress.js";
import { count, duration } from "/ui/shell/text/figures.js";
import { line, plain } from "/ui/shell/text/text.js";

const ONLY = { root: ", for the root alone", sub: ", for sub-calls alone" };
const KINDS = { answered: "ok", unanswered: "warn", interrupted: "warn", failed: "bad", running: "info" };
const BUDGETS = [
  ["calls", "Sub-calls", "max_calls", count],
  ["tokens", "Tokens", "max_tokens", rough],
  ["seconds", "Time", "max_seconds", duration],
];
const MORE = 300; // seconds that a click adds to the time limit

/**
 * `on` is {stop(run), allow(run, seconds), resume(run)}, whose results say whether that was done, and what `Verdict` needs.
 */
export class RunHead {
  constructor(app, on) {
    this.app = app;
    this.on = on;
    this.question = el("h2", { class: "run-question", dir: "auto" });
    this.meta = el("div", { class: "run-meta" });
    this.phase = el("span", { class: "phase" });
    this.rate = el("span", { class: "rate" });
    this.stop = el("button", { class: "button danger", type: "button", title: "Stop this run (Alt+S)", on: { click: () => this.halt() } },
      icon("stop"), el("span", {}, "Stop"));
    this.again = el("button", { class: "button", type: "button", hidden: true, on: { click: () => this.resume() },
      title: "Go on from where this run ended: nothing that was answered is asked again, and its limits count anew" },
      icon("play"), el("span", {}, "Go on"));
    this.meters = new Map(BUDGETS.map(([name, label]) => [name, new Meter(label)]));
    this.more = el("button", { class: "button more-time", type: "button", title: "Give this run 5 more minutes", on: { click: () => this.allow() } }, "+5 min");
    this.meters.get("seconds").element.append(this.more);
    this.live = el("div", { class: "run-live", hidden: true },
      el("div", { class: "run-now" }, el("span", { class: "pulse", "aria-hidden": "true" }), this.phase, this.rate),
      el("div", { class: "budgets" }, [...this.meters.values()].map((meter) => meter.element)));
    this.exports = new ExportMenu(app);
    this.verdict = new Verdict(app, on);
    this.element = el("header", { class: "run-head" },
      el("div", { class: "run-top" }, el("div", { class: "grow" }, this.question, this.meta), this.verdict.button, this.exports.element, this.again, this.stop),
      this.verdict.element, this.live);
  }

  /** Show a run's row; `events` are those since the last call. */
  show(row, events) {
    if (row.run !== this.row?.run) {
      this.progress = new Progress({ charsPerToken: row.model?.chars_per_token || 3.5 });
      this.stop.disabled = false;
    }
    this.row = row;
    this.verdict.show(row);
    for (const event of events) this.progress.take(event);
    put(this.question, plain(row.question ?? ""));
    const started = new Date((row.started ?? 0) * 1000);
    const model = typeof row.model === "object" ? row.model?.name : row.model;
    put(this.meta,
      el("span", { class: `chip ${KINDS[row.status] ?? "info"}` }, row.live ? "Working" : statusWords(row.status)),
      forcedChip(row),
      el("span", {}, line(row.corpus_name ?? "", 80)),
      el("span", {}, line(model ?? "", 60)),
      Array.isArray(row.model?.adapters) && row.model.adapters.map((one) =>
        el("span", { class: "chip", title: `LoRA adapter ${line(one.file ?? "", 60)}` }, line(adapterWords(one), 80))),
      row.model?.remote && el("span", { class: "chip warn", title: "Text of this run was sent to this server" }, line(row.model.remote, 60)),
      forkedFrom(row.forked, this.app),
      (row.forks ?? []).map((fork) => place(`branch at cell ${fork.cell}${below(fork)}`, `Run ${fork.run} goes on from here`, () => this.app.openRun(fork.run))),
      row.started && el("time", { datetime: started.toISOString(), title: started.toLocaleString() }, when(started)));
    this.stop.hidden = this.live.hidden = !row.live;
    this.exports.show(row.live ? null : row.run);
    this.again.hidden = row.live || !row.resumes;
    this.again.disabled = false;
    clearInterval(this.timer);
    if (row.live) this.timer = setInterval(() => this.paint(), 500);
    this.paint();
  }

  event(event) {
    this.progress.take(event);
    if (event.k === "fin") clearInterval(this.timer);
    this.paint();
  }

  draft(draft) {
    this.progress.draft(draft, Date.now() / 1000);
  }

  async halt() {
    this.stop.disabled = true;
    this.stopping = this.row.run;
    this.paint();
    if (await this.on.stop(this.row.run)) return;
    this.stop.disabled = false;
    this.stopping = null;
  }

  async resume() {
    this.again.disabled = true;
    this.stopping = null;
    if (!await this.on.resume(this.row.run)) this.again.disabled = false;
  }

  /** The time limit in seconds, as it stands now. */
  get limit() {
    return this.progress.limit ?? this.progress.before + (this.row.settings?.max_seconds ?? 0);
  }

  async allow() {
    const { run } = this.row;
    const wanted = this.limit + MORE;
    this.more.disabled = true;
    if (await this.on.allow(run, wanted) && run === this.row.run) this.progress.limit = wanted;
    this.more.disabled = false;
    this.paint();
  }

  paint() {
    if (!this.row?.live) return;
    const now = Date.now() / 1000;
    const rate = this.progress.rate(now);
    this.phase.textContent = this.stopping === this.row.run ? "Stopping; what was done is kept" : this.progress.phase;
    this.rate.textContent = rate === null ? "" : `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} tokens/s`;
    const spent = { calls: this.progress.calls, tokens: this.progress.tokens, seconds: this.progress.seconds(now) };
    for (const [name, , setting, form] of BUDGETS) {
      this.meters.get(name).show(spent[name], name === "seconds" ? this.limit : this.row.settings?.[setting], form);
    }
  }
}

/** A link to the place where a run branched off; null for a run that did not. */
function forkedFrom(forked, app) {
  if (!forked) return null;
  const words = `forked from ${forked.run} at cell ${forked.cell}${below(forked)}`;
  return place(words, "Open the run that this one branched off", () => app.openRun(forked.run, forked.node));
}

const below = ({ node }) => (node === "0" ? "" : ` of node ${node}`);
const place = (words, title, go) => el("button", { class: "forked", type: "button", title, on: { click: go } }, line(words, 120));

class Meter {
  constructor(label) {
    this.label = label;
    this.words = el("span", { class: "budget-words" });
    this.fill = el("i", {});
    this.bar = el("div", { class: "meter", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, this.fill);
    this.element = el("div", { class: "budget" }, el("span", { class: "budget-label" }, label), this.words, this.bar);
  }

  show(value, limit, form) {
    const share = limit ? Math.min(1, value / limit) : 0;
    this.words.textContent = limit ? `${form(value)} of ${form(limit)}` : form(value);
    this.fill.style.width = `${(share * 100).toFixed(1)}%`;
    this.bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
    this.bar.classList.toggle("near", share > 0.85);
  }
}

function rough(n) {
  if (n < 10_000) return count(n);
  return n < 999_500 ? `${Math.round(n / 1000)} k` : `${(n / 1e6).toFixed(n % 1e6 ? 1 : 0)} M`;
}

/** A moment as a person says it: "14:05" today, else the date too. */
export function when(date) {
  const time = date.toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString([], { day: "numeric", month: "short", year: "numeric" })}, ${time}`;
}

/** A LoRA adapter: "law at 0.5, for the root alone". */
function adapterWords({ name, scale, scope }) {
  return `${name} at ${scale}${ONLY[scope] ?? ""}`;
}
