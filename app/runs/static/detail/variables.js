// What a cell did to the variables: those that it added, changed and removed, with type, size and the head of each.

import { el } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SIGNS = { added: "+", changed: "~", removed: "−" };

/** The changes in words, such as "2 variables added, 1 changed"; "" where a cell changed none or nobody looked. */
export function changeWords(changes) {
  const found = [];
  for (const kind of Object.keys(SIGNS)) {
    const some = changes?.[kind]?.length ?? 0;
    if (some) found.push(`${found.length ? count(some) : many(some, "variable")} ${kind}`);
  }
  return found.join(", ");
}

/** A table of the changes. */
export function changeTable(changes) {
  const rows = [];
  for (const kind of Object.keys(SIGNS)) {
    for (const one of changes[kind] ?? []) {
      const { name, type = "", size = null, repr = "" } = typeof one === "string" ? { name: one } : one;
      rows.push(
        el(
          "tr",
          { class: kind },
          el("td", { class: "sign", title: kind }, SIGNS[kind], el("span", { class: "unseen" }, ` ${kind}`)),
          el("th", { scope: "row" }, line(name, 100)),
          el("td", {}, line(type, 60)),
          el("td", { class: "numeric" }, size === null ? "" : count(size)),
          el("td", { class: "value", dir: "auto" }, line(repr, 120)),
        ),
      );
    }
  }
  return el("div", { class: "table variables" }, el("table", {}, el("tbody", {}, rows)));
}
