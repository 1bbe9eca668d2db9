// What is being sent and read, above the library: a box for each with its progress, its problems and a way to stop it.

import { unlocked } from "/ui/library/dialogs.js";
import { el } from "/ui/shell/dom.js";
import { Sending } from "/ui/library/sending.js";
import { amount, clock, count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";
import { pressed, renew } from "/ui/shell/text/trees.js";

const STAY = 8000; // milliseconds that a finished job without problems stays in sight
const SHOWN_PROBLEMS = 5;

export class Readings {
  /** `visible()` says whether the library is in sight; `changed()` is called when a card came or changed. */
  constructor(app, { visible, changed }) {
    Object.assign(this, { app, visible, changed });
    this.jobs = new Map();
    this.sendings = new Map();
    this.dismissed = new Set();
    this.element = el("section", { class: "jobs", "aria-label": "Being read" });
    pressed(this.element, {
      resume: ({ job }) => this.sendings.get(job).start(),
      unlock: ({ job }) => this.unlock(this.jobs.get(job)),
      cancel: ({ job }) => this.stop(job),
      close: ({ job }) => this.close(job),
    });
    const lost = ({ state }) => state === "sending" || state === "paused"; // when the page goes away
    addEventListener("beforeunload", (event) => [...this.sendings.values()].some(lost) && event.preventDefault());
    addEventListener("pagehide", () => { for (const one of this.sendings.values()) one.stop(); });
  }

  /** Begin to send files; false when there are none. */
  send(files) {
    const one = new Sending(this.app.api, files, (sending) => this.tellSending(sending));
    if (!one.files.length) {
      this.app.toast(one.hidden ? "Only hidden files are in there; nothing was added." : "There are no files in there; nothing was added.", "error");
      return false;
    }
    this.number = (this.number ?? 0) + 1;
    one.id = `sending-${this.number}`;
    this.sendings.set(one.id, one);
    one.start();
    return true;
  }

  tellSending(sending) {
    if (sending.state === "reading") {
      this.sendings.delete(sending.id);
      this.tell({ ...sending.job, what: sending.job.kind });
    }
    if (sending.state === "stopped") setTimeout(() => { this.sendings.delete(sending.id); this.draw(); }, STAY);
    this.draw();
  }

  tell(job, redraw = true) {
    if (this.dismissed.has(job.job)) return;
    const before = this.jobs.get(job.job), ended = job.shown.over;
    if (before?.shown.over && !ended) return; // an older word
    this.jobs.set(job.job, job);
    if (ended && before && !before.shown.over) this.ended(job);
    else if (ended && !before && Date.now() / 1000 - job.finished > STAY / 1000 && job.state === "done") this.dismiss(job.job, false);
    if (redraw) {
      this.draw();
      if (!before || ended) this.changed();
    }
  }

  ended(job) {
    if (job.what === "sample") return this.dismiss(job.job, false);
    if (!this.visible() && job.state !== "stopped") this.app.toast(`${line(job.name, 80)}: ${job.message}`, job.state === "done" ? "ok" : "error");
    if (!job.problem_count && job.state !== "failed") setTimeout(() => this.dismiss(job.job), STAY);
  }

  dismiss(name, forget = true) {
    this.dismissed.add(name);
    this.jobs.delete(name);
    if (forget) this.app.api.del(`/api/jobs/${name}`).catch(() => {});
    this.draw();
  }

  /** Boxes stay as they are while their work goes on: a button that is being pressed must not be another one. */
  draw() {
    const seen = ({ what, state }) => what !== "sample" || state === "reading" || state === "failed";
    const jobs = [...this.jobs.values()].filter(seen);
    renew(this.element, [...[...this.sendings.values()].map(ofSending), ...jobs.map((job) => job.shown)].map(box));
  }

  async unlock(job) {
    await unlocked(`Unlock files of “${line(job.name, 80)}”`, "All that can be read there is protected by a password.", async (passwords) => {
      const again = await this.app.api.post(`/api/jobs/${job.job}/unlock`, { passwords });
      this.dismiss(job.job, false);
      this.tell({ ...again, what: again.kind });
    });
  }

  close(name) {
    if (this.sendings.delete(name)) this.draw();
    else this.dismiss(name);
  }

  stop(name) {
    const sending = this.sendings.get(name);
    if (sending) return sending.stop();
    return this.app.api.del(`/api/jobs/${name}`).catch((problem) => this.app.toast(problem.message, "error"));
  }
}

/** What a box says of files that are being sent, as app/library/shown/reading.py says it of a job. */
function ofSending(one) {
  const left = one.eta === null ? "" : `, about ${clock(one.eta)} left`;
  const words = `sending ${count(one.done)} of ${count(one.files.length)} files, ${amount(one.sent)} of ${amount(one.bytesTotal)}${left}`;
  const file = ({ rel, sent, size }) => `${line(rel, 90)}${size > 4e6 ? ` ${Math.floor((100 * sent) / size)}%` : ""}`;
  return {
    id: one.id, state: one.state, over: one.state === "stopped" || one.state === "failed", name: line(one.name, 120),
    words: one.state === "sending" ? words : one.message,
    share: one.bytesTotal ? one.sent / one.bytesTotal : -1,
    current: [...one.active.values()].map(file).join("  ·  "),
    problems: one.problems.slice(-SHOWN_PROBLEMS), total: one.problems.length,
    note: one.hidden ? `${many(one.hidden, "hidden file")} left out` : "",
    resume: one.state === "paused",
  };
}

const SIGNS = { done: "check", failed: "warning", stopped: "stop", paused: "warning" };

/** One piece of work in one state, as a tree. */
function box({ id, state, over, name, words, share, current, problems, more, total, note, resume, unlock }) {
  const short = line(name, 60);
  const press = (kind, does, label, shown) =>
    ["button", { class: kind, type: "button", "aria-label": `${label}: ${short}`, "data-does": does, "data-job": id }, shown ?? label];
  const known = share < 0 ? {} : { "aria-valuenow": Math.round(share * 100) };
  const bar = ["div", { class: share < 0 ? "meter unknown" : "meter", role: "progressbar", "aria-label": name, "aria-valuemin": 0, "aria-valuemax": 100, ...known },
    ["i", { style: { width: share < 0 ? "100%" : `${(share * 100).toFixed(1)}%` } }]];
  const items = problems.map(({ path, reason }) => ["li", {}, ["span", { class: "mono" }, line(path, 200)], " ", line(reason, 300)]);
  if (more) items.push(["li", {}, more]);
  return ["div", { class: `card job ${state}`, "data-key": `${id} ${state}`, "data-job": id, "data-state": state },
    ["div", { class: "job-line" }, ["icon", { name: SIGNS[state] ?? "refresh" }], ["strong", { dir: "auto" }, name],
      ["span", { class: "job-words" }, words], ["span", { class: "grow" }],
      ...(resume ? [press("button primary", "resume", "Try again")] : []),
      ...(unlock ? [press("button primary", "unlock", "Unlock")] : []),
      over ? press("quiet", "close", "Close", ["icon", { name: "close" }]) : press("button", "cancel", "Cancel")],
    ...(over ? [] : [bar, ["p", { class: "job-current mono" }, current]]),
    ...(note ? [["p", { class: "muted small" }, note]] : []),
    ["details", { class: "job-problems", open: state === "failed", hidden: !total },
      ["summary", {}, `${many(total, "file")} could not be read`], ["ul", {}, ...items]]];
}
