// Live text of nodes, by node id, until their replies are in the log.

export class Drafts extends Map {
  /** Take live text of a node: `at` is how many characters came before it in turn `i`. */
  take({ n, x, at, i }) {
    const before = this.get(n);
    const goesOn = before && before.turn === i && before.length === at;
    const draft = goesOn ? before : { turn: i, from: at, text: "", length: at };
    draft.text += x;
    draft.length += x.length;
    this.set(n, draft);
  }

  /** Forget the text of a node whose reply or end is in the log. */
  drop({ k, n }) {
    if (k === "reply" || k === "end") this.delete(n);
  }
}
