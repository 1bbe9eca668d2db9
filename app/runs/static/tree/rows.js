// Which nodes stand in the tree, in which order: collapsed branches, filter, search and playhead applied. Pure.

/** The nodes to show from top to bottom. `kept` (a Map of id to true for a hit, false for its way) filters. */
export function visible(trace, collapsed, kept) {
  const rows = [];
  const todo = trace.root?.start <= trace.playhead ? [trace.root] : [];
  while (todo.length) {
    const node = todo.pop();
    if (kept && !kept.has(node.id)) continue;
    rows.push(node);
    if (!collapsed.has(node.id)) todo.push(...node.children.slice(0, trace.begun(node)).reverse());
  }
  return rows;
}

/**
 * The nodes that a filter lets through, with the way to each. `wanted` is {text, errors, finals, kind}.
 * Returns {kept, hits, said}, or null where nothing is filtered; `said` maps the id of a hit to the text of it, other
 * than its question, that holds the text searched for.
 */
export function matches(trace, wanted) {
  const { text } = wanted;
  if (!text && !wanted.errors && !wanted.finals && !wanted.kind) return null;
  const said = text ? saying(trace, text) : new Map();
  const fits = (node) =>
    (!wanted.kind || node.kind === wanted.kind) &&
    ((!wanted.errors && !wanted.finals) ||
      (wanted.errors && node.faults > 0) ||
      (wanted.finals && finals(node))) &&
    (!text || holds(node.question, text) || said.has(node.id));
  const hits = trace.order.filter((node) => node.start <= trace.playhead && fits(node));
  const kept = new Map(hits.map((node) => [node.id, true]));
  for (const node of hits) {
    for (let above = node.parent; above && !kept.has(above.id); above = above.parent) kept.set(above.id, false);
  }
  return { kept, hits, said };
}

/** Whether a node ended with an answer. */
function finals({ kind, row }) {
  return row.final || (kind !== "leaf" && row.status === "answered");
}

const holds = (text, wanted) => (text ?? "").toLocaleLowerCase().includes(wanted);

/** What nodes say beside their questions that holds a text in lower case: data, answers, notes and heads of cells, by id. */
function saying(trace, wanted) {
  const said = new Map();
  const texts = { node: "on", end: "a", cell: "h", note: "h" };
  for (const event of trace.events.slice(0, Math.min(trace.playhead, trace.last))) {
    const text = event[texts[event.k]];
    if (!said.has(event.n) && holds(text, wanted)) said.set(event.n, text);
  }
  if (trace.nodes.has(wanted)) said.set(wanted, "");
  return said;
}
