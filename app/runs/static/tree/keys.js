// The keys of the tree: what they do. They are listed in app/shell/frame.html.

let listener = null; // the tree that was attached last hears "/"
let taught = false;

/** Tell `app.shortcut` the key that works everywhere, unless it knows it, and let this tree hear it. */
export function teach(app, tree) {
  listener = tree;
  if (taught || !app?.shortcut) return;
  taught = true;
  const when = () => Boolean(listener?.run) && listener.checkVisibility();
  app.shortcut("/", () => listener.toolbar.search.focus(), when);
}

/** This tree is gone. */
export function forget(tree) {
  if (listener === tree) listener = null;
}

/** A key that was pressed somewhere in the tree. */
export function press(tree, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && event.target.closest(".detail")) {
    tree.list.element.focus();
    return event.preventDefault();
  }
  if (event.target.matches("input:not([type=range]), textarea, select")) return;
  const pressable = event.target.matches("button, summary, a");
  const move = {
    " ": () => !pressable && (tree.playback.toggle(), true),
    ",": () => (tree.playback.step(-1), true),
    ".": () => (tree.playback.step(1), true),
    "/": () => (tree.toolbar.search.focus(), true),
  }[event.key];
  if (move?.()) event.preventDefault();
}
