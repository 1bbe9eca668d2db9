// What verifying a run found, below its head, as the app laid it out (`app/runs/answer/verdict.py`).

import { el, put } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";
import { pressed } from "/ui/shell/text/trees.js";

/** `on` is {verdicts(nodes), select(node)}. */
export class Verdict {
  constructor(app, on) {
    [this.app, this.on] = [app, on];
    this.progress = el("p", { class: "muted small" });
    this.result = el("div", { role: "status" });
    this.element = el("div", { class: "verdict", hidden: true }, this.progress, this.result);
    pressed(this.result, { node: ({ node }) => on.select(node) });
    app.live.on("app", ({ kind, run, words }) => {
      if (kind === "verify" && this.going && run === this.run) this.progress.textContent = words;
    });
  }

  /** Turn to a run; what was found out about another one goes, and about one that goes on. */
  show(run, live) {
    if (run === this.run && !live) return;
    this.going?.abort();
    this.run = run;
    this.element.hidden = true;
    this.on.verdicts({});
  }

  /** Verify the run, or stop that; the button says which. */
  async press(button) {
    if (this.going) return this.going.abort();
    const { run } = this;
    const mine = (this.going = new AbortController());
    button.textContent = "Stop";
    this.progress.textContent = "Executing the cells again…";
    put(this.result);
    this.element.hidden = false;
    const found = await this.verify(run, mine.signal);
    this.going = null;
    button.textContent = "Verify";
    this.progress.textContent = "";
    if (run !== this.run) return;
    this.element.hidden = !found;
    if (!found) return;
    this.on.verdicts(found.nodes);
    put(this.result, built(found.panel));
  }

  /** The verdict; null where there can be none, or it was stopped. */
  async verify(run, signal) {
    try {
      return await this.app.api.post(`/api/runs/${encodeURIComponent(run)}/verify`, undefined, { signal });
    } catch (problem) {
      if (problem.name !== "AbortError") this.app.toast(problem.message, "error");
      return null;
    }
  }
}
