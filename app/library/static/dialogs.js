// Dialogs of the library: a new name, what deleting would take, and the receipt of what went.

import { amount } from "/ui/library/document_table.js";
import { dialog, el } from "/ui/shell/dom.js";
import { saveReceipt } from "/ui/shell/receipt.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHOWN_RUNS = 8;

/** Ask for a text; `save(text)` may refuse with an Error, which is shown, and nothing that was typed is lost. */
export function asked(title, label, value, save) {
  return dialog(title, (close) => {
    const field = el("input", { class: "field dialog-field", value, maxLength: 200, "aria-label": label, dataset: { first: "true" } });
    const wrong = el("p", { class: "path-error", role: "alert" });
    const form = el("form", { on: { submit: async (event) => {
      event.preventDefault();
      try {
        await save(field.value);
        close(field.value);
      } catch (problem) {
        wrong.textContent = problem.message;
        field.focus();
      }
    } } }, field, wrong, el("div", { class: "confirm-foot" },
      el("button", { class: "button", type: "button", on: { click: () => close(null) } }, "Cancel"),
      el("button", { class: "button primary", type: "submit" }, "Rename")));
    queueMicrotask(() => field.select());
    return [form];
  });
}

/** Ask for the password of locked files, of which `words` is said; `read(passwords)` may refuse with an Error, which is shown. */
export function unlocked(title, words, read) {
  return dialog(title, (close) => {
    const field = el("input", { class: "field dialog-field", type: "password", autocomplete: "off", "aria-label": "Password", dataset: { first: "true" } });
    const shown = el("input", { type: "checkbox", on: { change: () => { field.type = shown.checked ? "text" : "password"; } } });
    const wrong = el("p", { class: "path-error", role: "alert" });
    return [el("p", {}, `${words} What you type is kept in memory until Taproot is closed, and written nowhere.`),
      el("p", { class: "muted small" }, "The text that it opens is then stored in Taproot’s data folder as that of any other file."),
      el("form", { on: { submit: async (event) => {
        event.preventDefault();
        try {
          await read([field.value]);
          close(true);
        } catch (problem) {
          wrong.textContent = problem.message;
          field.focus();
        }
      } } }, field, el("label", { class: "row small" }, shown, "Show it"), wrong, el("div", { class: "confirm-foot" },
        el("button", { class: "button", type: "button", on: { click: () => close(null) } }, "Cancel"),
        el("button", { class: "button primary", type: "submit" }, "Unlock")))];
  });
}

/** Say what deleting a card would take; resolves to whether the person agreed. */
export async function confirmed(before, card) {
  const { runs } = before;
  const gone = [`the text of ${many(card.documents, "document")}${before.versions > 1 ? ` in ${count(before.versions)} versions` : ""}`,
    before.uploaded_bytes > 0 && "the uploaded files"].filter(Boolean);
  return (await dialog(`Delete “${line(before.name, 80)}”?`, (close) => [
    el("p", {}, `This removes ${gone.join(" and ")} from Taproot: ${amount(before.bytes)}.`,
      before.sources.length > 0 && " The folder itself stays as it is:"),
    before.sources.length > 0 && el("ul", { class: "paths mono" }, before.sources.slice(0, 5).map((one) => el("li", {}, line(one, 300)))),
    before.shared_with.length > 0 && el("p", {}, `${before.shared_with.map((name) => `“${line(name, 60)}”`).join(", ")} has the same documents, so their text and questions stay there.`),
    runs.length > 0 && el("p", {}, `${many(runs.length, "question")} asked about it ${runs.length === 1 ? "goes" : "go"} with everything that was recorded:`),
    runs.length > 0 && el("ul", { class: "gone-runs" }, runs.slice(0, SHOWN_RUNS).map((run) => el("li", { dir: "auto" }, line(run.question, 160))),
      runs.length > SHOWN_RUNS && el("li", { class: "muted" }, `and ${count(runs.length - SHOWN_RUNS)} more`)),
    el("p", { class: "muted" }, "This cannot be undone."),
    el("div", { class: "confirm-foot" },
      el("button", { class: "button", type: "button", dataset: { first: "true" }, on: { click: () => close(false) } }, "Cancel"),
      el("button", { class: "button danger", type: "button", on: { click: () => close(true) } }, "Delete for good"))])) === true;
}

/** Show the receipt of a deletion. */
export function told(receipt) {
  const rows = [
    ["Text and search index", receipt.corpora.length ? many(receipt.corpora.length, "version") : "kept, because another collection has the same documents"],
    receipt.uploaded_bytes > 0 && ["Uploaded files", amount(receipt.uploaded_bytes)],
    ["Questions with their answers", count(receipt.runs.length)],
    ["Recorded events", count(receipt.events)],
    receipt.blobs > 0 && ["Stored images and long texts", count(receipt.blobs)],
    receipt.checks > 0 && ["Questions kept as checks", count(receipt.checks)],
    receipt.backups > 0 && ["Backups of the database", count(receipt.backups)],
    ["Space freed", amount(receipt.bytes)],
  ].filter(Boolean);
  return dialog("Deleted", (close) => [
    el("p", { dir: "auto" }, `“${line(receipt.name, 80)}” is gone.`),
    el("dl", { class: "receipt" }, rows.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))),
    el("p", { class: receipt.erased ? "muted" : "" }, receipt.erased
      ? "No byte of it is left in Taproot’s files: freed space in the database was overwritten and its log emptied."
      : `Not everything could be erased now; it is tried again at the next start. ${receipt.notices.join(" ")}`),
    receipt.kept_sources.length > 0 && el("p", { class: "muted" }, "Untouched on your disk: ", el("span", { class: "mono" }, receipt.kept_sources.slice(0, 3).map((one) => line(one, 300)).join(", "))),
    el("div", { class: "confirm-foot" },
      el("button", { class: "button", type: "button", on: { click: () => saveReceipt(receipt) } }, "Save the receipt"),
      el("button", { class: "button primary", type: "button", dataset: { first: "true" }, on: { click: () => close(true) } }, "Close"))], "told");
}
