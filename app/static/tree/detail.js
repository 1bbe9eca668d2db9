// All of one node: its question, and turn by turn what the model was shown, thought, wrote, ran and got.
//
// Bodies are fetched when a node is looked at and again when it grew. Every part knows the event that brought it,
// so moving the playhead only hides and shows parts that stand already.

import { el, put } from "../dom.js";
import { button, icon, redraw, say } from "./build.js";
import { LIVE } from "./fold.js";
import { count, duration, many } from "./figures.js";
import { long, outputs } from "./output.js";
import { python } from "./python.js";
import { line, plain } from "./text.js";

const SHOWN_CALLS = 8; // sub-calls of one call, before a button shows the rest
const AGAIN = 200; // milliseconds between two fetches of a node that grows
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
const CELL = { error: "error", timeout: "time out", interrupted: "stopped", died: "died" };

/** `on` is {fetch(node, upto), select(id), stop(id), copy(text, what), link(id)}. */
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
    this.#reach(node);
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
    this.chips = [];
    this.past = { at: -1, text: "" };
    this.body.replaceChildren(el("p", { class: "hint wait" }, "Reading…"));
    this.draft = null;
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
      question: el("div", { class: "asked", dir: "auto" }, long(node.question || node.id, plain, { lines: 6, characters: 600 })),
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
    const newest = node.events.findLast((event) => event.k !== "draft")?.s ?? node.start;
    if (this.known < newest && !this.fetching && (playhead === LIVE || this.known < Math.min(playhead, newest))) {
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
    await new Promise((done) => setTimeout(done, AGAIN));
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
    const atEnd = this.#atEnd() && this.data !== null;
    this.data = data;
    const node = this.view.trace.nodes.get(this.id);
    const seqs = numbers(node);
    const wanted = [];
    const cells = new Map();
    for (const cell of data.cells ?? []) cells.set(cell.turn, [...(cells.get(cell.turn) ?? []), cell]);
    for (const turn of data.turns ?? []) {
      const own = cells.get(turn.index) ?? [];
      cells.delete(turn.index);
      wanted.push([`turn ${turn.index}`, [turn, own, data.turns.length], () => this.#turn(turn, own, seqs, node)]);
    }
    for (const [turn, rest] of cells) {
      wanted.push([`cells ${turn}`, rest, () => rest.map((cell) => this.#cell(cell, seqs))]);
    }
    const notes = data.notes ?? [];
    if (notes.length) wanted.push(["notes", notes, () => this.#notes(notes, seqs)]);
    const answer = data.node?.answer ?? null;
    const reason = data.node?.reason ?? "";
    if (answer !== null || reason) wanted.push(["answer", [answer, reason], () => this.#answer(answer, reason, seqs, node)]);
    this.#reconcile(wanted);
    const context = data.node?.context;
    this.parts.context.hidden = !context;
    if (context) say(this.parts.context, `Works on ${line(String(context), 300)}`);
    this.#reach(node);
    this.draft = null;
    this.#write(node);
    if (atEnd && this.view.playhead === LIVE) this.element.scrollTop = this.element.scrollHeight;
  }

  /** Keep the sections that are as they were, so that scroll, folds and selected text stay. */
  #reconcile(wanted) {
    const next = new Map();
    for (const [key, value, make] of wanted) {
      const mark = JSON.stringify(value);
      const old = this.sections.get(key);
      if (old?.mark === mark) next.set(key, old);
      else {
        this.timed = [];
        this.fresh = [];
        const element = el("div", { class: "section" }, make());
        next.set(key, { mark, element, timed: this.timed, chips: this.fresh });
      }
    }
    this.sections = next;
    this.chips = [...next.values()].flatMap((section) => section.chips);
    const elements = [...next.values()].map((section) => section.element);
    this.writing ??= el("div", { class: "section writing" });
    const turns = elements.findLastIndex((_, place) => [...next.keys()][place].startsWith("turn"));
    elements.splice(turns + 1, 0, this.writing);
    elements.forEach((element, place) => {
      if (this.body.childNodes[place] !== element) this.body.insertBefore(element, this.body.childNodes[place] ?? null);
    });
    while (this.body.childNodes.length > elements.length) this.body.lastChild.remove();
  }

  /** Note that an element belongs to the events from `from` on, and before `until`. */
  #when(element, from, until = LIVE) {
    this.timed.push({ element, from: from ?? 0, until: until ?? LIVE });
    return element;
  }

  #reach(node) {
    const { trace, playhead } = this.view;
    const at = Math.min(playhead, trace.last);
    for (const section of this.sections.values()) {
      for (const { element, from, until } of section.timed) {
        const hidden = at < from || at >= until;
        if (element.hidden !== hidden) element.hidden = hidden;
      }
    }
    for (const { id, chip } of this.chips) {
      const child = trace.nodes.get(id);
      if (!child) continue;
      chip.hidden = child.start > at;
      const { status } = trace.at(child, playhead);
      chip.dataset.status = status;
      redraw(chip.firstChild, status === "unanswered" ? "interrupted" : status);
      say(chip.lastChild, line(child.question, 120));
    }
    return node;
  }

  #turn(turn, cells, seqs, node) {
    const replied = seqs.reply.get(turn.index);
    const shown = turn.messages ?? [];
    const usage = turn.usage ?? {};
    const seconds = turn.seconds ?? usage.seconds;
    const figures = [usage.completion_tokens && many(usage.completion_tokens, "token"), seconds && duration(seconds)];
    const head = el(
      "h3",
      { class: "turn" },
      el("span", {}, node.kind === "leaf" ? "Reply" : `Turn ${turn.index}`),
      this.#when(el("span", { class: "figures" }, figures.filter(Boolean).join(" · ")), replied),
      el("span", { class: "grow" }),
    );
    const panels = [];
    const fold = (name, text, title, make, { from = 0, open = false } = {}) => {
      const [switcher, panel] = this.#fold(`${name} ${turn.index}`, text, title, make, open);
      head.append(this.#when(switcher, from));
      panels.push(this.#when(panel, from));
    };
    if (shown.length) {
      const size = shown.reduce((sum, one) => sum + one.content.length, 0);
      const title = `What the model was shown: ${many(shown.length, "message")}, ${many(size, "character")}`;
      fold("shown", "Prompt", title, () => shown.map(message), { open: node.kind === "leaf" });
    }
    if (turn.thinking) {
      const title = `What the model thought: ${many(turn.thinking.length, "character")}`;
      fold("thinking", "Thinking", title, () => el("div", { class: "thinking" }, long(turn.thinking)), { from: replied });
    }
    if (turn.text && (turn.thinking || cells.length)) {
      fold("raw", "Raw", "The reply as it was written", () => long(turn.text), { from: replied });
    }
    const prose = turn.prose?.trim();
    const made = [head, ...panels];
    if (prose) made.push(this.#when(el("div", { class: "prose", dir: "auto" }, long(prose)), replied));
    for (const cell of cells) made.push(...this.#cell(cell, seqs));
    return this.#when(el("div", {}, made), seqs.turn.get(turn.index) ?? node.start);
  }

  #cell(cell, seqs) {
    const begun = seqs.cell.get(cell.index);
    const done = seqs.done.get(cell.index);
    const status = cell.status ?? "running";
    const took = cell.seconds === null || cell.seconds === undefined ? "" : duration(cell.seconds);
    const ended = el("span", { class: `cell-end ${status}` }, status === "ok" ? took : (CELL[status] ?? status));
    if (status !== "ok") ended.title = took;
    const gutter = el(
      "div",
      { class: "gutter", title: `Cell ${cell.index}` },
      el("span", {}, `[${cell.index}]`),
      this.#when(el("span", { class: "cell-running" }, "running"), begun, done),
      this.#when(ended, done ?? LIVE),
    );
    const code = el("pre", { class: "code", tabIndex: 0, role: "group", "aria-label": `Code of cell ${cell.index}` }, el("code", {}, python(cell.code ?? "")));
    const copy = button("copy", `Copy cell ${cell.index}`, () => this.on.copy(cell.code, "The code"), { kind: "over" });
    const made = [this.#when(el("div", { class: "cell" }, gutter, el("div", { class: "input" }, code, copy)), begun)];
    for (const call of cell.calls ?? []) made.push(this.#when(this.#calls(call), seqs.call.get(`${cell.index}/${call.call}`) ?? begun));
    for (const { list, from } of grouped(cell.outputs ?? [], seqs.out.get(cell.index) ?? [])) {
      made.push(this.#when(indented("results", outputs(list)), from ?? done ?? begun));
    }
    if (cell.final) made.push(this.#when(indented("final", icon("answered"), "This cell gave the final answer."), done));
    return made;
  }

  #calls(call) {
    const ids = call.nodes ?? [];
    const name = call.name === "rlm" ? "rlm_query" : call.name === "llm" ? "llm_query" : (call.name ?? "call");
    const list = el("ul", { class: "calls" });
    const add = (id) => {
      const child = this.view.trace.nodes.get(id);
      const chip = el("button", { type: "button", class: "chip", on: { click: () => this.on.select(id) } }, icon("running"), el("b", {}, id), el("span", {}, child ? line(child.question, 120) : ""));
      this.fresh.push({ id, chip });
      list.append(el("li", {}, chip));
      return chip;
    };
    ids.slice(0, SHOWN_CALLS).forEach(add);
    const rest = ids.slice(SHOWN_CALLS);
    const section = this.fresh;
    const more = el("button", { type: "button", class: "button show" }, `Show ${many(rest.length, "more call")}`);
    more.addEventListener("click", () => {
      this.fresh = section;
      const first = rest.map(add)[0];
      this.chips = [...this.sections.values()].flatMap((one) => one.chips);
      this.#reach();
      more.remove();
      first.focus();
    });
    const what = call.name === "rlm" ? many(ids.length, "child", "children") : many(ids.length, "prompt");
    return indented("called", el("p", { class: "hint" }, `${name} · ${what}`), list, rest.length ? more : null);
  }

  #notes(notes, seqs) {
    return notes.map((note, place) => {
      const level = note.level ?? note.l ?? "info";
      const made = el("p", { class: `note ${level}` }, icon("note"), el("span", {}, plain(note.text ?? note.h ?? "")));
      return this.#when(made, note.s ?? note.seq ?? seqs.notes[place]);
    });
  }

  #answer(answer, reason, seqs, node) {
    const made = el("div", { class: "answer-box" });
    if (answer !== null) {
      made.append(
        el("h3", { class: "turn" }, el("span", {}, "Answer"), button("copy", "Copy the answer", () => this.on.copy(String(answer), "The answer"))),
        el("div", { class: "prose", dir: "auto" }, long(String(answer))),
      );
    }
    if (reason) made.append(el("p", { class: "note warning" }, icon("note"), el("span", {}, plain(reason))));
    return this.#when(made, node.finish === LIVE ? 0 : node.finish);
  }

  /** A button that shows and hides a panel, which is made when it is first shown. */
  #fold(key, text, title, make, open) {
    const id = `${this.id}/${key}`;
    const panel = el("div", { class: "fold", id: `fold-${key.replace(" ", "-")}` });
    const switcher = el("button", { type: "button", class: "button fold-switch", title }, text);
    switcher.setAttribute("aria-controls", panel.id);
    const turn = (shown) => {
      switcher.setAttribute("aria-expanded", String(shown));
      if (shown && !panel.childElementCount) put(panel, make());
      panel.classList.toggle("shut", !shown);
    };
    switcher.addEventListener("click", () => {
      this.folds.set(id, switcher.getAttribute("aria-expanded") !== "true");
      turn(this.folds.get(id));
    });
    turn(this.folds.get(id) ?? open);
    return [switcher, panel];
  }

  // --- what is being written --------------------------------------------------------------------------------

  /** Show the reply that a node is writing, adding only what is new. */
  #write(node) {
    if (!this.writing) return;
    const { trace, playhead, drafts } = this.view;
    const now = trace.at(node, playhead);
    if (now.phase !== "model" || now.status !== "running") {
      if (this.draft !== null) this.writing.replaceChildren();
      this.draft = null;
      return;
    }
    const text = playhead === LIVE ? whole(drafts.get(node.id), this.data?.draft ?? "") : this.past.text;
    const atEnd = this.#atEnd();
    if (this.draft === null || !text.startsWith(this.draft)) {
      this.pen = el("pre", { class: "text pen" });
      this.writing.replaceChildren(el("p", { class: "hint" }, icon("running"), " Writing…"), this.pen);
      this.draft = "";
    }
    if (text.length > this.draft.length) this.pen.append(plain(text.slice(this.draft.length)));
    this.draft = text;
    if (atEnd && playhead === LIVE) this.element.scrollTop = this.element.scrollHeight;
  }

  #atEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.element;
    return scrollHeight - scrollTop - clientHeight < BELOW;
  }

  #link(node, text) {
    return el("button", { type: "button", class: "crumb", title: line(node.question, 200), on: { click: () => this.on.select(node.id) } }, text);
  }

  #asText() {
    const node = this.view.trace.nodes.get(this.id);
    const parts = [`# ${node.id}  ${node.question}`];
    for (const turn of this.data?.turns ?? []) {
      parts.push(`## Turn ${turn.index}`, turn.text ?? "");
      for (const cell of (this.data.cells ?? []).filter((one) => one.turn === turn.index)) {
        for (const output of cell.outputs ?? []) {
          const text = output.text ?? output.data?.["text/plain"] ?? (output.ename ? `${output.ename}: ${output.evalue}` : "");
          if (text) parts.push(`[${cell.index}] ${Array.isArray(text) ? text.join("") : text}`.trimEnd());
        }
      }
    }
    if (this.data?.node?.answer) parts.push("## Answer", String(this.data.node.answer));
    return parts.filter(Boolean).join("\n\n");
  }
}

function indented(kind, ...children) {
  return el("div", { class: `beside ${kind}` }, el("div", { class: "gutter" }), el("div", { class: "grow" }, children));
}

function message(one) {
  return el("div", { class: "message", dir: "auto" }, el("p", { class: "role" }, one.role), long(one.content));
}

/** The text of a draft: what came live, behind what the server had already where we came in late. */
function whole(draft, stored) {
  if (!draft) return stored;
  if (draft.from === 0) return draft.text;
  return stored.length >= draft.from ? stored.slice(0, draft.from) + draft.text : `…${draft.text}`;
}

/** The event numbers of a node's parts: by turn, cell, and cell/call; lists for outputs and notes. */
function numbers(node) {
  const found = { turn: new Map(), reply: new Map(), cell: new Map(), done: new Map(), call: new Map(), out: new Map(), notes: [] };
  for (const event of node.events) {
    if (event.k === "call") found.call.set(`${event.i}/${event.call}`, event.s);
    else if (event.k === "out") found.out.set(event.i, [...(found.out.get(event.i) ?? []), event.s]);
    else if (event.k === "note") found.notes.push(event.s);
    else found[event.k]?.set?.(event.i, event.s);
  }
  return found;
}

/** Outputs with the event that brought each; pieces of one stream that came at once stay together. */
function grouped(list, seqs) {
  if (list.length !== seqs.length) return list.length ? [{ list, from: seqs[0] }] : [];
  const rows = [];
  list.forEach((output, place) => {
    const before = rows.at(-1);
    const goesOn = before && output.output_type === "stream" && before.list.at(-1).output_type === "stream" && before.list.at(-1).name === output.name;
    if (goesOn) before.list.push(output);
    else rows.push({ list: [output], from: seqs[place] });
  });
  return rows;
}
