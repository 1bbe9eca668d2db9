// Fork from a cell: an editor for its code below it, and a new run that goes on from there.

import { el } from "/ui/shell/dom.js";
import { button } from "/ui/runs/controls.js";

/** A button, and the editor that it opens; `on.fork(node, cell, {code, question})` begins the run. */
export function forkEditor(node, cell, on) {
  const code = el("textarea", {
    class: "fork-code",
    spellcheck: false,
    dir: "ltr",
    rows: Math.min(16, Math.max(3, (cell.code ?? "").split("\n").length + 1)),
    "aria-label": `Code in place of cell ${cell.index}`,
  });
  code.value = cell.code ?? "";
  const question = el("input", { class: "fork-question", type: "text", dir: "auto", placeholder: "Another question (as before if empty)", "aria-label": "Another question from here on" });
  const run = el("button", { type: "button", class: "button filter", on: { click: () => begin(code.value) } }, "Run this cell");
  const ask = el("button", { type: "button", class: "button filter", title: "Leave the code aside and let the model write the cell again", on: { click: () => begin(null) } }, "Ask the model again");
  const leave = el("button", { type: "button", class: "button filter", on: { click: () => show(false) } }, "Cancel");
  const panel = el(
    "div",
    { class: "fork", hidden: true, role: "group", "aria-label": `Fork from cell ${cell.index}` },
    el("p", { class: "hint" }, "A new run takes all before this cell from the record, and goes on from here."),
    code,
    node.parent ? null : question,
    el("div", { class: "fork-bar" }, run, ask, leave),
  );
  const open = button("fork", `Fork from cell ${cell.index}`, () => show(panel.hidden), { text: "Fork from here", kind: "fork-open" });
  open.setAttribute("aria-expanded", "false");
  panel.addEventListener("keydown", (event) => {
    event.stopPropagation(); // keys of the tree are not meant here
    if (event.key === "Escape") show(false);
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) begin(code.value);
  });

  function show(shown) {
    panel.hidden = !shown;
    open.setAttribute("aria-expanded", String(shown));
    (shown ? code : open).focus();
  }

  async function begin(text) {
    const all = [run, ask];
    for (const one of all) one.disabled = true;
    const begun = await on.fork(node.id, cell.index, { code: text, question: question.value.trim() || null });
    for (const one of all) one.disabled = false;
    if (begun) show(false);
  }

  return [open, panel];
}
