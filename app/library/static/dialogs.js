// Dialogs of the library: a new name, a password, and the receipt of what went.

import { dialog, el } from "/ui/shell/dom.js";
import { saveReceipt } from "/ui/shell/receipt.js";
import { built } from "/ui/shell/text/text.js";

/** A dialog with a field; `save(text)` may refuse with an Error, which is shown, and nothing that was typed is lost. */
function filled(title, { words = [], field, more, does, save }) {
  return dialog(title, (close) => {
    const wrong = el("p", { class: "path-error", role: "alert" });
    const submit = async (event) => {
      event.preventDefault();
      try {
        await save(field.value);
        close(true);
      } catch (problem) {
        wrong.textContent = problem.message;
        field.focus();
      }
    };
    return [...words, el("form", { on: { submit } }, field, more, wrong, el("div", { class: "confirm-foot" },
      el("button", { class: "button", type: "button", on: { click: () => close(null) } }, "Cancel"),
      el("button", { class: "button primary", type: "submit" }, does)))];
  });
}

/** Ask for a new name. */
export function renamed(name, save) {
  const field = el("input", { class: "field dialog-field", value: name, maxLength: 200, "aria-label": "Name", dataset: { first: "true" } });
  queueMicrotask(() => field.select());
  return filled("Rename", { field, does: "Rename", save });
}

/** Ask for the password of locked files, of which `words` is said; `read(passwords)` may refuse with an Error. */
export function unlocked(title, words, read) {
  const field = el("input", { class: "field dialog-field", type: "password", autocomplete: "off", "aria-label": "Password", dataset: { first: "true" } });
  const shown = el("input", { type: "checkbox", on: { change: () => { field.type = shown.checked ? "text" : "password"; } } });
  const told = [el("p", {}, `${words} What you type is kept in memory until Taproot is closed, and written nowhere.`),
    el("p", { class: "muted small" }, "The text that it opens is then stored in Taproot’s data folder as that of any other file.")];
  return filled(title, { words: told, field, more: el("label", { class: "row small" }, shown, "Show it"), does: "Unlock", save: (password) => read([password]) });
}

/** Show the receipt of a deletion. */
export function told({ shown, ...receipt }) {
  return dialog("Deleted", (close) => [...shown.map((tree) => built(tree)),
    el("div", { class: "confirm-foot" },
      el("button", { class: "button", type: "button", on: { click: () => saveReceipt(receipt) } }, "Save the receipt"),
      el("button", { class: "button primary", type: "button", dataset: { first: "true" }, on: { click: () => close(true) } }, "Close"))], "told");
}
