// Fork from a cell: the editor for its code (`app/runs/detail/cell.py`), and a new run that goes on from there.

import { find } from "/ui/shell/dom.js";

/** A button that was pressed in a node's details; `fork(cell, {code, question})` begins a run, resolves to whether it began. */
export function pressFork(button, fork) {
  const editor = find(".fork", button.closest(".after") ?? button);
  if (!editor) return;
  if (button.matches(".fork-open")) show(editor, editor.hidden);
  else if (button.matches(".fork-leave")) show(editor, false);
  else if (button.matches(".fork-run")) begin(editor, fork, find(".fork-code", editor).value);
  else if (button.matches(".fork-ask")) begin(editor, fork, null);
}

/** A key that was pressed in a node's details: within an editor none of those of the tree is meant. */
export function forkKey(event) {
  const editor = event.target.closest(".fork");
  if (!editor) return;
  event.stopPropagation();
  if (event.key === "Escape") show(editor, false);
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) find(".fork-run", editor).click();
}

function show(editor, shown) {
  const open = find(".fork-open", editor.closest(".after"));
  editor.hidden = !shown;
  open.setAttribute("aria-expanded", String(shown));
  (shown ? find(".fork-code", editor) : open).focus();
}

async function begin(editor, fork, code) {
  const buttons = [...editor.querySelectorAll(".fork-run, .fork-ask")];
  for (const one of buttons) one.disabled = true;
  const question = find(".fork-question", editor)?.value.trim() || null;
  const begun = await fork(Number(editor.dataset.cell), { code, question });
  for (const one of buttons) one.disabled = false;
  if (begun) show(editor, false);
}
