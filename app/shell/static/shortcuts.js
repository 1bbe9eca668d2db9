// Keys that work everywhere, and the list of all keys (app/shell/frame.html), which `?` shows.

import { find } from "/ui/shell/dom.js";

export function createShortcuts() {
  const known = [];
  const sheet = find("#shortcuts");
  const toggle = () => (sheet.open ? sheet.close() : sheet.showModal());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  find("#keys").addEventListener("click", toggle);

  /**
   * Let a key do something ("Alt+1", "/"): outside of text fields, with Ctrl or Alt also in them, unless `when()` says no.
   * The list of keys does not come from here.
   */
  function add(key, run, when = () => true) {
    known.push({ key, run, when });
  }

  add("?", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || (sheet.open && event.key !== "?")) return;
    const at = event.composedPath()[0];
    const writing = at.matches?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, "
      + "select, [contenteditable=true]");
    if (writing && !event.ctrlKey && !event.altKey && !event.metaKey) return;
    const pressed = name(event);
    const found = known.find(({ key, when }) => key === pressed && when());
    if (!found) return;
    event.preventDefault();
    found.run();
  });
  return add;
}

function name(event) {
  const key = event.altKey && /^Digit\d$/.test(event.code) ? event.code.slice(5) : event.key;
  const shift = event.shiftKey && key.length > 1;
  return [(event.ctrlKey || event.metaKey) && "Ctrl", event.altKey && "Alt", shift && "Shift",
    key.length === 1 && (event.ctrlKey || event.altKey) ? key.toUpperCase() : key].filter(Boolean).join("+");
}
