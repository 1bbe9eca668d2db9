// The rows of the tree: only those in view exist, 26 pixels each. Keyboard after the ARIA tree pattern.

import { el, find, put } from "/ui/shell/dom.js";
import { redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { count, duration } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

export const ROW = 26;
const SPARE = 8; // rows above and below the view
const TAIL = 90; // characters of live text beside a question
const SEEN = 32; // characters of a question that have room in any case
const BEFORE = 5; // characters shown before what a search found
const PARTS = ["head", "twist", "status", "kind", "question", "live", "depth", "cells", "errors", "tokens", "seconds"];

/** `row` is copied for each node; `tree` selects and folds. */
export class List {
  constructor(element, row, tree) {
    this.element = element;
    this.tree = tree;
    this.pattern = row;
    this.rows = [];
    this.places = new Map();
    this.made = new Map(); // rows in view, by node
    this.selected = null;
    this.verdicts = {}; // by node: what `verify` found
    this.space = find(".space", element);
    element.addEventListener("keydown", (event) => this.#key(event));
    for (const name of ["click", "dblclick"]) element.addEventListener(name, (event) => this.#pressed(event));
    element.addEventListener("scroll", () => {
      this.top = element.scrollTop;
      this.paint();
    });
    for (const name of ["wheel", "pointerdown"]) element.addEventListener(name, () => (tree.follow = false));
    [this.top, this.height] = [0, 400]; // kept, because asking the element lays the page out
    new ResizeObserver(([entry]) => {
      this.height = entry.contentRect.height;
      this.paint();
    }).observe(this.element);
  }

  /** Take the rows to show. */
  show(rows) {
    if (rows !== this.rows) {
      this.rows = rows;
      this.places = new Map(rows.map((node, place) => [node.id, place]));
      this.space.style.height = `${rows.length * ROW}px`;
    }
    this.paint();
  }

  /** Bring a node's row into view. */
  reveal(id) {
    const place = this.places.get(id);
    if (place === undefined) return;
    const top = place * ROW;
    if (top >= this.top && top + ROW <= this.top + this.height) return;
    this.element.scrollTop = top < this.top ? top : top + ROW - this.height;
    this.top = this.element.scrollTop;
    this.paint();
  }

  /** Make and change the rows in view, and the selected one wherever it is. */
  paint() {
    const first = Math.max(0, Math.floor(this.top / ROW) - SPARE);
    const last = Math.min(this.rows.length, Math.ceil((this.top + this.height) / ROW) + SPARE);
    const wanted = new Set();
    for (let place = first; place < last; place += 1) wanted.add(place);
    const chosen = this.places.get(this.selected);
    if (chosen !== undefined) wanted.add(chosen);
    const nodes = new Set([...wanted].map((place) => this.rows[place]));
    for (const [node, { element }] of this.made) {
      if (nodes.has(node)) continue;
      element.remove();
      this.made.delete(node);
    }
    for (const place of wanted) this.#row(this.rows[place], place);
    if (chosen === undefined) this.element.removeAttribute("aria-activedescendant");
    else this.element.setAttribute("aria-activedescendant", `row-${this.selected}`);
  }

  #row(node, place) {
    if (!this.made.has(node)) this.made.set(node, this.#build(node));
    const row = this.made.get(node);
    if (row.place !== place) {
      row.place = place;
      row.element.style.transform = `translateY(${place * ROW}px)`;
    }
    this.#fill(row, node);
  }

  /** A row with what stays as it is. */
  #build(node) {
    const element = this.pattern.cloneNode(true);
    const row = { element, ...Object.fromEntries(PARTS.map((name) => [name, find(`.${name}`, element)])) };
    element.id = `row-${node.id}`;
    Object.assign(element.dataset, { id: node.id, kind: node.kind });
    element.setAttribute("aria-level", node.level + 1);
    element.setAttribute("aria-posinset", node.index + 1);
    row.head.style.paddingInlineStart = `${6 + Math.min(node.level, 24) * 16}px`;
    redraw(row.kind.firstChild, node.kind);
    row.kind.title = this.tree.words.kinds[node.kind] ?? node.kind;
    const question = line(node.question, 240) || node.id;
    row.question.title = node.data ? `${question}\nWorks on ${line(node.data)}` : question;
    say(row.depth, String(node.depth));
    this.space.append(element);
    return row;
  }

  #fill(row, node) {
    const { trace, folded, found: filter, clock, words } = this.tree;
    const { text } = this.tree.toolbar.wanted;
    const begun = trace.begun(node);
    const open = begun > 0 && !folded.has(node.id);
    const shut = begun > 0 && !open;
    const { status, phase, cells: own, tokens: written } = node.row;
    const draft = trace.playhead === LIVE && phase === "model" ? node.written : null;
    const name = line(node.label, 240) || node.id;
    if (row.text !== text || row.question.textContent !== name) marked(row.question, name, (row.text = text));
    const sum = shut ? trace.below(node) : { cells: own, errors: node.faults, tokens: written };
    row.element.setAttribute("aria-setsize", node.parent ? trace.begun(node.parent) : 1);
    row.element.setAttribute("aria-selected", String(node.id === this.selected));
    if (begun) row.element.setAttribute("aria-expanded", String(open));
    else row.element.removeAttribute("aria-expanded");
    row.element.dataset.status = status;
    row.element.dataset.verdict = this.verdicts[node.id] ?? "";
    row.element.dataset.phase = phase;
    row.element.classList.toggle("way", filter?.kept.get(node.id) === false);
    row.twist.classList.toggle("none", begun === 0);
    row.twist.classList.toggle("open", open);
    redraw(row.status.firstChild, status);
    row.status.title = words.phases[phase] ?? words.statuses[status] ?? status;
    const told = filter?.said.get(node.id);
    const at = placeIn(name, text);
    const found = draft ? "" : told && at < 0 ? told : at > SEEN ? name : "";
    row.live.classList.toggle("found", Boolean(found));
    if (found) marked(row.live, around(line(found), text), text);
    else say(row.live, draft ? line(draft.text.slice(-TAIL), TAIL) : "");
    const { cells, errors, tokens } = sum;
    const guess = draft ? Math.round(draft.length / 4) : 0;
    say(row.cells, cells ? count(cells) : "");
    say(row.errors, errors ? count(errors) : "");
    say(row.tokens, tokens + guess ? `${guess ? "~" : ""}${count(tokens + guess)}` : "");
    say(row.seconds, duration(trace.seconds(node, clock)));
    row.element.classList.toggle("sum", shut);
    const label =
      `${row.kind.title}, ${row.status.title}: ${name}. ` +
      `${tokens} tokens, ${cells} cells, ${errors} errors, depth ${node.depth}` +
      (shut ? `, with the ${sum.nodes - 1} nodes below` : "") +
      (words.verdicts[this.verdicts[node.id]] ?? "");
    if (row.said !== label) row.element.setAttribute("aria-label", (row.said = label));
  }

  // --- what a person does ---------------------------------------------------------------------------------

  /** A click selects, but one on the twist folds, and so does a double click beside it. */
  #pressed({ type, target }) {
    const id = target.closest(".row")?.dataset.id;
    const twist = target.closest(".twist:not(.none)") !== null;
    if (id && twist === (type === "click")) this.tree.toggle(id);
    else if (id && type === "click") this.tree.select(id);
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !this.rows.length) return;
    const place = this.places.get(this.selected) ?? -1;
    const node = this.rows[place];
    const page = Math.max(1, Math.floor(this.height / ROW) - 1);
    const to = (next) => this.tree.select(this.rows[Math.min(this.rows.length - 1, Math.max(0, next))].id);
    const below = node && this.tree.trace.begun(node) > 0;
    const open = below && !this.tree.folded.has(node.id);
    const moves = {
      ArrowDown: () => to(place + 1),
      ArrowUp: () => to(place - 1),
      Home: () => to(0),
      End: () => to(this.rows.length - 1),
      PageDown: () => to(place + page),
      PageUp: () => to(place - page),
      ArrowRight: () => (open ? to(place + 1) : below && this.tree.toggle(node.id, true)),
      ArrowLeft: () => (open ? this.tree.toggle(node.id, false) : node?.parent && this.tree.select(node.parent.id)),
      "*": () => node && this.tree.toggle(node.id, true, true),
      Enter: () => node && this.tree.detail.element.focus(),
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.tree.follow = false;
    move();
  }
}

/** Where a text holds what was searched for, in lower case; -1 for nowhere. */
const placeIn = (shown, text) => (text ? shown.toLocaleLowerCase().indexOf(text) : -1);

/** Set a text in which what was searched for is marked. */
function marked(element, shown, text) {
  const at = placeIn(shown, text);
  if (at < 0) return put(element, shown);
  const end = at + text.length;
  put(element, shown.slice(0, at), el("mark", {}, shown.slice(at, end)), shown.slice(end));
}

/** A text from a little before what was searched for. */
function around(shown, text) {
  const at = placeIn(shown, text);
  return at > BEFORE ? `…${shown.slice(at - BEFORE)}` : shown;
}
