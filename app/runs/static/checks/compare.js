// Two runs side by side in a dialog, as the app compared them (`app/runs/answer/comparison.py`).

import { dialog, el } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";

/** Show the comparison of two runs (GET /api/compare); resolves when it is closed. */
export async function openComparison(app, left, right) {
  const { same_answer: same, panel } = await app.api.get(`/api/compare?${new URLSearchParams({ left, right })}`);
  return dialog(same ? "Two runs that say the same" : "Two runs with different answers", (close) => {
    const shown = built(panel);
    shown.addEventListener("click", ({ target }) => {
      const run = target.closest("[data-run]")?.dataset.run;
      if (!run) return;
      close();
      app.openRun(run);
    });
    const done = el("button", { class: "button primary", type: "button", on: { click: () => close() } }, "Close");
    return [shown, el("div", { class: "confirm-foot" }, done)];
  }, "comparison");
}
