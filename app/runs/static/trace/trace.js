// The tree of one run: its nodes, each with its row as it stands at the playhead, and when it worked at what.
//
// The app folds the events (`app/live/fold.py`) and says with each what it changes. Each node keeps its rows, with the
// events since which they stand. A playhead is the number of the last event that counts; LIVE means all of them.

export const LIVE = Infinity;

/** How many of an ascending list are not above a limit; `of(item)` is what is compared. */
function upTo(list, limit, of) {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (of(list[middle]) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

const startOf = (node) => node.start;
const itself = (one) => one;
const faultsOf = ({ errors, status }) => errors + (status === "failed" ? 1 : 0);

/** One node of a trace; times are Unix seconds. */
class Node {
  children = [];
  #trace;
  #rows; // what its row said, one after the other
  #since; // and the number of the event since which it did
  // Wherever the playhead is:
  ended = null;
  faulty = false;
  written = null; // its live text until the reply is in the log: {turn, from, text, length}; `from` where it began
  spans = []; // what it did when, for the timeline: ["queue", "model", "kernel" or "waiting", from, to or null]
  last = 0; // the number of its newest event that its details are laid out by

  /** `row` is that of a node that has just begun. */
  constructor(trace, event, parent, row) {
    this.#trace = trace;
    this.#rows = [row];
    this.#since = [event.s];
    this.id = event.n;
    this.parent = parent;
    this.kind = event.kind ?? (parent ? "child" : "root");
    this.question = event.q ?? "";
    this.data = event.on ?? ""; // what a child works on, in a line
    this.level = parent ? parent.level + 1 : 0;
    this.depth = event.d ?? this.level;
    this.index = parent ? parent.children.length : 0;
    this.lane = event.lane ?? 0;
    this.start = event.s;
    this.began = event.ts;
  }

  /** What its row says at the playhead (`app.live.fold.FIRST`). */
  get row() {
    return this.#rows[Math.max(0, upTo(this.#since, this.#trace.playhead, itself) - 1)];
  }

  /** What tells the node from its kin. */
  get label() {
    return this.row.named ? this.data : this.question;
  }

  /** Errors of its cells and its own. */
  get faults() {
    return faultsOf(this.row);
  }

  /** Note what an event changes in its row, and so what it does from then on. Returns the row before it and after. */
  change(changed, { s, ts, queued = 0 }) {
    const before = this.#rows.at(-1);
    const after = { ...before, ...changed };
    this.#rows.push(after);
    this.#since.push(s);
    const { phase, status, errors } = changed;
    const open = this.spans.at(-1);
    if (phase && open && open[2] === null) {
      open[2] = ts;
      if (queued) this.spans.splice(-1, 1, ["queue", open[1], open[1] + queued], ["model", open[1] + queued, ts]);
    }
    if (phase) this.written = null;
    if (phase && phase !== "idle") this.spans.push([phase, ts, null]);
    if (status) this.ended = status === "running" ? null : ts;
    if (errors || status === "failed") this.faulty = true;
    return { before, after };
  }
}

/** The tree of one run, grown by `take`. `first` is the row of a node that has just begun. */
export class Trace {
  first = {};
  nodes = new Map();
  order = [];
  root = null;
  events = [];
  times = [];
  lanes = 0;
  end = null; // the event that ended the run
  playhead = LIVE;
  #sums = [{ nodes: 0, cells: 0, tokens: 0, errors: 0 }]; // of all nodes, after so many events

  /**
   * Take events in order. Those that are known already are passed over. Returns whether some are missing: then nothing
   * after the gap was taken; fetch the log after `last` and take that.
   */
  take(events) {
    for (const event of events) {
      if (event.s <= this.last) continue;
      if (event.s !== this.last + 1) return true;
      this.events.push(event);
      this.times.push(Math.max(event.ts, this.times.at(-1) ?? event.ts));
      this.#take(event);
    }
    return false;
  }

  #take(event) {
    if (event.k === "node" && !this.nodes.has(event.n)) this.#add(event);
    if (event.k === "fin") this.end = event;
    if (event.k === "again") this.end = null;
    const grown = event.k === "draft" ? [] : (event.nodes ?? [event.n]);
    for (const id of grown) if (this.nodes.has(id)) this.nodes.get(id).last = event.s;
    const sum = { ...this.#sums.at(-1), nodes: this.order.length };
    for (const id in event.rows) {
      const { before, after } = this.nodes.get(id).change(event.rows[id], event);
      sum.cells += after.cells - before.cells;
      sum.tokens += after.tokens - before.tokens;
      sum.errors += faultsOf(after) - faultsOf(before);
    }
    this.#sums.push(sum);
  }

  #add(event) {
    const parent = this.nodes.get(event.p) ?? (event.p == null ? null : this.root);
    const node = new Node(this, event, parent, this.first);
    parent?.children.push(node);
    this.root ??= node;
    this.nodes.set(node.id, node);
    this.order.push(node);
    this.lanes = Math.max(this.lanes, node.lane + 1);
  }

  /** Take live text of a node: `at` is how many characters came before it in turn `i`. */
  write({ n, x, at, i }) {
    const node = this.nodes.get(n);
    if (!node) return;
    const goesOn = node.written?.turn === i && node.written.length === at;
    if (!goesOn) node.written = { turn: i, from: at, text: "", length: at };
    node.written.text += x;
    node.written.length += x.length;
  }

  /** The number of the last event. */
  get last() {
    return this.events.length;
  }

  get running() {
    return this.end === null;
  }

  get began() {
    return this.times[0] ?? 0;
  }

  /** The Unix time of an event, and the number of the last event not later than a Unix time. */
  time(seq) {
    return this.times[Math.min(Math.max(1, seq), this.last) - 1] ?? 0;
  }

  seqAt(time) {
    return Math.max(1, upTo(this.times, time, itself));
  }

  /** The Unix time of the playhead; `clock` is that of now, which live nodes are measured by. */
  until(clock) {
    return this.playhead < this.last ? this.time(this.playhead) : (this.end?.ts ?? clock);
  }

  /** Seconds that a node has worked. */
  seconds(node, clock) {
    return node.row.seconds ?? Math.max(0, this.until(clock) - node.began);
  }

  /** The sums of a node and all below it that have begun. */
  below(node = this.root) {
    if (node === this.root) return this.#sums[Math.min(this.playhead, this.last)];
    const sum = { nodes: 0, cells: 0, tokens: 0, errors: 0 };
    const todo = node.start <= this.playhead ? [node] : [];
    while (todo.length) {
      const one = todo.pop();
      sum.nodes += 1;
      const { row } = one;
      sum.cells += row.cells;
      sum.tokens += row.tokens;
      sum.errors += faultsOf(row);
      for (let at = this.begun(one) - 1; at >= 0; at -= 1) todo.push(one.children[at]);
    }
    return sum;
  }

  /** How many children of a node have begun. */
  begun(node) {
    return upTo(node.children, this.playhead, startOf);
  }

  /** The node that began last. */
  get newest() {
    return this.order[upTo(this.order, this.playhead, startOf) - 1];
  }
}
