// Building and finding elements. Text goes in as text, never as markup: there is no way to pass HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `props`: `class`, `dataset` (object), `style` (object), `on` (object of listeners), properties of
 * the element (value, disabled, textContent, ...), else attributes; null, undefined and false are left out.
 * Children: nodes, strings, numbers, nested arrays; null, undefined and false are left out.
 */
export function el(tag, props, ...children) {
  const made = document.createElement(tag);
  return fill(made, props, children);
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

/** Open a dialog; `content(close)` gives its children. Resolves to what it was closed with; Escape gives null. */
export function dialog(title, content, kind = "") {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const box = el("dialog", { class: `confirm ${kind}`, "aria-label": title });
    const close = (answer) => {
      box.remove();
      if (before?.isConnected) before.focus();
      resolve(answer);
    };
    box.append(el("h2", {}, title), ...content(close).filter(Boolean));
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close(null);
    });
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

/**
 * The form that Gradio makes when a view is first looked at, once it has these `parts` (each kind of widget is loaded by
 * itself). Groups get their names, also one for all their radio buttons, and the sentence below its role: Gradio gives none.
 */
export async function formCard(view, ...parts) {
  const form = await appears(`#${view}-form`);
  await Promise.all([".told", ...parts].map((part) => appears(part, form)));
  for (const group of form.querySelectorAll("fieldset")) {
    group.setAttribute("aria-label", find('[data-testid="block-info"]', group).textContent);
    const name = () => { for (const radio of group.querySelectorAll('[type="radio"]')) radio.name = group.id; };
    group.addEventListener("change", () => setTimeout(name)); // Gradio names each anew, sooner or later
    group.addEventListener("keydown", name); // the arrow keys go to those of the same name
    name();
  }
  for (const told of form.querySelectorAll(".block.told")) told.setAttribute("role", "status");
  return form;
}

/** Load a style sheet of ours once, for example "/ui/ask/ask.css". */
export function style(href) {
  if (!find(`link[href="${href}"]`)) document.head.append(el("link", { rel: "stylesheet", href }));
}

/** A line icon by name, 16 px, in the colour of the text; decorative, so name the button itself. */
export function icon(name) {
  return svg("svg", { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true" },
    svg("path", { d: ICONS[name] ?? ICONS.dot }));
}

const ICONS = {
  root: "M8 1.500v13M8 5c-.5 2-2.500 2.500-4 4.500M8 5c.5 2 2.500 2.500 4 4.500M8 9c-.3 1.500-1.300 2-2 3.500M8 9c.3 1.500 1.300 2 2 3.500",
  ask: "M2.500 3.500h11v7.500h-6l-3 2.500v-2.500h-2z",
  library: "M2.500 13V4.500h4l1.500 2h5.500V13z",
  sessions: "M8 2.500a5.500 5.500 0 1 0 .01 0M8 5v3.200l2 1.300",
  models: "M5 5h6v6H5zM6.500 2.500V5M9.500 2.500V5M6.500 11v2.500M9.500 11v2.500M2.500 6.500H5M2.500 9.500H5M11 6.500h2.500M11 9.500h2.500",
  bench: "M2.500 13.500h11M4 11.500V8.500M7 11.500V5M10 11.500V7M13 11.500V2.500",
  questions: "M2.500 4h1M2.500 8h1M2.500 12h1M6 4h7.500M6 8h7.500M6 12h7.500",
  sun: "M8 5.300a2.700 2.700 0 1 0 .01 0M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M3.400 12.600l1-1M11.600 4.400l1-1",
  moon: "M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z",
  auto: "M8 2.500a5.500 5.500 0 1 0 .01 0zM8 2.500v11M8 5h3.800M8 8h5.400M8 11h3.800",
  keyboard: "M1.500 4.500h13v7.500h-13zM4 7h.01M6.700 7h.01M9.300 7h.01M12 7h.01M5 9.700h6",
  close: "M4 4l8 8M12 4l-8 8",
  compare: "M2.500 3h4.500v10h-4.500zM9 3h4.500v10h-4.500z",
  check: "M3 8.500l3.300 3.300L13 5",
  warning: "M8 2.200L14.500 13.500h-13zM8 6.500v3M8 11.500v.01",
  copy: "M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3",
  search: "M7 2.800a4.200 4.200 0 1 0 .01 0M10.200 10.200l3.300 3.300",
  stop: "M4 4h8v8H4z",
  play: "M5 3.500v9l7-4.500z",
  pause: "M5.500 3.500v9M10.500 3.500v9",
  plus: "M8 3v10M3 8h10",
  trash: "M3 4.500h10M6.500 4.500V3h3v1.500M4.500 4.500l.5 9h6l.5-9",
  key: "M9.500 6.500a3 3 0 1 1 .2-.2zM7.500 8.500L3 13M4.500 11.500l1.500 1.500M6 10l1.200 1.200",
  edit: "M3 13l.5-2.500L10.800 3.200l2 2L5.500 12.500z",
  more: "M3.500 8h.01M8 8h.01M12.500 8h.01",
  right: "M6 3.500L10.500 8 6 12.500",
  down: "M3.500 6L8 10.500 12.500 6",
  left: "M10 3.500L5.500 8l4.500 4.500",
  refresh: "M13 8a5 5 0 1 1-1.500-3.600M13 2.500v2.500h-2.500",
  download: "M8 2.500v7.500M5 7.500L8 10.500l3-3M3 13.500h10",
  upload: "M8 10.500V3M5 5.500L8 2.500l3 3M3 13.500h10",
  file: "M4 1.800h5.500L12.500 5v9.200h-8.500zM9.500 1.800V5h3",
  eye: "M1.500 8c1.700-2.800 3.900-4.200 6.500-4.200s4.800 1.400 6.500 4.200c-1.700 2.800-3.900 4.200-6.500 4.200S3.200 10.800 1.500 8zM8 6.200a1.800 1.800 0 1 0 .01 0",
  link: "M6.700 9.300l2.600-2.600M7 4.500l1.200-1.200a3 3 0 0 1 4.500 4.500L11.500 9M9 11.500l-1.200 1.200a3 3 0 0 1-4.500-4.500L4.500 7",
  dot: "M8 8h.01",
};
