// Keys: the views register theirs; `?` shows them all.

import { el, icon, put } from "/ui/shell/dom.js";

const GROUPS = ["Everywhere", "Ask", "Tree", "Playback", "Library", "Document", "Sessions", "Models", "Bench", "Questions"];

export function createShortcuts() {
  const known = [];
  let before = null;
  const sheet = el("dialog", { id: "shortcuts", "aria-labelledby": "shortcuts-title" });
  document.body.append(sheet);
  sheet.addEventListener("close", () => before?.focus());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());

  /**
   * Register a shortcut. `keys` as shown ("Ctrl+Enter", "Alt+1", "/"); with `run` it works everywhere outside of text
   * fields (with Ctrl or Alt: also in them), unless `when()` says no; without `run` it is only listed, because the
   * view listens itself. `group` is a heading of the overlay.
   */
  function add(keys, text, run = null, { group = "Everywhere", when = () => true } = {}) {
    known.push({ keys, text, run, group, when });
  }

  function toggle() {
    if (sheet.open) return sheet.close();
    before = document.activeElement;
    const groups = [...new Set([...GROUPS, ...known.map((k) => k.group)])];
    put(sheet,
      el("div", { class: "sheet-head" }, el("h2", { id: "shortcuts-title" }, "Keyboard"),
        el("button", { class: "quiet", type: "button", "aria-label": "Close", on: { click: () => sheet.close() } },
          icon("close"))),
      el("div", { class: "sheet-groups" }, groups.map((group) => {
        const rows = known.filter((k) => k.group === group);
        return rows.length > 0 && el("section", {}, el("h3", {}, group), el("dl", {}, rows.map((row) => el("div", {},
          el("dt", {}, row.keys.split(" ").map((one) => one === "or" ? " or " : el("kbd", {}, one.replace(/^Arrow/, "").replace(/^Escape$/, "Esc")))),
          el("dd", {}, row.text)))));
      })));
    sheet.showModal();
  }

  add("?", "Show or hide this list", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || (sheet.open && event.key !== "?")) return;
    const at = event.composedPath()[0];
    const writing = at.matches?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, "
      + "select, [contenteditable=true]");
    if (writing && !event.ctrlKey && !event.altKey && !event.metaKey) return;
    const pressed = name(event);
    const found = known.find((k) => k.run && k.keys.split(" or ").includes(pressed) && k.when());
    if (!found) return;
    event.preventDefault();
    found.run(event);
  });
  return { add, toggle };
}

function name(event) {
  const key = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : event.key;
  const shift = event.shiftKey && key.length > 1;
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", shift && "Shift",
    key.length === 1 && (event.ctrlKey || event.altKey) ? key.toUpperCase() : key].filter(Boolean).join("+");
}
