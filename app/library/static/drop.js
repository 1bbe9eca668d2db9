// Folders and files that are dropped on the page: where they may be, and what is in them.

/**
 * Let files be dropped on `place` while `ready()`. While they are above it `box` has the class `name`; `take` gets the
 * transfer that holds them.
 */
export function droppable(place, box, name, take, ready = () => true) {
  const over = (event) => {
    if (!ready() || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    box.classList.toggle(name, event.type !== "drop");
    if (event.type === "drop") take(event.dataTransfer);
  };
  for (const kind of ["dragenter", "dragover", "drop"]) place.addEventListener(kind, over);
  place.addEventListener("dragleave", ({ relatedTarget }) => place.contains(relatedTarget) || box.classList.remove(name));
}

/** The files of a drop, with their paths: [{rel, file}]. Folders of the same name get a number. */
export async function dropped(transfer) {
  // The entries must be taken before the first await: the browser empties the list then.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
  const taken = new Set(), found = [];
  for (const entry of entries) {
    let top = entry.name;
    for (let n = 2; entry.isDirectory && taken.has(top); n += 1) top = `${entry.name} (${n})`;
    taken.add(top);
    await walk(entry, top, found);
  }
  return found;
}

async function walk(entry, rel, found) {
  if (entry.isFile) {
    found.push({ rel, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  const some = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most 100 at a time
  for (let inside = await some(); inside.length; inside = await some()) {
    for (const one of inside) await walk(one, `${rel}/${one.name}`, found);
  }
}
