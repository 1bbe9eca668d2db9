// Which nodes stand in the tree, in which order: collapsed branches, filter, search and playhead applied. Pure.

import { LIVE } from "/ui/runs/trace/fold.js";

/** The nodes to show from top to bottom. `kept` (a Map of id to true for a hit, false for its way) filters. */
export function visible(trace, { playhead = LIVE, collapsed = new Set(), kept = null } = {}) {
  const rows = [];
  if (!trace.root || trace.root.start > playhead) return rows;
  const todo = [trace.root];
  while (todo.length) {
    const node = todo.pop();
    if (kept && !kept.has(node.id)) continue;
    rows.push(node);
    if (collapsed.has(node.id)) continue;
    for (let i = trace.begun(node, playhead) - 1; i >= 0; i -= 1) todo.push(node.children[i]);
  }
  return rows;
}

/**
 * The nodes that a filter lets through, with the way to each. `wanted` is {text, errors, finals, kind}.
 * Returns {kept, hits, said}, or null where nothing is filtered; `said` maps the id of a hit to the text of it, other
 * than its question, that holds the text searched for.
 */
export function matches(trace, playhead, wanted) {
  const text = wanted.text.trim().toLocaleLowerCase();
  if (!text && !wanted.errors && !wanted.finals && !wanted.kind) return null;
  const kept = new Map();
  const hits = [];
  const said = new Map();
  for (const node of trace.order) {
    if (node.start > playhead) break;
    if (wanted.kind && node.kind !== wanted.kind) continue;
    const now = trace.at(node, playhead);
    const faulty = now.errors > 0 || now.status === "failed";
    const final = now.final || (node.kind !== "leaf" && now.status === "answered");
    if (wanted.errors || wanted.finals) {
      if (!(wanted.errors && faulty) && !(wanted.finals && final)) continue;
    }
    if (text && !holds(node.question, text)) {
      const found = says(node, text, playhead);
      if (found === null) continue;
      said.set(node.id, found);
    }
    hits.push(node);
    kept.set(node.id, true);
    for (let above = node.parent; above && !kept.has(above.id); above = above.parent) kept.set(above.id, false);
  }
  return { kept, hits, said };
}

const holds = (text, wanted) => (text ?? "").toLocaleLowerCase().includes(wanted);

/** What of a node beside its question holds a text in lower case: its answer, a note or the head of a cell; else null. */
function says(node, wanted, playhead) {
  if (node.id === wanted) return "";
  if (holds(node.data, wanted)) return node.data;
  for (const event of node.events) {
    if (event.s > playhead) break;
    const text = event.k === "end" ? event.a : event.k === "cell" || event.k === "note" ? event.h : "";
    if (text && holds(text, wanted)) return text;
  }
  return null;
}

/** The hit that comes `by` places after the selected node, round and round; without one the first or the last. */
export function beside(hits, selected, by) {
  const at = hits.findIndex((node) => node.id === selected);
  return hits[at < 0 ? (by > 0 ? 0 : hits.length - 1) : (at + by + hits.length) % hits.length];
}
