// What is being sent and read, above the library: a box for each with its progress, its problems and a way to stop it.

import { unlocked } from "/ui/library/dialogs.js";
import { el, icon, put } from "/ui/shell/dom.js";
import { Sending } from "/ui/library/sending.js";
import { amount, clock, count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const OVER = ["done", "failed", "stopped"];
const STAY = 8000; // milliseconds that a finished job without problems stays in sight
const SHOWN_PROBLEMS = 5;

export class Readings {
  /** `visible()` says whether the library is in sight; `changed()` is called when a card came or changed. */
  constructor(app, { visible, changed }) {
    Object.assign(this, { app, visible, changed });
    this.jobs = new Map();
    this.sendings = new Set();
    this.dismissed = new Set();
    this.boxes = new Map();
    this.element = el("section", { class: "jobs", "aria-label": "Being read" });
    addEventListener("beforeunload", (event) => this.sending() && event.preventDefault());
    addEventListener("pagehide", () => { for (const one of this.sendings) one.stop(); });
  }

  sending() {
    return [...this.sendings].some((one) => ["sending", "paused"].includes(one.state));
  }

  /** Begin to send files; false when there are none. */
  send(files) {
    const one = new Sending(this.app.api, files, (sending) => this.tellSending(sending));
    if (!one.files.length) {
      this.app.toast(one.hidden ? "Only hidden files are in there; nothing was added." : "There are no files in there; nothing was added.", "error");
      return false;
    }
    one.id = this.number = (this.number ?? 0) + 1;
    this.sendings.add(one);
    one.start();
    return true;
  }

  tellSending(sending) {
    if (sending.state === "reading") {
      this.sendings.delete(sending);
      this.tell({ ...sending.job, what: sending.job.kind });
    }
    if (sending.state === "stopped") setTimeout(() => { this.sendings.delete(sending); this.draw(); }, STAY);
    this.draw();
  }

  busy(card) {
    return [...this.jobs.values()].some((job) => job.card === card && !OVER.includes(job.state));
  }

  tell(job, redraw = true) {
    if (this.dismissed.has(job.job)) return;
    const before = this.jobs.get(job.job);
    if (before && OVER.includes(before.state) && !OVER.includes(job.state)) return; // an older word
    const ended = OVER.includes(job.state);
    const problems = (job.problems?.length ?? 0) >= (before?.problems?.length ?? 0) ? job.problems : before.problems;
    this.jobs.set(job.job, { ...job, problems });
    if (ended && before && !OVER.includes(before.state)) this.ended(job);
    else if (ended && !before && Date.now() / 1000 - job.finished > STAY / 1000 && job.state === "done") this.dismiss(job.job, false);
    if (redraw) {
      this.draw();
      if (!before || ended) this.changed();
    }
  }

  async ended(job) {
    if (job.what === "sample") return this.dismiss(job.job, false);
    if (!this.visible() && job.state !== "stopped") this.app.toast(`${line(job.name, 80)}: ${job.message}`, job.state === "done" ? "ok" : "error");
    if (job.problem_count > 0) {
      try {
        const all = await this.app.api.get(`/api/jobs/${job.job}`);
        this.jobs.set(job.job, { ...all, what: all.kind });
        this.draw();
      } catch { /* the summary says how many there were */ }
    } else if (job.state !== "failed") setTimeout(() => this.dismiss(job.job), STAY);
  }

  dismiss(name, forget = true) {
    this.dismissed.add(name);
    this.jobs.delete(name);
    if (forget) this.app.api.del(`/api/jobs/${name}`).catch(() => {});
    this.draw();
  }

  /** Boxes stay as they are while their work goes on: a button that is being pressed must not be another one. */
  draw() {
    const wanted = [...[...this.sendings].map((one) => this.sendingFacts(one)),
      ...[...this.jobs.values()].filter((job) => job.what !== "sample" || this.visibleSample(job)).map((job) => this.jobFacts(job))];
    const kept = new Map();
    for (const facts of wanted) {
      const key = `${facts.id} ${facts.state}`;
      const box = this.boxes.get(key) ?? new Box(facts);
      box.update(facts);
      kept.set(key, box);
    }
    for (const [key, box] of this.boxes) if (!kept.has(key)) box.element.remove();
    let before = null;
    for (const { element } of kept.values()) {
      const place = before ? before.nextSibling : this.element.firstChild;
      if (place !== element) this.element.insertBefore(element, place);
      before = element;
    }
    this.boxes = kept;
  }

  visibleSample(job) {
    return job.state === "reading" || job.state === "failed";
  }

  jobFacts(job) {
    const over = OVER.includes(job.state), share = job.bytes_total ? job.bytes / job.bytes_total : 0;
    const words = { waiting: "waiting for its turn", looking: "looking at the files", reading: `${count(job.files)} of ${count(job.files_total)} files` };
    const left = job.eta ? `, about ${clock(job.eta)} left` : "";
    return {
      id: job.job, state: job.state, name: line(job.name, 120),
      words: over ? job.message : `${words[job.state]}${left}`,
      share: over ? null : job.state === "reading" && job.bytes ? share : -1,
      current: over ? "" : line(job.current, 200),
      problems: job.problems ?? [], total: job.problem_count,
      cancel: over ? null : () => this.stop(job),
      close: over ? () => this.dismiss(job.job) : null,
      unlock: over && job.locked ? () => this.unlock(job) : null,
    };
  }

  async unlock(job) {
    await unlocked(`Unlock files of “${line(job.name, 80)}”`, "All that can be read there is protected by a password.", async (passwords) => {
      const again = await this.app.api.post(`/api/jobs/${job.job}/unlock`, { passwords });
      this.dismiss(job.job, false);
      this.tell({ ...again, what: again.kind });
    });
  }

  sendingFacts(one) {
    const left = one.eta === null ? "" : `, about ${clock(one.eta)} left`;
    const words = `sending ${count(one.done)} of ${count(one.files.length)} files, ${amount(one.sent)} of ${amount(one.bytesTotal)}${left}`;
    const over = one.state === "stopped" || one.state === "failed";
    return {
      id: `sending-${one.id}`, state: one.state, name: line(one.name, 120),
      words: one.state === "sending" ? words : one.message,
      share: over ? null : one.bytesTotal ? one.sent / one.bytesTotal : -1,
      current: over ? "" : [...one.active.values()].map(({ rel, sent, size }) => `${line(rel, 90)}${size > 4e6 ? ` ${Math.floor((100 * sent) / size)}%` : ""}`).join("  ·  "),
      problems: one.problems, total: one.problems.length,
      note: one.hidden ? `${many(one.hidden, "hidden file")} left out` : "",
      resume: one.state === "paused" ? () => one.resume() : null,
      cancel: over ? null : () => one.stop(),
      close: over ? () => { this.sendings.delete(one); this.draw(); } : null,
    };
  }

  async stop(job) {
    await this.app.api.del(`/api/jobs/${job.job}`).catch((problem) => this.app.toast(problem.message, "error"));
  }
}

const SIGNS = { done: "check", failed: "warning", stopped: "stop", paused: "warning" };

/** One piece of work in one state. */
class Box {
  constructor({ id, state, name, share, note, resume, unlock, cancel, close }) {
    const short = line(name, 60);
    this.words = el("span", { class: "job-words" });
    this.fill = el("i", {});
    this.bar = el("div", { class: "meter", role: "progressbar", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100 }, this.fill);
    this.current = el("p", { class: "job-current mono" });
    this.summary = el("summary", {});
    this.list = el("ul", {});
    this.details = el("details", { class: "job-problems", open: state === "failed", hidden: true }, this.summary, this.list);
    const press = (kind, words, label, run) => el("button", { class: kind, type: "button", "aria-label": label, on: { click: run } }, words);
    this.element = el("div", { class: `card job ${state}`, dataset: { job: id, state } },
      el("div", { class: "job-line" }, icon(SIGNS[state] ?? "refresh"), el("strong", { dir: "auto" }, name), this.words, el("span", { class: "grow" }),
        resume && press("button primary", "Try again", `Try again: ${short}`, resume),
        unlock && press("button primary", "Unlock", `Unlock: ${short}`, unlock),
        cancel && press("button", "Cancel", `Cancel: ${short}`, cancel),
        close && press("quiet", icon("close"), `Close: ${short}`, close)),
      share !== null && this.bar, share !== null && this.current, note && el("p", { class: "muted small" }, note), this.details);
  }

  update({ state, words, share, current, problems, total }) {
    this.words.textContent = words;
    this.current.textContent = current;
    this.bar.classList.toggle("unknown", share < 0);
    this.fill.style.width = share < 0 ? "100%" : `${(share * 100).toFixed(1)}%`;
    if (share < 0) this.bar.removeAttribute("aria-valuenow");
    else this.bar.setAttribute("aria-valuenow", Math.round(share * 100));
    this.details.hidden = !total;
    if (!total || this.told === total + problems.length) return;
    this.told = total + problems.length;
    this.summary.textContent = `${many(total, "file")} could not be read`;
    const shown = state === "done" ? problems : problems.slice(-SHOWN_PROBLEMS);
    put(this.list, shown.map(({ path, reason }) => el("li", {}, el("span", { class: "mono" }, line(path, 200)), " ", line(reason, 300))),
      state === "done" && total > problems.length && el("li", {}, `and ${count(total - problems.length)} more`));
  }
}
