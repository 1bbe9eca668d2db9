// Draws the tree of a run and the node that is chosen. All text goes into the page as text, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const nodes = new Map(data.nodes.map((node) => [node.id, { ...node, children: [] }]));
  for (const node of nodes.values()) nodes.get(node.parent)?.children.push(node);
  const root = nodes.get("0");
  const open = new Set(data.nodes.length <= 400 ? nodes.keys() : ["0"]);
  let chosen = root;
  let wanted = "";

  function el(tag, attributes, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== null) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  /** Elements of a tree (nodes.py). */
  const built = ([tag, attributes, ...children]) =>
    el(tag, attributes, ...children.map((child) => (Array.isArray(child) ? built(child) : said(child))));

  /** A text, or the one of a number. */
  const said = (text) => (typeof text === "number" ? data.texts[text] : text);

  // --- the tree --------------------------------------------------------------------------------------------

  const tree = el("div", { class: "tree", role: "tree", "aria-label": "Nodes of the run" });
  const detail = el("section", { class: "detail", "aria-live": "polite", "aria-label": "Node" });
  const search = el("input", { type: "search", placeholder: "Find in the nodes", "aria-label": "Find in the nodes" });
  const found = el("p", { class: "soft", role: "status" });
  const words = new Map();

  /** What is found in a tree: all text within elements that have `dir`. */
  function written(tree, inside = false) {
    if (!Array.isArray(tree)) return inside ? said(tree) : "";
    const [, { dir }, ...children] = tree;
    return children.map((child) => written(child, inside || dir)).join("\n");
  }

  function text(node) {
    if (!words.has(node.id)) words.set(node.id, [node.id, ...node.shown.map((tree) => written(tree))].join("\n").toLowerCase());
    return words.get(node.id);
  }

  function visible() {
    if (wanted) return [...nodes.values()].filter((node) => text(node).includes(wanted)).map((node) => [node, 0]);
    const rows = [];
    const left = [[root, 0]];
    while (left.length) {
      const [node, depth] = left.pop();
      rows.push([node, depth]);
      if (open.has(node.id)) for (const child of [...node.children].reverse()) left.push([child, depth + 1]);
    }
    return rows;
  }

  function draw() {
    const rows = visible();
    tree.replaceChildren(...rows.map(([node, depth]) => row(node, depth)));
    if (!tree.querySelector('[tabindex="0"]')) tree.firstElementChild?.setAttribute("tabindex", "0");
    found.textContent = wanted ? `${rows.length} of ${nodes.size} nodes` : `${nodes.size} nodes`;
  }

  function row(node, depth) {
    const folds = node.children.length && !wanted;
    const expanded = folds ? String(open.has(node.id)) : null;
    const here = node === chosen;
    return el("div", {
      class: `row ${node.status} d${Math.min(depth, 4)}`, role: "treeitem", "data-id": node.id, tabindex: here ? "0" : "-1",
      "aria-selected": String(here), "aria-level": depth + 1, "aria-expanded": expanded,
    },
    el("span", { class: "twist", "aria-hidden": "true" }, folds ? (open.has(node.id) ? "▾" : "▸") : ""),
    el("span", { class: "name", dir: "auto" }, node.name),
    el("span", { class: "state" }, node.state));
  }

  function toggle(node, to = !open.has(node.id)) {
    if (to) open.add(node.id); else open.delete(node.id);
    choose(node);
  }

  function choose(node) {
    for (let at = nodes.get(node.parent); at; at = nodes.get(at.parent)) open.add(at.id);
    chosen = node;
    draw();
    tree.querySelector(`[data-id="${CSS.escape(node.id)}"]`)?.focus();
    show();
  }

  tree.addEventListener("click", ({ target }) => {
    const node = nodes.get(target.closest(".row")?.dataset.id);
    if (!node) return;
    if (target.matches(".twist") && node.children.length && !wanted) toggle(node); else choose(node);
  });

  tree.addEventListener("keydown", (event) => {
    const rows = [...tree.children];
    const at = rows.indexOf(document.activeElement);
    const node = at >= 0 ? nodes.get(rows[at].dataset.id) : null;
    if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
    const go = (next) => rows[next] && choose(nodes.get(rows[next].dataset.id));
    const keys = {
      ArrowDown: () => go(at + 1), ArrowUp: () => go(at - 1), Home: () => go(0), End: () => go(rows.length - 1),
      ArrowRight: () => (node.children.length && !open.has(node.id) ? toggle(node, true) : go(at + 1)),
      ArrowLeft: () => (node.children.length && open.has(node.id) ? toggle(node, false) : nodes.has(node.parent) && choose(nodes.get(node.parent))),
      Enter: () => choose(node), " ": () => choose(node),
    };
    if (keys[event.key]) { event.preventDefault(); keys[event.key](); }
  });

  search.addEventListener("input", () => { wanted = search.value.trim().toLowerCase(); draw(); });

  // --- the chosen node -------------------------------------------------------------------------------------

  function show() {
    detail.replaceChildren(...chosen.shown.map(built));
  }

  detail.addEventListener("click", ({ target }) => {
    if (!target.dataset.node) return;
    search.value = wanted = "";
    choose(nodes.get(target.dataset.node));
  });

  document.getElementById("run").append(el("nav", { class: "side", "aria-label": "Tree" }, search, found, tree), detail);
  draw();
  show();
})();
