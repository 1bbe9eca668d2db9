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

  /** Forget the text of nodes that wait for no model any more. */
  drop(ids, trace) {
    for (const id of ids) {
      const phase = trace.nodes.get(id)?.now.phase;
      if (phase !== "model") this.delete(id);
    }
  }
}
