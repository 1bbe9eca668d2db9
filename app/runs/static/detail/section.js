// One part of a node's details: a turn with its cells, the notes, the answer. Every piece of it knows the events that
// bring it, so that a playhead only hides and shows what stands already.

import { el, put } from "/ui/shell/dom.js";
import { button, icon, redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/fold.js";
import { duration, many, spent, sure } from "/ui/shell/text/figures.js";
import { forkEditor } from "/ui/runs/detail/fork.js";
import { long, outputs } from "/ui/runs/detail/output.js";
import { built, line, plain } from "/ui/shell/text/text.js";

const SHOWN_CALLS = 8; // sub-calls of one call, before a button shows the rest
const CELL = { error: "error", timeout: "time out", interrupted: "stopped", died: "died", void: "ran anew" };
const CALLS = { rlm: "rlm_query", llm: "llm_query" };

/**
 * `pane` is what all sections of a node share: {node, trace, on: {select(id), copy(text, what)}, folds}, folds a Map of
 * "node/name" to whether that panel was opened. `seqs` are the node's `numbers`.
 */
export class Section {
  constructor(pane, seqs) {
    Object.assign(this, { pane, seqs, timed: [], chips: [] });
    this.element = el("div", { class: "section" });
  }

  /** Hide and show the pieces for an event number, and show how the called nodes stand at the playhead. */
  reach(at, playhead) {
    for (const { element, from, until } of this.timed) {
      const hidden = at < from || at >= until;
      if (element.hidden !== hidden) element.hidden = hidden;
    }
    for (const { id, chip } of this.chips) {
      const child = this.pane.trace.nodes.get(id);
      if (!child) continue;
      const { status, confidence } = this.pane.trace.at(child, playhead);
      chip.hidden = child.start > at;
      chip.dataset.status = status;
      redraw(chip.firstChild, status === "unanswered" ? "interrupted" : status);
      say(chip.children[2], line(child.label, 120));
      say(chip.lastChild, child.kind === "leaf" ? sure(confidence) : "");
    }
  }

  /** Note that a piece belongs to the events from `from` on, and before `until`. */
  #when(element, from, until = LIVE) {
    this.timed.push({ element, from: from ?? 0, until: until ?? LIVE });
    return element;
  }

  // --- a turn -----------------------------------------------------------------------------------------------

  /** Fill the section with a turn and the cells that it led to. */
  turn(turn, cells) {
    const { node } = this.pane;
    const replied = this.seqs.reply.get(turn.index);
    const head = this.#turnHead(turn, replied);
    const panels = [];
    const fold = (name, text, title, make, { from = 0, open = false } = {}) => {
      const [switcher, panel] = this.#fold(`${name} ${turn.index}`, text, title, make, open);
      head.append(this.#when(switcher, from));
      panels.push(this.#when(panel, from));
    };
    const shown = turn.messages ?? [];
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
    for (const cell of cells) made.push(...this.#cell(cell));
    put(this.element, this.#when(el("div", {}, made), this.seqs.turn.get(turn.index) ?? node.start));
    return this;
  }

  #turnHead(turn, replied) {
    const figures = [...spent(turn.usage ?? {}), turn.seconds && duration(turn.seconds), sure(turn.confidence)];
    return el(
      "h3",
      { class: "turn" },
      el("span", {}, this.pane.node.kind === "leaf" ? "Reply" : `Turn ${turn.index}`),
      this.#when(el("span", { class: "figures" }, figures.filter(Boolean).join(" · ")), replied),
      el("span", { class: "grow" }),
    );
  }

  /** A button that shows and hides a panel, which is made when it is first shown. */
  #fold(key, text, title, make, open) {
    const id = `${this.pane.node.id}/${key}`;
    const panel = el("div", { class: "fold", id: `fold-${key.replace(" ", "-")}` });
    const switcher = el("button", { type: "button", class: "button fold-switch", title, "aria-controls": panel.id }, text);
    const turn = (shown) => {
      switcher.setAttribute("aria-expanded", String(shown));
      if (shown && !panel.childElementCount) put(panel, make());
      panel.classList.toggle("shut", !shown);
    };
    switcher.addEventListener("click", () => {
      this.pane.folds.set(id, switcher.getAttribute("aria-expanded") !== "true");
      turn(this.pane.folds.get(id));
    });
    turn(this.pane.folds.get(id) ?? open);
    return [switcher, panel];
  }

  // --- a cell -----------------------------------------------------------------------------------------------

  #cell(cell) {
    const begun = this.seqs.cell.get(cell.index);
    const done = this.seqs.done.get(cell.index);
    const copy = () => this.pane.on.copy(cell.code, "The code");
    const code = el(
      "pre",
      { class: "code", tabIndex: 0, role: "group", "aria-label": `Code of cell ${cell.index}` },
      el("code", {}, cell.coloured.map(coloured)),
    );
    const input = el("div", { class: "input" }, code, button("copy", `Copy cell ${cell.index}`, copy, { kind: "over" }));
    const made = [this.#when(el("div", { class: "cell" }, this.#gutter(cell, begun, done), input), begun)];
    for (const call of cell.calls ?? []) {
      made.push(this.#when(this.#calls(call), this.seqs.call.get(`${cell.index}/${call.call}`) ?? begun));
    }
    for (const { list, from } of grouped(cell.outputs ?? [], this.seqs.out.get(cell.index) ?? [])) {
      made.push(this.#when(indented("results", outputs(list)), from ?? done ?? begun));
    }
    const below = [];
    const { words, table } = cell.variables ?? {};
    if (words) below.push(...this.#fold(`variables ${cell.index}`, words, `Variables after cell ${cell.index}`, () => built(table), false));
    const [fork, editor] = this.pane.on.fork ? forkEditor(this.pane.node, cell, this.pane.on) : [];
    made.push(this.#when(indented("after", el("p", { class: "after-bar" }, below[0], fork), below[1], editor), done));
    if (cell.final) made.push(this.#when(indented("final", icon("answered"), "This cell gave the final answer."), done));
    return made;
  }

  #gutter(cell, begun, done) {
    const status = cell.status ?? "running";
    const took = typeof cell.seconds === "number" ? duration(cell.seconds) : "";
    const ended = el("span", { class: `cell-end ${status}` }, status === "ok" ? took : (CELL[status] ?? status));
    if (status !== "ok") ended.title = took;
    return el(
      "div",
      { class: "gutter", title: `Cell ${cell.index}` },
      el("span", {}, `[${cell.index}]`),
      this.#when(el("span", { class: "cell-running" }, "running"), begun, done),
      this.#when(ended, done ?? LIVE),
    );
  }

  #calls(call) {
    const ids = call.nodes ?? [];
    const list = el("ul", { class: "calls" }, ids.slice(0, SHOWN_CALLS).map((id) => this.#chip(id)));
    const rest = ids.slice(SHOWN_CALLS);
    const more = el("button", { type: "button", class: "button show" }, `Show ${many(rest.length, "more call")}`);
    more.addEventListener("click", () => {
      const fresh = rest.map((id) => this.#chip(id));
      list.append(...fresh);
      more.remove();
      this.pane.reach();
      fresh[0].firstChild.focus();
    });
    const what = call.name === "rlm" ? many(ids.length, "child", "children") : many(ids.length, "prompt");
    const name = CALLS[call.name] ?? call.name ?? "call";
    return indented("called", el("p", { class: "hint" }, `${name} · ${what}`), list, rest.length ? more : null);
  }

  #chip(id) {
    const go = () => this.pane.on.select(id);
    const chip = el("button", { type: "button", class: "chip", on: { click: go } }, icon("running"), el("b", {}, id), el("span"), el("small", { class: "sure" }));
    this.chips.push({ id, chip });
    return el("li", {}, chip);
  }

  // --- the rest ---------------------------------------------------------------------------------------------

  /** Fill the section with cells whose turn is not known. */
  cells(cells) {
    put(this.element, cells.map((cell) => this.#cell(cell)));
    return this;
  }

  notes(notes) {
    const made = notes.map(({ level, text, seq }) => this.#when(note(level ?? "info", text), seq));
    put(this.element, made);
    return this;
  }

  /** Fill the section with the node's answer, and with why there is none or only the best one so far. */
  answer(answer, reason) {
    const { node, on } = this.pane;
    const made = el("div", { class: answer === null ? "" : "answer-box" });
    if (answer !== null) {
      const copy = button("copy", "Copy the answer", () => on.copy(answer, "The answer"));
      made.append(el("h3", { class: "turn" }, el("span", {}, "Answer"), copy));
      made.append(el("div", { class: "prose", dir: "auto" }, long(answer)));
    }
    if (reason) made.append(note("warning", reason));
    put(this.element, this.#when(made, node.finish === LIVE ? 0 : node.finish));
    return this;
  }
}

/** The event numbers of a node's pieces: by turn, by cell and by cell/call; lists for the outputs of a cell. */
export function numbers(node) {
  const found = {};
  for (const kind of ["turn", "reply", "cell", "done", "call", "out"]) found[kind] = new Map();
  for (const { k, i, call, s } of node.events) {
    if (k === "call") found.call.set(`${i}/${call}`, s);
    else if (k === "out") found.out.set(i, [...(found.out.get(i) ?? []), s]);
    else found[k]?.set(i, s);
  }
  return found;
}

/** The event numbers that a section of these cells is laid out by; where one is not known yet, it is null. */
export function places(cells, seqs) {
  const of = ({ index, calls = [] }) => [
    seqs.cell.get(index),
    seqs.done.get(index),
    seqs.out.get(index),
    calls.map(({ call }) => seqs.call.get(`${index}/${call}`)),
  ];
  return cells.map(of);
}

/** Outputs with the event that brought each; pieces of one stream that came one after another stay together. */
function grouped(list, seqs) {
  if (list.length !== seqs.length) return list.length ? [{ list, from: seqs[0] }] : [];
  const rows = [];
  list.forEach((output, place) => {
    const last = rows.at(-1)?.list.at(-1);
    const goesOn = output.output_type === "stream" && last?.output_type === "stream" && last.name === output.name;
    if (goesOn) rows.at(-1).list.push(output);
    else rows.push({ list: [output], from: seqs[place] });
  });
  return rows;
}

/** A piece of code, [kind of its colour, text] or text. */
function coloured(piece) {
  return typeof piece === "string" ? plain(piece) : el("span", { class: `py-${piece[0]}` }, plain(piece[1]));
}

function indented(kind, ...children) {
  return el("div", { class: `beside ${kind}` }, el("div", { class: "gutter" }), el("div", { class: "grow" }, children));
}

function message({ role, content }) {
  return el("div", { class: "message", dir: "auto" }, el("p", { class: "role" }, role), long(content));
}

function note(level, text) {
  return el("p", { class: `note ${level}` }, icon("note"), el("span", {}, plain(text ?? "")));
}
