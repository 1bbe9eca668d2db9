// The answer of a run, as the app made it (`app/runs/answer/panel.py`): what is clicked opens its document.

import { el, icon } from "/ui/shell/dom.js";
import { keepButton } from "/ui/runs/checks/keep.js";
import { built } from "/ui/shell/text/text.js";

const STATUS = {
  answered: "Answered",
  unanswered: "No answer",
  interrupted: "Interrupted",
  failed: "Failed",
  running: "Working",
};

/** The words for a status. */
export function statusWords(status) {
  return STATUS[status] ?? "Working";
}

/** The mark of an answer that was asked for at a limit, or null. Records of older versions know it by the reason alone. */
export function forcedChip({ forced, answer, reason }) {
  if (!forced && !(reason && answer)) return null;
  return el("span", { class: "chip warn", title: "The model was not done and was asked for its best answer" }, "At a limit");
}

/** The panel of a finished run, of the row of GET /api/runs/RUN/log. */
export function answerPanel(run, app) {
  const panel = built(run.panel);
  panel.addEventListener("click", ({ target }) => {
    const { document: number, start, end } = target.closest("[data-document]")?.dataset ?? {};
    const span = start === undefined ? {} : { start: Number(start), end: Number(end) };
    if (number !== undefined) app.openDocument(run.corpus, Number(number), span);
  });
  panel.querySelector(".answer-foot").append(...[keepButton(run, app), copyButton(run, app)].filter(Boolean));
  return panel;
}

function copyButton(run, app) {
  const sourced = run.sources?.length > 0;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(run.text);
      app.toast(sourced ? "Copied with its sources" : "Copied", "ok");
    } catch {
      app.toast("The browser did not allow copying; select the text instead.", "error");
    }
  };
  return el("button", { class: "button", type: "button", on: { click: copy } }, icon("copy"), sourced ? "Copy with sources" : "Copy");
}
