// What a run is doing and what it has spent, reckoned from its compact events and live drafts. Pure.

const WINDOW = 4; // seconds over which the speed of writing is measured

/** Fold events with `take`, live text with `draft`; the getters tell how things stand. */
export class Progress {
  constructor({ charsPerToken = 3.5 } = {}) {
    this.charsPerToken = charsPerToken;
    this.last = 0;
    this.began = null;
    this.ended = null;
    this.tokens = 0;
    this.calls = 0;
    this.nodes = 0;
    this.turn = 0;
    this.doing = new Map(); // node -> "reading", "writing", "cell", "calls"
    this.open = new Map(); // node -> [asked, answered] of its call
    this.parent = new Map();
    this.written = []; // [seconds, characters] of live text
    this.speed = 0; // tokens per second of the last whole reply
    this.limit = null; // seconds, once somebody changed the time limit
    this.before = 0; // seconds of work before the run was resumed; limits count from there
  }

  take(event) {
    if (event.s <= this.last) return;
    this.last = event.s;
    this.began ??= event.ts;
    const { n } = event;
    switch (event.k) {
      case "node":
        this.nodes += 1;
        this.parent.set(n, event.p ?? null);
        this.doing.set(n, "reading");
        break;
      case "turn":
        if (event.n === "0") this.turn = event.i;
        this.doing.set(n, "reading");
        break;
      case "reply":
        this.tokens += (event.tok ?? 0) + (event.in ?? 0);
        if (event.sec > 0 && event.tok > 8) this.speed = event.tok / event.sec;
        this.doing.set(n, "between");
        break;
      case "cell":
        this.doing.set(n, "cell");
        break;
      case "call":
        this.calls += event.m ?? 1;
        this.open.set(n, [event.m ?? 1, 0]);
        this.doing.set(n, "calls");
        break;
      case "ret":
        this.open.delete(n);
        this.doing.set(n, "cell");
        break;
      case "done":
        this.doing.set(n, "between");
        break;
      case "note":
        this.limit = event.lim ?? this.limit;
        break;
      case "end": {
        this.doing.delete(n);
        const call = this.open.get(this.parent.get(n));
        if (call) call[1] = Math.min(call[0], call[1] + 1);
        break;
      }
      case "again":
        this.before = this.worked ?? 0;
        this.began = event.ts - this.before;
        this.ended = this.limit = null;
        this.tokens = this.calls = 0;
        break;
      case "fin":
        this.ended = event.ts;
        this.worked = event.sec ?? event.ts - this.began;
        this.doing.clear();
        break;
    }
  }

  /** Live text of a node, at `now` in seconds. */
  draft({ n, x }, now) {
    this.doing.set(n, "writing");
    this.written.push([now, x.length]);
    while (this.written.length && this.written[0][0] < now - WINDOW) this.written.shift();
  }

  /** Tokens per second that are being written now; null when nothing is. */
  rate(now) {
    const recent = this.written.filter(([at]) => at >= now - WINDOW);
    if (this.ended !== null || ![...this.doing.values()].includes("writing") || recent.length < 2) return null;
    const span = Math.max(0.4, now - recent[0][0]);
    return recent.reduce((sum, [, size]) => sum + size, 0) / this.charsPerToken / span;
  }

  /** Wall seconds so far; `now` in Unix seconds. */
  seconds(now) {
    return this.began === null ? 0 : Math.max(0, (this.ended ?? now) - this.began);
  }

  /** A few words for what goes on. */
  get phase() {
    if (this.ended !== null) return "";
    if (!this.nodes) return "Starting";
    const turn = this.turn ? `Turn ${this.turn}` : "";
    const [asked, answered] = [...this.open.values()].reduce(([a, b], [c, d]) => [a + c, b + d], [0, 0]);
    const root = this.doing.get("0");
    const now = asked
      ? `${answered} of ${asked} sub-call${asked === 1 ? "" : "s"} answered`
      : { reading: "the model reads", writing: "the model writes", cell: "a cell runs", between: "the cell is prepared" }[root] ?? "";
    return [turn, now].filter(Boolean).join(" · ") || "Starting";
  }
}
