// The bar above the tree (`app/runs/tree/frame.py`): search, filter, totals, what is folded, copies.

import { find } from "/ui/shell/dom.js";
import { say } from "/ui/runs/controls.js";
import { count, many, moment } from "/ui/shell/text/figures.js";
import { pressed } from "/ui/shell/text/trees.js";

const WAIT = 80; // milliseconds after the last key before the search runs

/** `tree` is filtered and folded. */
export class Toolbar {
  constructor(element, tree) {
    this.tree = tree;
    [this.search, this.hits, this.errors, this.finals, this.kind, this.totals] =
      [".search", ".hits", ".errors", ".finals", ".kinds", ".totals"].map((one) => find(one, element));
    this.clear();
    this.search.addEventListener("input", () => this.#typed());
    this.search.addEventListener("keydown", (event) => this.#key(event));
    this.kind.addEventListener("change", () => this.#choose());
    pressed(element, {
      filter: (_, button) => {
        button.setAttribute("aria-pressed", String(!chosen(button)));
        this.#choose();
      },
      expand: () => tree.foldAll(true),
      collapse: () => tree.foldAll(false),
      timeline: (_, button) => button.setAttribute("aria-pressed", String(tree.toggleTimeline())),
      link: () => tree.actions.copyLink(),
    });
  }

  /** Show the sums at the playhead, and how many nodes a filter found. */
  show() {
    const { trace, clock, found } = this.tree;
    const hits = found ? count(found.hits.length) : "";
    const words = found ? many(found.hits.length, "node") : "";
    const sum = trace.below();
    const spent = trace.until(clock) - trace.began;
    const parts = [many(sum.nodes, "node"), many(sum.cells, "cell"), many(sum.tokens, "token")];
    if (sum.errors) parts.push(many(sum.errors, "error"));
    say(this.totals, [...parts, moment(spent, spent)].join(" · "));
    say(this.hits, hits);
    this.hits.title = words;
    this.search.setAttribute("aria-description", words && `${words} found`);
  }

  /** Take every filter away, without telling. */
  clear() {
    this.search.value = this.kind.value = "";
    for (const one of [this.errors, this.finals]) one.setAttribute("aria-pressed", "false");
    this.#read();
  }

  /** Note what is wanted: {text: in lower case, errors, finals, kind}. */
  #read() {
    this.timer = clearTimeout(this.timer);
    const text = this.search.value.trim().toLocaleLowerCase();
    const [errors, finals] = [this.errors, this.finals].map(chosen);
    this.wanted = { text, errors, finals, kind: this.kind.value };
  }

  #choose() {
    this.#read();
    this.tree.filter();
  }

  #typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#choose(), WAIT);
  }

  #key(event) {
    if (event.key === "Enter") {
      if (this.timer) this.#choose();
      this.tree.next(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.#choose();
    } else if (event.key === "Escape" || event.key === "ArrowDown") this.tree.list.element.focus();
    else return;
    event.preventDefault();
  }
}

const chosen = (button) => button.getAttribute("aria-pressed") === "true";
