// The button below an answer that keeps its question as a check, to be asked again by `check`.

import { el, icon } from "/ui/shell/dom.js";

const WAYS = ["recursive", "direct"]; // others were imported, or are of the bench

/** A button that keeps the question of a run with its answer, or keeps it no longer; null where it cannot be kept. */
export function keepButton(run, app) {
  if (run.status !== "answered" || run.follows || (run.strategy && !WAYS.includes(run.strategy)) || !app.api) return null;
  const address = `/api/kept/${encodeURIComponent(run.run)}`;
  const words = el("span", {}, "Keep as a check");
  const button = el("button", { class: "button keep", type: "button", "aria-pressed": "false",
    title: "Keep this question with its answer; launch.py check asks all kept ones again and says what got worse" }, icon("check"), words);
  const show = (kept) => {
    button.setAttribute("aria-pressed", String(kept));
    words.textContent = kept ? "Kept as a check" : "Keep as a check";
  };
  button.addEventListener("click", async () => {
    const kept = button.getAttribute("aria-pressed") === "true";
    button.disabled = true;
    try {
      await (kept ? app.api.del(address) : app.api.put(address));
      show(!kept);
    } catch (problem) {
      app.toast(problem.message, "error");
    }
    button.disabled = false;
  });
  app.api.get("/api/kept").then((rows) => show(rows.some((row) => row.run === run.run))).catch(() => {});
  return button;
}
