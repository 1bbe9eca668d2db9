// What the compact events of a run come to: nodes, totals, spans, at the end of the log or at any playhead. Pure.
//
// A playhead is the number of the last event that counts; Infinity means all of them (live). Nothing is folded
// again when it moves: every node keeps its own few events, and only the nodes that are looked at are summed up.

export const LIVE = Infinity;
const FAULTS = new Set(["error", "timeout", "died"]);
const COUNTED = ["nodes", "cells", "tokens", "errors"];
const NOTHING = { nodes: 0, cells: 0, tokens: 0, errors: 0 };

/** The index of the first item of an ascending list whose `key` is above `limit`. */
export function above(list, limit, key = (item) => item) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(list[middle]) > limit) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** One node of the tree. `start` and `finish` are event numbers, `began` and `ended` Unix seconds. */
class Node {
  constructor(event, parent) {
    this.id = event.n;
    this.parent = parent;
    this.kind = event.kind ?? (parent ? "child" : "root");
    this.question = event.q ?? "";
    this.data = event.on ?? ""; // what a child works on, in a line
    this.level = parent ? parent.level + 1 : 0;
    this.depth = event.d ?? this.level;
    this.cell = event.cell ?? event.c ?? null;
    this.call = event.call ?? null;
    this.place = event.ix ?? null;
    this.index = parent ? parent.children.length : 0;
    this.start = event.s;
    this.began = event.ts;
    this.finish = LIVE;
    this.ended = null;
    this.lane = 0;
    this.children = [];
    this.events = [];
    this.now = summary();
    this.spans = [];
    this.sums = new Sums();
  }

  /** What tells the node from its kin: the data of a child that was asked what its parent or its sibling was. */
  get label() {
    const { parent, question, data } = this;
    const kin = [parent, this.index ? parent.children[this.index - 1] : parent?.children[1]];
    return data && kin.some((one) => one && one.data !== data && same(question, one.question)) ? data : question;
  }
}

/** Whether two heads of questions, of which one may be shorter, are of the same question. */
function same(one, other) {
  const [short, long] = one.length < other.length ? [one, other] : [other, one];
  return short.endsWith("…") ? long.startsWith(short.slice(0, -1)) : short === long;
}

/** What was counted until when: running totals, looked up by event number. */
class Sums {
  constructor() {
    Object.assign(this, { seqs: [], nodes: [], cells: [], tokens: [], errors: [] });
  }

  /** Count `more` of `name` from an event on. */
  add(name, more, seq) {
    const place = this.seqs.push(seq) - 1;
    for (const one of COUNTED) this[one].push((place ? this[one][place - 1] : 0) + (one === name ? more : 0));
  }

  at(playhead) {
    const place = above(this.seqs, playhead) - 1;
    if (place < 0) return NOTHING;
    return { nodes: this.nodes[place], cells: this.cells[place], tokens: this.tokens[place], errors: this.errors[place] };
  }
}

/** What is known of a node before its first turn. `phase` is idle, model, kernel or waiting; times in seconds. */
function summary() {
  return {
    status: "running",
    phase: "idle",
    since: 0,
    turn: 0,
    turns: 0,
    tokens: 0,
    prompt: 0,
    reused: 0,
    cells: 0,
    errors: 0,
    warnings: 0,
    final: false,
    answer: "",
    code: "",
    confidence: null,
    seconds: null,
  };
}

function step(now, event) {
  switch (event.k) {
    case "turn":
      now.phase = "model";
      now.since = event.ts;
      now.turn = event.i;
      break;
    case "reply":
      now.phase = "idle";
      now.turns += 1;
      now.tokens += event.tok ?? 0;
      now.prompt += event.in ?? 0;
      now.reused += event.re ?? 0;
      now.confidence = event.lp ?? null;
      break;
    case "cell":
      now.phase = "kernel";
      now.since = event.ts;
      now.cells += 1;
      now.code = event.h ?? "";
      break;
    case "done":
      now.phase = "idle";
      if (FAULTS.has(event.st)) now.errors += 1;
      if (event.fin) now.final = true;
      break;
    case "call":
      now.phase = "waiting";
      now.since = event.ts;
      break;
    case "ret":
      now.phase = "kernel";
      now.since = event.ts;
      break;
    case "note":
      if (event.l === "warning") now.warnings += 1;
      break;
    case "again": // the run was resumed, and this node goes on
      Object.assign(now, { status: "running", phase: "idle", since: event.ts, answer: "", seconds: null });
      break;
    case "end":
      now.status = event.st ?? "answered";
      now.phase = "idle";
      now.answer = event.a ?? "";
      now.seconds = event.sec ?? null;
      break;
  }
}

/** The tree of one run, grown by `fold`. */
export class Trace {
  constructor() {
    this.nodes = new Map();
    this.order = [];
    this.root = null;
    this.events = [];
    this.times = [];
    this.last = 0;
    this.run = null;
    this.end = null;
    this.sums = new Sums();
    this.lanes = [];
  }

  /**
   * Take events in order. Those that are known already are passed over.
   * Returns {grown, touched, gap}: whether nodes were added, whose events came, and whether some are missing
   * (then nothing after the gap was taken: fetch the log after `last` and fold that).
   */
  fold(events) {
    const touched = new Set();
    const before = this.order.length;
    for (const event of events) {
      if (event.s <= this.last) continue;
      if (event.s !== this.last + 1) return { grown: this.order.length > before, touched, gap: true };
      this.last = event.s;
      this.events.push(event);
      this.times.push(Math.max(event.ts, this.times.at(-1) ?? event.ts));
      this.#take(event);
      for (const id of event.nodes ?? [event.n ?? []].flat()) touched.add(id);
    }
    return { grown: this.order.length > before, touched, gap: false };
  }

  #take(event) {
    if (event.k === "run") {
      this.run = event;
      return;
    }
    if (event.k === "fin") {
      this.end = event;
      return;
    }
    if (event.k === "again") {
      this.end = null;
      for (const id of event.nodes ?? []) this.#open(this.nodes.get(id), event);
      return;
    }
    if (event.k === "node") {
      this.#add(event);
      return;
    }
    const node = this.nodes.get(event.n);
    if (!node) return;
    node.events.push(event);
    step(node.now, event);
    this.#span(node, event);
    if (event.k === "end") {
      node.finish = event.s;
      node.ended = event.ts;
      if (this.lanes[node.lane] === node) this.lanes[node.lane] = null;
    }
    if (event.k === "reply") this.#count(node, "tokens", event.tok ?? 0, event);
    else if (event.k === "cell") this.#count(node, "cells", 1, event);
    else if (event.k === "done" && FAULTS.has(event.st)) this.#count(node, "errors", 1, event);
    else if (event.k === "end" && event.st === "failed") this.#count(node, "errors", 1, event);
  }

  #add(event) {
    if (this.nodes.has(event.n)) return;
    const parent = this.nodes.get(event.p) ?? (event.p == null ? null : this.root);
    const node = new Node(event, parent);
    parent?.children.push(node);
    this.root ??= node;
    this.nodes.set(node.id, node);
    this.order.push(node);
    node.lane = parent ? parent.lane + 1 : 0;
    while (this.lanes[node.lane]) node.lane += 1;
    this.lanes[node.lane] = node;
    this.#count(node, "nodes", 1, event);
  }

  /** A node that had ended, or was left behind, goes on. */
  #open(node, event) {
    if (!node) return;
    node.finish = LIVE;
    node.ended = null;
    node.events.push(event);
    step(node.now, event);
    for (const span of node.spans) span[2] ??= this.times.at(-2) ?? event.ts;
  }

  #count(node, name, more, event) {
    if (!more) return;
    node.sums.add(name, more, event.s);
    this.sums.add(name, more, event.s);
  }

  /** Who ran when: [what, from, to] with to null while it goes on. What is queue, model, kernel or waiting. */
  #span(node, event) {
    const open = node.spans.findLast((span) => span[2] === null);
    switch (event.k) {
      case "turn":
        node.spans.push(["model", event.ts, null]);
        break;
      case "reply": {
        if (!open) break;
        open[2] = event.ts;
        const started = event.sec == null ? open[1] : Math.max(open[1], event.ts - event.sec);
        if (started - open[1] > 0.05) {
          node.spans.splice(node.spans.indexOf(open), 0, ["queue", open[1], started]);
          open[1] = started;
        }
        break;
      }
      case "cell":
        node.spans.push(["kernel", event.ts, null]);
        break;
      case "call":
        node.spans.push(["waiting", event.ts, null]);
        break;
      case "ret":
      case "done":
        if (open) open[2] = event.ts;
        break;
      case "end":
        for (const span of node.spans) span[2] ??= event.ts;
        break;
    }
  }

  /** A node's numbers at a playhead. The status of a node that the run left behind is "interrupted". */
  at(node, playhead = LIVE) {
    let now = node.now;
    if (playhead < this.last) {
      now = summary();
      for (const event of node.events) {
        if (event.s > playhead) break;
        step(now, event);
      }
    }
    if (now.status === "running" && this.end && this.end.s <= playhead) {
      return { ...now, status: this.end.st === "failed" ? "failed" : "interrupted", phase: "idle" };
    }
    return now;
  }

  /** Seconds that a node has worked at a playhead; `clock` is the Unix time that live nodes are measured by. */
  seconds(node, playhead, clock) {
    if (node.ended !== null && node.finish <= playhead) return node.now.seconds ?? node.ended - node.began;
    const until = playhead < this.last ? this.time(playhead) : (this.end?.ts ?? clock);
    return Math.max(0, until - node.began);
  }

  /** The sums of a node and all below it: {nodes, cells, tokens, errors}; a failed node counts as an error. */
  below(node, playhead = LIVE) {
    if (node === this.root) return this.sums.at(playhead);
    const sum = { ...NOTHING };
    const todo = [node];
    while (todo.length) {
      const one = todo.pop();
      if (one.start > playhead) continue;
      const own = one.sums.at(playhead);
      for (const name of COUNTED) sum[name] += own[name];
      todo.push(...one.children);
    }
    return sum;
  }

  /** The sums of the whole tree at a playhead. */
  total(playhead = LIVE) {
    return this.sums.at(playhead);
  }

  /** How many children of a node have begun at a playhead. */
  begun(node, playhead = LIVE) {
    if (playhead >= this.last) return node.children.length;
    return above(node.children, playhead, (child) => child.start);
  }

  /** The node that began last at a playhead. */
  newest(playhead = LIVE) {
    return this.order[above(this.order, playhead, (node) => node.start) - 1];
  }

  /** The Unix time of an event, and the number of the last event not later than a Unix time. */
  time(seq) {
    return this.times[Math.min(Math.max(1, seq), this.last) - 1] ?? 0;
  }

  seqAt(time) {
    return Math.max(1, above(this.times, time));
  }

  /** The run's status at a playhead: running, or what it ended with. */
  status(playhead = LIVE) {
    return this.end && this.end.s <= playhead ? (this.end.st ?? "answered") : "running";
  }

  get began() {
    return this.times[0] ?? 0;
  }
}
