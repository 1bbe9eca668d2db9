// Verify a run: a button, and below it what holds, what differs for a known reason, and what does not hold.

import { el, put } from "/ui/shell/dom.js";
import { many } from "/ui/shell/text/figures.js";
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

/** `on` is {verify(run): a verdict or null, verdicts(nodes or null), select(node)}. */
export class Verdict {
  constructor(on) {
    this.on = on;
    this.button = el("button", { class: "button verify", type: "button", title: "Execute every cell again and check every source; needs no model", on: { click: () => this.begin() } }, "Verify");
    this.element = el("div", { class: "verdict", role: "status", hidden: true });
  }

  /** Turn to a run; what was found out about another one goes. */
  show(row) {
    this.button.hidden = Boolean(row.live);
    if (row.run === this.run) return;
    this.run = row.run;
    this.element.hidden = true;
    put(this.element);
    this.on.verdicts(null);
  }

  async begin() {
    const run = this.run;
    this.button.disabled = true;
    this.element.hidden = false;
    put(this.element, el("p", { class: "muted small" }, "Executing the cells again…"));
    const found = await this.on.verify(run);
    this.button.disabled = false;
    if (run !== this.run) return;
    this.element.hidden = !found;
    if (!found) return;
    this.on.verdicts(found.nodes);
    const odd = found.checks.filter((check) => check.result !== "holds");
    const order = Object.keys(WORDS);
    odd.sort((a, b) => order.indexOf(a.result) - order.indexOf(b.result));
    put(
      this.element,
      el("p", {},
        el("span", { class: `chip ${found.holds ? "ok" : "bad"}` }, found.holds ? "Verified" : "Not verified"),
        el("span", { class: "small" }, found.holds
          ? ` Everything holds: ${many(found.checks.length, "check")} in ${found.seconds.toFixed(1)} s.`
          : ` ${many(found.counts.fails, "check")} of ${found.checks.length} ${found.counts.fails === 1 ? "does" : "do"} not hold.`)),
      odd.length > 0 && el("ul", { class: "verdict-list" }, odd.slice(0, SHOWN).map((check) => this.item(check))),
      odd.length > SHOWN && el("p", { class: "muted small" }, `and ${odd.length - SHOWN} more, which the command line lists`),
    );
  }

  item({ what, result, text, node, cell }) {
    const place = `${WHAT[what] ?? what}${cell === null ? "" : ` ${cell}`}${node === null ? "" : ` of node ${node}`}`;
    const words = [el("span", { class: `chip ${KINDS[result]}` }, WORDS[result]), el("b", {}, place), el("span", {}, line(text, 400))];
    if (node === null) return el("li", {}, words);
    return el("li", {}, el("button", { class: "verdict-item", type: "button", on: { click: () => this.on.select(node) } }, words));
  }
}
