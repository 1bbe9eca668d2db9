// The tree of one run: its nodes, each with its row as it stands at the playhead, and when it worked at what.
//
// The app folds the events (`app/live/fold.py`) and says with each what it changes. Rows are moved to a playhead by doing
// these changes, or by taking them back. A playhead is the number of the last event that counts; LIVE means all of them.

export const LIVE = Infinity;

/** One node. What its row says is described in `app/live/fold.py`; times are Unix seconds. */
class Node {
  status = "running";
  phase = "idle";
  turns = 0;
  tokens = 0;
  prompt = 0;
  reused = 0;
  cells = 0;
  errors = 0;
  final = false;
  confidence = null;
  seconds = null;
  draft = 0;
  named = false;
  children = [];
  // Wherever the playhead is:
  ended = null;
  faulty = false;
  spans = []; // what it did when, for the timeline: ["queue", "model", "kernel" or "waiting", from, to or null]
  last = 0; // the number of its newest event that its details are laid out by

  constructor(event, parent) {
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

  /** What tells the node from its kin. */
  get label() {
    return this.named ? this.data : this.question;
  }

  /** Errors of its cells and its own. */
  get faults() {
    return this.errors + (this.status === "failed" ? 1 : 0);
  }

  /** Note what it does from an event on, of which its row says this. */
  works({ phase, status, errors }, { ts, queued = 0 }) {
    const open = this.spans.at(-1);
    if (phase && open && open[2] === null) {
      open[2] = ts;
      if (queued) this.spans.splice(-1, 1, ["queue", open[1], open[1] + queued], ["model", open[1] + queued, ts]);
    }
    if (phase && phase !== "idle") this.spans.push([phase, ts, null]);
    if (status) this.ended = status === "running" ? null : ts;
    if (errors || status === "failed") this.faulty = true;
  }
}

/** The tree of one run, grown by `take`. */
export class Trace {
  nodes = new Map();
  order = [];
  root = null;
  events = [];
  times = [];
  lanes = 0;
  end = null; // the event that ended the run
  playhead = LIVE;
  #done = 0; // so many events have changed the rows

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
    this.move(this.playhead);
    return false;
  }

  #take(event) {
    if (event.k === "node" && !this.nodes.has(event.n)) this.#add(event);
    if (event.k === "fin") this.end = event;
    if (event.k === "again") this.end = null;
    if (event.k !== "draft") for (const id of event.nodes ?? [event.n]) this.#note(id, event);
    for (const id in event.rows) this.nodes.get(id).works(event.rows[id], event);
  }

  #add(event) {
    const parent = this.nodes.get(event.p) ?? (event.p == null ? null : this.root);
    const node = new Node(event, parent);
    parent?.children.push(node);
    this.root ??= node;
    this.nodes.set(node.id, node);
    this.order.push(node);
    this.lanes = Math.max(this.lanes, node.lane + 1);
  }

  #note(id, event) {
    const node = this.nodes.get(id);
    if (node) node.last = event.s;
  }

  /** Let the rows say what they said at a playhead. */
  move(playhead) {
    this.playhead = playhead;
    while (this.#done < Math.min(playhead, this.last)) this.#change(this.events[this.#done++]);
    while (this.#done > playhead) this.#takeBack(this.events[--this.#done]);
  }

  #change(event) {
    event.before ??= Object.entries(event.rows ?? {}).map(([id, row]) => {
      const node = this.nodes.get(id);
      return [node, Object.fromEntries(Object.keys(row).map((name) => [name, node[name]]))];
    });
    for (const id in event.rows) Object.assign(this.nodes.get(id), event.rows[id]);
  }

  #takeBack(event) {
    for (const [node, row] of event.before) Object.assign(node, row);
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
    return Math.max(1, this.times.findLastIndex((one) => one <= time) + 1);
  }

  /** The Unix time of the playhead; `clock` is that of now, which live nodes are measured by. */
  until(clock) {
    return this.playhead < this.last ? this.time(this.playhead) : (this.end?.ts ?? clock);
  }

  /** Seconds that a node has worked. */
  seconds(node, clock) {
    return node.seconds ?? Math.max(0, this.until(clock) - node.began);
  }

  /** The sums of a node and all below it that have begun. */
  below(node = this.root) {
    const sum = { nodes: 0, cells: 0, tokens: 0, errors: 0 };
    const todo = [node];
    while (todo.length) {
      const one = todo.pop();
      if (one.start > this.playhead) continue;
      sum.nodes += 1;
      sum.cells += one.cells;
      sum.tokens += one.tokens;
      sum.errors += one.faults;
      todo.push(...one.children);
    }
    return sum;
  }

  /** How many children of a node have begun. */
  begun(node) {
    return node.children.findLastIndex((child) => child.start <= this.playhead) + 1;
  }

  /** The node that began last. */
  get newest() {
    return this.order.findLast((node) => node.start <= this.playhead);
  }
}
