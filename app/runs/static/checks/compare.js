// Two runs side by side in a dialog, as the app compared them (`app/runs/answer/comparison.py`).

import { el } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";

/** Show the comparison of two runs (GET /api/compare); resolves when it is closed. */
export async function openComparison(app, left, right) {
  const query = new URLSearchParams({ left, right });
  const found = await app.api.get(`/api/compare?${query}`);
  return new Promise((resolve) => {
    const before = document.activeElement;
    const box = el("dialog", { class: "confirm comparison", "aria-label": "Two runs side by side" });
    const close = () => {
      box.remove();
      if (before?.isConnected) before.focus();
      resolve();
    };
    box.append(...built(found.panel).childNodes,
      el("div", { class: "confirm-foot" }, el("button", { class: "button primary", type: "button", on: { click: close } }, "Close")));
    box.addEventListener("click", ({ target }) => {
      const run = target.closest("[data-run]")?.dataset.run;
      if (!run) return;
      close();
      app.openRun(run);
    });
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    document.body.append(box);
    box.showModal();
    box.querySelector("th button").focus();
  });
}
