// Verify a run: a button, and below it what holds, what differs for a known reason, and what does not hold.

import { el, put } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const WORDS = { fails: "Does not hold", unchecked: "Not checked", explained: "Differs, explained" };
const KINDS = { fails: "bad", unchecked: "warn", explained: "info" };
const WHAT = {
  record: "Record",
  documents: "Documents",
  cell: "Cell",
  prompts: "Prompts of sub-calls",
  answers: "Answers",
  sources: "Sources",
  agreement: "Agreement",
  answer: "Answer of the run",
};
const SHOWN = 50;

/** `on` is {verify(run, signal): a verdict or null, verdicts(nodes or null), select(node)}. */
export class Verdict {
  constructor(app, on) {
    this.on = on;
    this.button = el("button", { class: "button verify", type: "button", title: "Execute every cell again and check every source; needs no model",
      on: { click: () => (this.going ? this.going.abort() : this.begin()) } }, "Verify");
    this.progress = el("p", { class: "muted small" });
    this.result = el("div", { role: "status" });
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
    const odd = found.checks.filter((check) => check.result !== "holds");
    const order = Object.keys(WORDS);
    odd.sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
    put(
      this.result,
      el("p", {},
        el("span", { class: `chip ${found.holds ? "ok" : "bad"}` }, found.holds ? "Verified" : "Not verified"),
        el("span", { class: "small" }, found.holds
          ? ` Everything holds: ${many(found.checks.length, "check")} in ${found.seconds.toFixed(1)} s.`
          : ` ${many(found.counts.fails, "check")} of ${found.checks.length} ${found.counts.fails === 1 ? "does" : "do"} not hold.`)),
      odd.length > 0 && el("ul", { class: "verdict-list" }, odd.slice(0, SHOWN).map((check) => this.item(check))),
      odd.length > SHOWN && el("p", { class: "muted small" }, `and ${odd.length - SHOWN} more, which the command line lists`),
    );
  }

  tell(done, of) {
    this.progress.textContent = of ? `Executing the cells again: ${count(done)} of ${count(of)}` : "Executing the cells again…";
  }

  item({ what, result, text, node, cell }) {
    const place = `${WHAT[what] ?? what}${cell === null ? "" : ` ${cell}`}${node === null ? "" : ` of node ${node}`}`;
    const words = [el("span", { class: `chip ${KINDS[result]}` }, WORDS[result]), el("b", {}, place), el("span", {}, line(text, 400))];
    if (node === null) return el("li", {}, words);
    return el("li", {}, el("button", { class: "verdict-item", type: "button", on: { click: () => this.on.select(node) } }, words));
  }
}
