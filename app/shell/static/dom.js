// Building and finding elements, dialogs, bars that are dragged. Text goes in as text, never as markup: there is no way to pass HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props`: `class`, `dataset` (object), `style` (object), `on` (object of listeners), properties of
 * the element (value, disabled, textContent, ...), else attributes; null, undefined and false are left out.
 * Children: nodes, strings, numbers, nested arrays; null, undefined and false are left out.
 */
export function el(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG, where everything is an attribute. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(made, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.setAttribute("class", value);
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name === "style") for (const [k, v] of Object.entries(value)) made.style.setProperty(k, v);
    else if (name === "on") for (const [k, v] of Object.entries(value)) made.addEventListener(k, v);
    else if (/^(on|innerHTML|outerHTML|srcdoc)/i.test(name)) throw new Error(`el: ${name} is not allowed`);
    else if (name in made && made.namespaceURI !== SVG && !name.includes("-")
             && !["list", "form", "role", "href", "src"].includes(name)) made[name] = value;
    else made.setAttribute(name, value === true ? "" : safe(name, value));
  }
  append(made, children);
  return made;
}

// An address may lead to this app only: text of documents and models never makes a link to elsewhere.
function safe(name, value) {
  if (name !== "href" && name !== "src") return value;
  const address = new URL(value, location.href);
  const inside = address.origin === location.origin && address.protocol.startsWith("http");
  return inside || (name === "src" && /^(data:image\/(png|jpeg|gif);|blob:)/.test(value)) ? value : "#";
}

function append(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) append(parent, child);
    else if (child !== null && child !== undefined && child !== false) parent.append(child);
  }
}

/** Replace all children. */
export function put(parent, ...children) {
  const fresh = document.createDocumentFragment();
  append(fresh, children);
  parent.replaceChildren(fresh);
  return parent;
}

/** Ask whether to delete something, in a dialog that says it in `said`; resolves to whether the person agreed. */
export async function confirmed(title, said, does) {
  return (await dialog(title, (close) => [...said, el("div", { class: "confirm-foot" },
    el("button", { class: "button", type: "button", dataset: { first: "true" }, on: { click: () => close(false) } }, "Cancel"),
    el("button", { class: "button danger", type: "button", on: { click: () => close(true) } }, does))])) === true;
}

/** Returns `focus(element)`: give it the focus, after work that took a while, unless a person took that elsewhere since now. */
export function focusAfter() {
  const held = document.activeElement;
  return (element, options) => [held, document.body].includes(document.activeElement) && element?.focus(options);
}

/** Open a dialog; `content(close)` gives its children. Resolves to what it was closed with; Escape gives null. */
export function dialog(title, content, kind = "") {
  return new Promise((resolve) => {
    const box = el("dialog", { class: `confirm ${kind}`, "aria-label": title });
    const close = (answer) => {
      box.close(); // gives the focus back
      box.remove();
      resolve(answer);
    };
    box.append(el("h2", {}, title), ...content(close).filter(Boolean));
    box.addEventListener("cancel", () => close(null));
    document.body.append(box);
    box.showModal();
    box.querySelector("[data-first]")?.focus();
  });
}

/**
 * Make the children of `parent` match [key, value, make]: a child is made anew only when its value changed. The focus
 * stays, also in a child made anew, on what has the same `data-focus` or label.
 */
export function keyed(parent, wanted) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const focused = parent.contains(document.activeElement) && document.activeElement;
  const within = focused && [focused.closest("[data-key]")?.dataset.key, focused.dataset.focus, focused.getAttribute("aria-label")];
  const children = wanted.map(([key, value, make]) => {
    const print = JSON.stringify(value);
    const before = old.get(key);
    if (before && before.print === print) return before;
    const made = make();
    made.dataset.key = key;
    made.print = print;
    return made;
  });
  if (children.length !== parent.children.length || children.some((child, i) => child !== parent.children[i])) {
    const kept = new Set(children);
    for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
    children.forEach((child, i) => child !== parent.children[i] && parent.insertBefore(child, parent.children[i] ?? null));
  }
  if (within && !parent.contains(document.activeElement)) {
    const row = children.find((child) => child.dataset.key === within[0]);
    const same = within[1] ? `[data-focus="${CSS.escape(within[1])}"]` : `[aria-label="${CSS.escape(within[2] ?? "")}"]`;
    (row?.querySelector(same) ?? row?.querySelector("button"))?.focus();
  }
}

/**
 * Make `bar` a bar between two parts of the page that gives one more room and the other less. `drag(event)` is called
 * while it is held, `move(by)` for an arrow key: -1 to the left, 1 to the right; `keep()`
 * after either.
 */
export function grip(bar, { drag, move, keep = () => {} }) {
  bar.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
  });
  bar.addEventListener("pointermove", (event) => bar.hasPointerCapture(event.pointerId) && drag(event));
  bar.addEventListener("lostpointercapture", keep);
  bar.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    move(by);
    keep();
  });
}

/** The first element that a selector finds below `root`, or null. */
export const find = (selector, root = document) => root.querySelector(selector);

/** Resolves to the element once the page has it (Gradio builds the page after our module has started). */
export function appears(selector, root = document.body) {
  const there = root.querySelector(selector);
  if (there) return Promise.resolve(there);
  return new Promise((resolve) => {
    const watch = new MutationObserver(() => {
      const made = root.querySelector(selector);
      if (made) { watch.disconnect(); resolve(made); }
    });
    watch.observe(root, { childList: true, subtree: true });
  });
}

/** Load a style sheet of ours once, for example "/ui/ask/ask.css". */
export function style(href) {
  if (!find(`link[href="${href}"]`)) document.head.append(el("link", { rel: "stylesheet", href }));
}

/** A line icon by name, 16 px, in the colour of the text; decorative, so name the button itself. `sheet` holds the drawings. */
export function icon(name, sheet = "/ui/shell/icons.svg") {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("use", { href: `${sheet}#${name}` }));
}
