// Which branches of the tree are folded.

export class Folded {
  #whole = new Set();
  #hits = new Set();

  /** Ids of the folded branches: a filter has its own, so that its hits show and what was folded before stays so. */
  under(filter) {
    return filter ? this.#hits : this.#whole;
  }

  /** Another filter begins with all of its branches open. */
  openHits() {
    this.#hits = new Set();
  }
}

/** Open or fold a branch, or it and its siblings. */
export function foldBranch(folded, node, open, siblings) {
  const all = siblings ? (node.parent?.children ?? [node]) : [node];
  for (const one of all) {
    if (open) folded.delete(one.id);
    else folded.add(one.id);
  }
}

/** Open or fold all branches below the root; returns them. */
export function foldBranches(folded, trace, open) {
  const branches = trace.order.filter((node) => node.parent && node.children.length);
  folded.clear();
  if (!open) for (const node of branches) folded.add(node.id);
  return branches;
}
