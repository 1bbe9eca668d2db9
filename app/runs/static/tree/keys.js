// The keys of the tree: what they do, and told once to the app's overview of all keys.

const KEYS = [
  ["Tree", "ArrowUp or ArrowDown", "Row before or after"],
  ["Tree", "ArrowLeft or ArrowRight", "Fold or unfold, to the parent or the first child"],
  ["Tree", "Home or End", "First or last row"],
  ["Tree", "PageUp or PageDown", "A page up or down"],
  ["Tree", "*", "Unfold all siblings"],
  ["Tree", "Enter", "To the details, Escape back"],
  ["Playback", "Space", "Play or pause"],
  ["Playback", ", or .", "One event back or on"],
  ["Playback", "Ctrl+Wheel", "Zoom the timeline; a double click shows all of it"],
];
let taught = false;

/** Tell the app the keys of its tree, once. */
export function teach(app, tree) {
  if (taught) return;
  taught = true;
  const when = () => Boolean(tree.run) && tree.checkVisibility();
  app.shortcut("/", "Search the tree", () => tree.toolbar.search.focus(), { group: "Tree", when });
  for (const [group, keys, text] of KEYS) app.shortcut(keys, text, null, { group });
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
