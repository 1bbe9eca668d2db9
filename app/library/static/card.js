// A card in words: where its documents come from, how much it holds, what changed and when.

import { el } from "/ui/shell/dom.js";
import { amount, count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHOWN_NAMES = 12;
const KINDS = { added: "added", changed: "changed", moved: "moved", removed: "gone" };

/** Where the documents of a card come from. */
export function source(card) {
  if (card.kind === "sample") return "Comes with Taproot";
  if (card.kind === "upload") return "Uploaded into Taproot’s private folder";
  return el("span", { class: "mono" }, card.sources.length === 1 ? line(card.sources[0], 400) : `${line(card.sources[0], 300)} and ${count(card.sources.length - 1)} more`);
}

/** How much a card holds. */
export function facts(card) {
  const parts = [many(card.documents, "document"), card.pages && many(card.pages, "page"), `${count(card.chars)} characters`, amount(card.bytes),
    card.runs && many(card.runs, "question")];
  return parts.filter(Boolean).flatMap((part, i) => [i > 0 && " · ", el("span", {}, part)]);
}

/** What a card's newest version changed, to be unfolded; null when nothing. */
export function changes(card, unfolded) {
  if (!card.changes) return null;
  const kinds = Object.keys(KINDS).filter((kind) => card.changes[kind]?.count);
  if (!kinds.length) return null;
  const same = card.changes.same ? `, ${count(card.changes.same.count)} as before` : "";
  return el("details", { class: "changes", open: unfolded },
    el("summary", {}, `What changed ${ago(card.updated)}: ${kinds.map((kind) => `${count(card.changes[kind].count)} ${KINDS[kind]}`).join(", ")}${same}`),
    el("ul", {}, kinds.flatMap((kind) => {
      const { count: all, names } = card.changes[kind];
      const shown = names.slice(0, SHOWN_NAMES).map((name) => el("li", {}, el("span", { class: `change ${kind}` }, KINDS[kind]), " ", line(name, 300)));
      return all > shown.length ? [...shown, el("li", { class: "muted" }, `and ${count(all - shown.length)} more ${KINDS[kind]}`)] : shown;
    })));
}

/** "just now", "5 min ago", "3 h ago", "on 4 Nov 2026" */
export function ago(seconds) {
  const passed = Date.now() / 1000 - seconds;
  if (passed < 60) return "just now";
  if (passed < 3600) return `${Math.round(passed / 60)} min ago`;
  if (passed < 22 * 3600) return `${Math.round(passed / 3600)} h ago`;
  return `on ${new Date(seconds * 1000).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })}`;
}
