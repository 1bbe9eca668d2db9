// All of one node: its question, and turn by turn what the model was shown, thought, wrote, ran and got.
//
// It is fetched when a node is looked at and again when it grew, as the app laid it out (`app/runs/detail`). Every
// piece knows the event that brought it, so moving the playhead only hides and shows pieces that stand already.

import { el, find, keyed } from "/ui/shell/dom.js";
import { icon, redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { count, duration, many, sure } from "/ui/shell/text/figures.js";
import { forkKey, pressFork } from "/ui/runs/detail/fork.js";
import { built, line, plain } from "/ui/shell/text/text.js";

const AGAIN = 200; // milliseconds between two fetches of a node that grows, or four times as long as one takes
const BELOW = 60; // pixels from the end that still count as the end

/** `tree` selects nodes; its actions reach the server and the clipboard. */
export class Detail {
  constructor(element, tree) {
    this.element = element;
    this.tree = tree;
    this.actions = tree.actions;
    this.id = null; // of what is shown; set it to null, and the next `show` fetches
    this.folds = new Map();
    this.body = find(".detail-body", element);
    this.body.addEventListener("click", (event) => this.#pressed(event));
    this.body.addEventListener("keydown", forkKey);
  }

  /** Show a node. */
  show(id) {
    if (id !== this.id) this.#turnTo(id);
    this.#refresh();
    this.#wantFresh();
  }

  get node() {
    return this.tree.trace.nodes.get(this.id);
  }

  #turnTo(id) {
    this.id = id;
    this.data = null;
    this.known = -1;
    this.past = { at: -1, text: "" };
    this.body.replaceChildren(el("p", { class: "hint wait" }, "Reading…"));
    this.draft = null;
    this.writing = el("div", { class: "section writing" });
    this.element.scrollTop = 0;
  }

  /** Let what stands there fit the playhead. */
  #refresh() {
    if (!this.data) return;
    this.#fillHead();
    this.#reach();
    this.#write();
  }

  // --- fetching ---------------------------------------------------------------------------------------------

  /** Fetch the node when it was not yet, or has grown; what has been recorded up to a playhead in mid-reply too. */
  #wantFresh() {
    const { trace } = this.tree;
    const { id, last, row: { draft } } = this.node;
    if (this.known < Math.min(trace.playhead, last) && !this.fetching) this.#fetch(id, trace.last);
    if (draft && trace.playhead !== LIVE && this.past.at !== draft) this.#fetchPast(id, draft);
  }

  async #fetch(id, last) {
    this.fetching = true;
    const { run } = this.tree;
    const begun = performance.now();
    const found = await this.actions.fetchNode(id).catch((problem) => ({ problem }));
    if (this.id === id && this.tree.run === run) { // nodes of all runs are called alike
      this.known = last;
      if (!found.problem) this.#build(found);
      else if (!this.data) this.body.replaceChildren(el("p", { class: "hint problem" }, found.problem.message));
    }
    await new Promise((done) => setTimeout(done, Math.max(AGAIN, 4 * (performance.now() - begun))));
    this.fetching = false;
    if (this.id !== null) this.show(this.id);
  }

  async #fetchPast(id, at) {
    const past = (this.past = { at, text: "" });
    const found = await this.actions.fetchNode(id, at).catch(() => null); // then the finished reply alone is shown
    past.text = found?.draft ?? "";
    if (past === this.past) this.show(id);
  }

  // --- what was fetched -------------------------------------------------------------------------------------

  /** Lay out what the app made of the node. Sections that are as they were stay, so that scroll and selected text do. */
  #build(data) {
    const atEnd = this.data !== null && this.#atEnd();
    this.data = data;
    const sections = data.sections.map(([name, tree]) => [name, tree, () => built(tree, icon)]);
    const turns = sections.findLastIndex(([name]) => name === "head" || name.startsWith("turn")) + 1;
    keyed(this.body, sections.toSpliced(turns, 0, ["writing", "", () => this.writing]));
    for (const switcher of this.body.querySelectorAll(".fold-switch")) {
      const opened = this.folds.get(`${this.id}/${switcher.getAttribute("aria-controls")}`);
      if (opened !== undefined) this.#fold(switcher, opened);
    }
    this.draft = null;
    this.#refresh();
    if (atEnd && this.tree.trace.playhead === LIVE) this.element.scrollTop = this.element.scrollHeight;
  }

  #fillHead() {
    const [badge, figures, below, stop] =
      [".badge", ".figures.own", ".figures.below", ".stop"].map((one) => find(one, this.body));
    if (!badge) return;
    const { node } = this;
    const { trace, clock } = this.tree;
    const { status, turns, cells, errors, tokens, prompt, reused } = node.row;
    badge.dataset.status = status;
    redraw(badge.firstChild, status);
    say(badge.lastChild, this.tree.words.statuses[status] ?? status);
    stop.hidden = status !== "running" || trace.playhead !== LIVE;
    if (stop.hidden) stop.disabled = false;
    const again = reused ? `, ${count(reused)} of them reused` : "";
    const figure = [
      many(turns, "turn"),
      cells ? many(cells, "cell") : "",
      errors ? many(errors, "error") : "",
      `${many(tokens, "token")} written`,
      prompt ? `${count(prompt)} read${again}` : "",
      duration(trace.seconds(node, clock)),
      `depth ${node.depth}`,
    ];
    say(figures, figure.filter(Boolean).join(" · "));
    below.hidden = trace.begun(node) === 0;
    if (below.hidden) return;
    const sum = trace.below(node);
    const rest = [many(sum.nodes - 1, "node"), many(sum.tokens - tokens, "token")];
    if (sum.errors > node.faults) rest.push(many(sum.errors - node.faults, "error"));
    say(below, `Below: ${rest.join(" · ")}`);
  }

  /** Hide and show the pieces for the playhead, and show how the called nodes stand there. */
  #reach() {
    const { trace } = this.tree;
    const at = Math.min(trace.playhead, trace.last);
    for (const piece of this.body.querySelectorAll("[data-since], [data-until]")) {
      const { since = 0, until = LIVE } = piece.dataset;
      const hidden = at < Number(since) || at >= Number(until);
      if (piece.hidden !== hidden) piece.hidden = hidden;
    }
    for (const chip of this.body.querySelectorAll(".chip")) {
      const child = trace.nodes.get(chip.dataset.node);
      if (!child) continue;
      chip.hidden = child.start > at;
      const { status, confidence } = child.row;
      chip.dataset.status = status;
      redraw(chip.firstChild, status);
      say(chip.children[2], line(child.label, 120));
      say(chip.lastChild, child.kind === "leaf" ? sure(confidence) : "");
    }
  }

  #pressed(event) {
    const pressed = event.target.closest("button");
    if (!pressed) return;
    const { node, copy, what, does } = pressed.dataset;
    if (node) this.tree.select(node);
    else if (copy !== undefined) this.actions.copy(copy, what);
    else if (does === "text") this.actions.copy(this.data.text, "The node");
    else if (does === "link") this.actions.copyLink(this.id);
    else if (does === "stop") this.#stop(pressed);
    else if (pressed.matches(".fold-switch")) this.#fold(pressed, pressed.getAttribute("aria-expanded") !== "true");
    else if (pressed.matches(".show")) this.#reach();
    else pressFork(pressed, (cell, given) => this.actions.fork(this.id, cell, given));
  }

  async #stop(button) {
    button.disabled = true;
    if (!(await this.actions.stop(this.id))) button.disabled = false;
  }

  /** Show or hide the panel of a button, and remember it. */
  #fold(switcher, opened) {
    const panel = switcher.getAttribute("aria-controls");
    switcher.setAttribute("aria-expanded", String(opened));
    find(`#${panel}`, this.body).classList.toggle("shut", !opened);
    this.folds.set(`${this.id}/${panel}`, opened);
  }

  // --- what is being written --------------------------------------------------------------------------------

  /** Show the reply that the node is writing, adding only what is new; what it had written when it was stopped, too. */
  #write() {
    const { node } = this;
    const { trace } = this.tree;
    const { phase, status } = node.row;
    const writes = phase === "model" && status === "running";
    const stored = this.data.draft ?? "";
    const left = status === "running" ? "" : stored;
    if (!writes && !left) {
      if (this.writing.firstChild) this.writing.replaceChildren();
      this.draft = null;
      return;
    }
    const text = left || (trace.playhead === LIVE ? whole(node.written, stored) : this.past.text);
    const atEnd = trace.playhead === LIVE && this.#atEnd();
    if (this.draft === null || !text.startsWith(this.draft) || this.writes !== writes) {
      [this.writes, this.draft] = [writes, ""];
      this.pen = el("pre", { class: "text pen" });
      const head = writes ? [icon("running"), " Writing…"] : [icon("stopped"), " Written until it was stopped"];
      this.writing.replaceChildren(el("p", { class: "hint" }, head), this.pen);
    }
    if (text.length > this.draft.length) this.pen.append(plain(text.slice(this.draft.length)));
    this.draft = text;
    if (atEnd) this.element.scrollTop = this.element.scrollHeight;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < BELOW;
  }
}

/** The text of a draft: what came live, behind what the server had already where we came in late. */
function whole(draft, stored) {
  if (!draft) return stored;
  if (draft.from === 0) return draft.text;
  return stored.length >= draft.from ? stored.slice(0, draft.from) + draft.text : `…${draft.text}`;
}
