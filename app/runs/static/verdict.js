// Verify a run: a button, and below it what was found, as the app laid it out (`app/runs/answer/verdict.py`).

import { el, put } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { built } from "/ui/shell/text/text.js";

/** `on` is {verify(run, signal): a verdict or null, verdicts(nodes or null), select(node)}. */
export class Verdict {
  constructor(app, on) {
    this.on = on;
    this.button = el("button", { class: "button verify", type: "button", title: "Execute every cell again and check every source; needs no model",
      on: { click: () => (this.going ? this.going.abort() : this.begin()) } }, "Verify");
    this.progress = el("p", { class: "muted small" });
    this.result = el("div", { role: "status", on: { click: (event) => this.press(event) } });
    this.element = el("div", { class: "verdict", hidden: true }, this.progress, this.result);
    app.live.on("app", ({ kind, run, done, of }) => kind === "verify" && this.going && run === this.run && this.tell(done, of));
  }

  /** Turn to a run; what was found out about another one goes. */
  show(row) {
    this.button.hidden = Boolean(row.live);
    if (row.run === this.run) return;
    this.going?.abort();
    this.run = row.run;
    this.element.hidden = true;
    put(this.result);
    this.on.verdicts(null);
  }

  async begin() {
    const run = this.run;
    const mine = (this.going = new AbortController());
    this.button.textContent = "Stop";
    this.element.hidden = false;
    put(this.result);
    this.tell(0, 0);
    const found = await this.on.verify(run, mine.signal);
    if (mine !== this.going) return;
    this.going = null;
    this.button.textContent = "Verify";
    this.progress.textContent = "";
    if (run !== this.run) return;
    this.element.hidden = !found;
    if (!found) return;
    this.on.verdicts(found.nodes);
    put(this.result, built(found.panel));
  }

  press(event) {
    const node = event.target.closest("[data-node]")?.dataset.node;
    if (node !== undefined) this.on.select(node);
  }

  tell(done, of) {
    this.progress.textContent = of ? `Executing the cells again: ${count(done)} of ${count(of)}` : "Executing the cells again…";
  }
}
