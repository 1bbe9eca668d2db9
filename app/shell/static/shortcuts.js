// Keys that work everywhere, and the list of all keys (app/shell/frame.html), which `?` shows.

import { find } from "/ui/shell/dom.js";

export function createShortcuts() {
  const known = [];
  const sheet = find("#shortcuts");
  const toggle = () => (sheet.open ? sheet.close() : sheet.showModal());
  sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
  find("#keys").addEventListener("click", toggle);

  /**
   * Let a key do something ("/", "Alt+1"): outside of text fields, with Alt also in them, unless `when()` says no.
   * The list of keys does not come from here.
   */
  function add(key, run, when = () => true) {
    known.push({ key, run, when });
  }

  add("?", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey) return;
    if (sheet.open && event.key !== "?") return;
    const at = event.composedPath()[0];
    const writing = at.matches?.("input:not([type=checkbox], [type=radio], [type=range], [type=button]), textarea, "
      + "select, [contenteditable=true]");
    const found = known.find(({ key, when }) => key === name(event) && when());
    if (!found || (writing && !event.altKey)) return;
    event.preventDefault();
    found.run();
  });
  return add;
}

/** How a key is called here: "/", "Alt+1", "Alt+N". */
function name({ altKey, code, key }) {
  if (!altKey) return key;
  return `Alt+${code.startsWith("Digit") ? code.slice(5) : key.toUpperCase()}`;
}
