// The bar above the tree: search, filter, totals, what is folded, copies.

import { el } from "/ui/shell/dom.js";
import { button, icon, say } from "/ui/runs/controls.js";
import { count, many, moment } from "/ui/shell/text/figures.js";

const WAIT = 80; // milliseconds after the last key before the search runs

/** `on` is {filter(wanted), next(by), fold(open), timeline(), link(), leave()}. */
export class Toolbar {
  constructor(on) {
    this.on = on;
    this.wanted = { text: "", errors: false, finals: false, kind: "" };
    this.search = el("input", {
      type: "search",
      class: "search",
      placeholder: "Search",
      title: "Search questions, code and answers (/)",
      autocomplete: "off",
      "aria-label": "Search this tree",
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event) },
    });
    this.hits = el("span", { class: "hits", role: "status" });
    this.errors = this.#toggle("errors", "Errors", "Only nodes with an error");
    this.finals = this.#toggle("finals", "Finals", "Only nodes that gave a final answer");
    const kinds = [["", "All kinds"], ["child", "Children"], ["leaf", "Prompts"]];
    const change = () => this.#choose("kind", this.kind.value);
    this.kind = el(
      "select",
      { class: "kinds", "aria-label": "Kind of node", title: "Kind of node", on: { change } },
      kinds.map(([value, text]) => el("option", { value }, text)),
    );
    this.totals = el("span", { class: "totals" });
    this.line = button("time", "Timeline", () => this.on.timeline());
    this.line.setAttribute("aria-pressed", "true");
    this.element = el(
      "div",
      { class: "toolbar", role: "group", "aria-label": "Search and filter" },
      el("label", { class: "searching" }, icon("search"), this.search, this.hits),
      this.errors,
      this.finals,
      this.kind,
      el("span", { class: "grow" }),
      this.totals,
      button("expand", "Expand all", () => this.on.fold(true)),
      button("collapse", "Collapse all", () => this.on.fold(false)),
      this.line,
      button("link", "Copy a link to this run", () => this.on.link()),
    );
  }

  /** Show the sums at the playhead, and how many nodes a filter found. */
  show({ trace, clock }, hits) {
    const sum = trace.below();
    const spent = trace.until(clock) - trace.began;
    const parts = [many(sum.nodes, "node"), many(sum.cells, "cell"), many(sum.tokens, "token")];
    if (sum.errors) parts.push(many(sum.errors, "error"));
    say(this.totals, [...parts, moment(spent, spent)].join(" · "));
    say(this.hits, hits === null ? "" : count(hits));
    this.hits.title = hits === null ? "" : many(hits, "node");
    this.search.setAttribute("aria-description", hits === null ? "" : `${many(hits, "node")} found`);
  }

  /** Take every filter away, without telling. */
  clear() {
    this.wanted = { text: "", errors: false, finals: false, kind: "" };
    this.search.value = this.kind.value = "";
    for (const one of [this.errors, this.finals]) one.setAttribute("aria-pressed", "false");
  }

  #toggle(name, text, title) {
    const made = el("button", { type: "button", class: "button filter", title, "aria-pressed": "false" }, text);
    made.addEventListener("click", () => {
      made.setAttribute("aria-pressed", String(!this.wanted[name]));
      this.#choose(name, !this.wanted[name]);
    });
    return made;
  }

  #choose(name, value) {
    this.wanted = { ...this.wanted, [name]: value };
    this.on.filter(this.wanted);
  }

  #typed() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.#choose("text", this.search.value), WAIT);
  }

  #key(event) {
    if (event.key === "Enter") {
      clearTimeout(this.timer);
      if (this.wanted.text !== this.search.value) this.#choose("text", this.search.value);
      this.on.next(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" || event.key === "ArrowDown") {
      if (event.key === "Escape" && this.search.value) {
        this.search.value = "";
        this.#choose("text", "");
      } else this.on.leave();
    } else return;
    event.preventDefault();
  }
}
