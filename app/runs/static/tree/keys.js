// The keys of the tree: what they do. They are listed in app/shell/frame.html.

let taught = false;

/** Tell the app the key of its tree that works everywhere, once. */
export function teach(app, tree) {
  if (taught) return;
  taught = true;
  const when = () => Boolean(tree.run) && tree.checkVisibility();
  app.shortcut("/", () => tree.toolbar.search.focus(), when);
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
