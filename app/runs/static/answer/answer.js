// The answer of a run, as the app made it (`app/runs/answer/panel.py`): what is pressed in it is done here.

import { find } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";
import { pressed } from "/ui/shell/text/trees.js";

/** The panel of a finished run, of the row of GET /api/runs/RUN/log. */
export function answerPanel(run, app) {
  const panel = built(run.panel);
  pressed(panel, {
    document: ({ document: number, start, end }) =>
      app.openDocument(run.corpus, Number(number), start === undefined ? {} : { start: Number(start), end: Number(end) }),
    keep: (_, button) => keep(run.run, button, app),
    copy: ({ told }) => copy(run.text, told, app),
  });
  return panel;
}

/** Keep the question of a run with its answer as a check, or keep it no longer. */
async function keep(run, button, app) {
  const kept = button.getAttribute("aria-pressed") === "true";
  button.disabled = true;
  try {
    await app.api[kept ? "del" : "put"](`/api/kept/${encodeURIComponent(run)}`);
    button.setAttribute("aria-pressed", String(!kept));
    find("span", button).textContent = kept ? "Keep as a check" : "Kept as a check";
  } catch (problem) {
    app.toast(problem.message, "error");
  }
  button.disabled = false;
}

async function copy(text, told, app) {
  try {
    await navigator.clipboard.writeText(text);
    app.toast(told, "ok");
  } catch {
    app.toast("The browser did not allow copying; select the text instead.", "error");
  }
}
