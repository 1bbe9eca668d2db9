// All of one node: its question, and turn by turn what the model was shown, thought, wrote, ran and got.
//
// Bodies are fetched when a node is looked at and again when it grew. Every part knows the event that brought it,
// so moving the playhead only hides and shows parts that stand already.

import { el } from "/ui/shell/dom.js";
import { button, icon, redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/fold.js";
import { count, duration, many, sure } from "/ui/shell/text/figures.js";
import { long } from "/ui/runs/detail/output.js";
import { numbers, places, Section } from "/ui/runs/detail/section.js";
import { line, plain } from "/ui/shell/text/text.js";

const AGAIN = 200; // milliseconds between two fetches of a node that grows, or four times as long as one takes
const BELOW = 60; // pixels from the end that still count as the end
const WORDS = {
  running: "Running",
  answered: "Answered",
  failed: "Failed",
  stopped: "Stopped",
  interrupted: "Interrupted",
  unanswered: "No answer",
};
const KINDS = { root: "Question", child: "Child", leaf: "Prompt" };

/** `on` is {fetch(node, upto), select(id), stop(id), fork(id, cell, given), copy(text, what), link(id)}. */
export class Detail {
  constructor(on) {
    this.on = on;
    this.id = null;
    this.head = el("header", { class: "detail-head" });
    this.body = el("div", { class: "detail-body" });
    this.element = el(
      "section",
      { class: "detail", tabIndex: -1, "aria-label": "Node" },
      this.head,
      this.body,
    );
    this.folds = new Map();
  }

  /** Show a node; {trace, playhead, drafts, clock} as the tree sees them. */
  show(id, view) {
    this.view = view;
    if (id !== this.id) this.#turnTo(id);
    const node = view.trace.nodes.get(id);
    if (!node) return;
    this.#fillHead(node);
    // What was fetched may be ahead of the events that came: then these tell only now where its parts belong.
    if (this.data && this.laid < newest(node)) this.#build(this.data);
    this.#reach();
    this.#write(node);
    this.#wantFresh(node);
  }

  /** Forget what is shown, so that the next `show` fetches it. */
  reset() {
    this.id = null;
  }

  #turnTo(id) {
    this.id = id;
    this.data = null;
    this.known = -1;
    this.sections = new Map();
    this.past = { at: -1, text: "" };
    this.body.replaceChildren(el("p", { class: "hint wait" }, "Reading…"));
    this.draft = null;
    this.writing = el("div", { class: "section writing" });
    this.#buildHead(this.view.trace.nodes.get(id));
    this.element.scrollTop = 0;
  }

  // --- the head ---------------------------------------------------------------------------------------------

  #buildHead(node) {
    if (!node) return this.head.replaceChildren();
    const path = [];
    for (let one = node.parent; one; one = one.parent) path.unshift(one);
    const crumbs = el("nav", { class: "crumbs", "aria-label": "Way from the question" });
    for (const one of path.slice(-6)) crumbs.append(this.#link(one, one.id), el("span", { class: "slash" }, "/"));
    crumbs.append(el("span", { class: "here" }, node.id));
    const stop = button("stop", "Stop this node and all below it", () => this.#stop(node.id), { text: "Stop", kind: "stop" });
    const parts = {
      status: el("span", { class: "badge" }, icon("running"), el("span")),
      figures: el("span", { class: "figures" }),
      below: el("span", { class: "figures below" }),
      stop,
      question: el("div", { class: "asked", dir: "auto" }, asked(node.question || node.id)),
      context: el("p", { class: "works-on", hidden: true }),
    };
    this.parts = parts;
    this.head.replaceChildren(
      el(
        "div",
        { class: "detail-bar" },
        crumbs,
        el("span", { class: "what" }, icon(node.kind), KINDS[node.kind] ?? node.kind),
        parts.status,
        el("span", { class: "grow" }),
        stop,
        button("link", "Copy a link to this node", () => this.on.link(node.id)),
        button("copy", "Copy this node as text", () => this.on.copy(this.#asText(), "The node")),
      ),
      parts.question,
      parts.context,
      el("p", {}, parts.figures, parts.below),
    );
  }

  #fillHead(node) {
    const { trace, playhead, clock } = this.view;
    const now = trace.at(node, playhead);
    const { status, figures, below, stop } = this.parts;
    const running = now.status === "running" && playhead === LIVE;
    status.dataset.status = now.status;
    redraw(status.firstChild, now.status === "unanswered" ? "interrupted" : now.status);
    say(status.lastChild, WORDS[now.status] ?? now.status);
    stop.hidden = !running;
    if (!running) stop.disabled = false;
    const read = now.prompt ? `${count(now.prompt)} read${now.reused ? `, ${count(now.reused)} of them reused` : ""}` : "";
    const figure = [
      many(now.turns, "turn"),
      now.cells ? many(now.cells, "cell") : "",
      now.errors ? many(now.errors, "error") : "",
      `${many(now.tokens, "token")} written`,
      read,
      duration(trace.seconds(node, playhead, clock)),
      `depth ${node.depth}`,
    ];
    say(figures, figure.filter(Boolean).join(" · "));
    below.hidden = trace.begun(node, playhead) === 0;
    if (!below.hidden) {
      const sum = trace.below(node, playhead);
      const rest = [many(sum.nodes - 1, "node"), many(sum.tokens - now.tokens, "token")];
      const faults = sum.errors - now.errors - (now.status === "failed" ? 1 : 0);
      if (faults > 0) rest.push(many(faults, "error"));
      say(below, `Below: ${rest.join(" · ")}`);
    }
  }

  async #stop(id) {
    this.parts.stop.disabled = true;
    const stopped = await this.on.stop(id);
    if (!stopped && this.id === id) this.parts.stop.disabled = false;
  }

  // --- fetching ---------------------------------------------------------------------------------------------

  /** Fetch a node when it was not yet, or has grown; what has been recorded up to a playhead in mid-reply too. */
  #wantFresh(node) {
    const { playhead, trace } = this.view;
    const last = newest(node);
    if (this.known < last && !this.fetching && (playhead === LIVE || this.known < Math.min(playhead, last))) {
      this.#fetch(node.id, trace.last);
    }
    const writing = playhead !== LIVE && trace.at(node, playhead).phase === "model";
    const draft = writing ? node.events.findLast((event) => event.k === "draft" && event.s <= playhead) : null;
    if (draft && draft.s > (node.events.findLast((event) => event.k === "turn" && event.s <= playhead)?.s ?? 0)) {
      if (this.past.at !== draft.s) this.#fetchPast(node.id, draft.s);
    }
  }

  async #fetch(id, last) {
    this.fetching = true;
    const begun = performance.now();
    let found = null;
    let problem = "";
    try {
      found = await this.on.fetch(id);
    } catch (error) {
      problem = error.message;
    }
    if (this.id === id) {
      this.known = last;
      if (found) this.#build(found);
      else if (!this.data) this.body.replaceChildren(el("p", { class: "hint problem" }, problem));
    }
    await new Promise((done) => setTimeout(done, Math.max(AGAIN, 4 * (performance.now() - begun))));
    this.fetching = false;
    if (this.id !== null) this.show(this.id, this.view);
  }

  async #fetchPast(id, at) {
    this.past = { at, text: "" };
    try {
      const found = await this.on.fetch(id, at);
      if (this.past.at === at) this.past.text = found.draft ?? "";
    } catch {
      return; // the finished reply is shown all the same, once the playhead is there
    }
    if (this.id === id) this.show(id, this.view);
  }

  // --- the body ---------------------------------------------------------------------------------------------

  #build(data) {
    const atEnd = this.data !== null && this.#atEnd();
    this.data = data;
    const node = this.view.trace.nodes.get(this.id);
    this.laid = newest(node);
    const seqs = numbers(node);
    const wanted = [];
    const left = new Map();
    for (const cell of data.cells) left.set(cell.turn, [...(left.get(cell.turn) ?? []), cell]);
    for (const turn of data.turns) {
      const cells = left.get(turn.index) ?? [];
      left.delete(turn.index);
      const laid = [seqs.turn.get(turn.index), seqs.reply.get(turn.index), places(cells, seqs)];
      wanted.push([`turn ${turn.index}`, [turn, cells, laid], (section) => section.turn(turn, cells)]);
    }
    for (const [turn, cells] of left) wanted.push([`cells ${turn}`, [cells, places(cells, seqs)], (section) => section.cells(cells)]);
    if (data.notes.length) wanted.push(["notes", data.notes, (section) => section.notes(data.notes)]);
    const { answer = null, reason = "", context, question } = data.node;
    if (node.kind !== "leaf" && question) this.parts.question.replaceChildren(asked(question)); // a leaf's stands below
    if (answer !== null || reason) {
      const text = answer === null ? null : String(answer);
      wanted.push(["answer", [text, reason, node.ended], (section) => section.answer(text, reason)]);
    }
    this.#reconcile(wanted, seqs);
    this.parts.context.hidden = !context;
    if (context) say(this.parts.context, `Works on ${line(String(context), 300)}`);
    this.#reach();
    this.draft = null;
    this.#write(node);
    if (atEnd && this.view.playhead === LIVE) this.element.scrollTop = this.element.scrollHeight;
  }

  /** Keep the sections that are as they were, so that scroll, folds and selected text stay. */
  #reconcile(wanted, seqs) {
    const { trace } = this.view;
    const pane = { node: trace.nodes.get(this.id), trace, on: this.on, folds: this.folds, reach: () => this.#reach() };
    const next = new Map();
    for (const [key, value, fill] of wanted) {
      const mark = JSON.stringify(value);
      const old = this.sections.get(key);
      next.set(key, old?.mark === mark ? old : { mark, section: fill(new Section(pane, seqs)) });
    }
    this.sections = next;
    const elements = [...next.values()].map(({ section }) => section.element);
    elements.splice([...next.keys()].findLastIndex((key) => key.startsWith("turn")) + 1, 0, this.writing);
    elements.forEach((element, place) => {
      if (this.body.childNodes[place] !== element) this.body.insertBefore(element, this.body.childNodes[place] ?? null);
    });
    while (this.body.childNodes.length > elements.length) this.body.lastChild.remove();
  }

  #reach() {
    const { trace, playhead } = this.view;
    for (const { section } of this.sections.values()) section.reach(Math.min(playhead, trace.last), playhead);
  }

  // --- what is being written --------------------------------------------------------------------------------

  /** Show the reply that a node is writing, adding only what is new; what it had written when it was stopped, too. */
  #write(node) {
    if (!this.data) return;
    const { trace, playhead, drafts } = this.view;
    const now = trace.at(node, playhead);
    const writes = now.phase === "model" && now.status === "running";
    const left = now.status === "running" ? "" : (this.data?.draft ?? "");
    if (!writes && !left) {
      if (this.writing.firstChild) this.writing.replaceChildren();
      this.draft = null;
      return;
    }
    const text = left || (playhead === LIVE ? whole(drafts.get(node.id), this.data?.draft ?? "") : this.past.text);
    const atEnd = playhead === LIVE && this.#atEnd();
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

  #link(node, text) {
    const go = () => this.on.select(node.id);
    return el("button", { type: "button", class: "crumb", title: line(node.question, 200), on: { click: go } }, text);
  }

  #asText() {
    const node = this.view.trace.nodes.get(this.id);
    const parts = [`# ${node.id}  ${node.question}`];
    for (const turn of this.data?.turns ?? []) {
      const surely = sure(turn.confidence);
      parts.push(`## Turn ${turn.index}${surely && ` (${surely})`}`, turn.text ?? "");
      const cells = this.data.cells.filter((cell) => cell.turn === turn.index);
      for (const { index, outputs } of cells) {
        parts.push(...outputs.map(asText).map((text) => text && `[${index}] ${text}`.trimEnd()));
      }
    }
    if (this.data?.node.answer) parts.push("## Answer", String(this.data.node.answer));
    return parts.filter(Boolean).join("\n\n");
  }
}

const asked = (text) => long(text, plain, { lines: 6, characters: 600 });

/** The number of a node's newest event that its detail is laid out by. */
function newest(node) {
  return node.events.findLast((event) => event.k !== "draft")?.s ?? node.start;
}

/** An output in words, "" for one that has none. */
function asText(output) {
  const text = output.text ?? output.data?.["text/plain"] ?? (output.ename ? `${output.ename}: ${output.evalue}` : "");
  return Array.isArray(text) ? text.join("") : text;
}

/** The text of a draft: what came live, behind what the server had already where we came in late. */
function whole(draft, stored) {
  if (!draft) return stored;
  if (draft.from === 0) return draft.text;
  return stored.length >= draft.from ? stored.slice(0, draft.from) + draft.text : `…${draft.text}`;
}
