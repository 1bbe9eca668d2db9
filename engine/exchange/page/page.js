// Draws the tree of a run and the node that is chosen. All text goes into the page as text, never as markup.
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const nodes = new Map(data.nodes.map((node) => [node.id, { ...node, children: [] }]));
  for (const node of nodes.values()) nodes.get(node.parent)?.children.push(node);
  const root = nodes.get("0");
  const open = new Set(data.nodes.length <= 400 ? nodes.keys() : ["0"]);
  const PICTURES = ["image/png", "image/jpeg"];
  let chosen = root;
  let wanted = "";

  function el(tag, props, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(props ?? {})) {
      if (name === "on") for (const [kind, listener] of Object.entries(value)) made.addEventListener(kind, listener);
      else if (value !== null && value !== undefined) made.setAttribute(name, value);
    }
    made.append(...children.flat().filter((child) => child !== null && child !== undefined));
    return made;
  }

  // --- the tree --------------------------------------------------------------------------------------------

  const tree = el("div", { class: "tree", role: "tree", "aria-label": "Nodes of the run" });
  const detail = el("section", { class: "detail", "aria-live": "polite", "aria-label": "Node" });
  const search = el("input", { type: "search", placeholder: "Find in the nodes", "aria-label": "Find in the nodes" });
  const found = el("p", { class: "soft", role: "status" });
  const words = new Map();

  function text(node) {
    if (!words.has(node.id)) {
      const parts = [node.id, node.question, node.answer ?? "", ...node.notes];
      for (const turn of node.turns) {
        parts.push(turn.text, ...turn.cells.flatMap((cell) => [cell.code, ...cell.outputs.map(plainOf)]));
        for (const [role, number] of turn.messages) if (role === "user") parts.push(data.texts[number]);
      }
      words.set(node.id, parts.join("\n").toLowerCase());
    }
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
      on: { click: (event) => { if (event.target.classList.contains("twist") && folds) toggle(node); else choose(node); } },
    },
    el("span", { class: "twist", "aria-hidden": "true" }, folds ? (open.has(node.id) ? "▾" : "▸") : ""),
    el("span", { class: "name", dir: "auto" }, `${node.id} ${node.question.split("\n").find((line) => line.trim()) ?? ""}`),
    el("span", { class: "state" }, node.status === "answered" ? node.kind : node.status));
  }

  function toggle(node, to = !open.has(node.id)) {
    if (to) open.add(node.id); else open.delete(node.id);
    choose(node);
  }

  function focus(node) {
    tree.querySelector(`[data-id="${CSS.escape(node.id)}"]`)?.focus();
  }

  function choose(node) {
    for (let at = nodes.get(node.parent); at; at = nodes.get(at.parent)) open.add(at.id);
    chosen = node;
    draw();
    focus(node);
    show();
  }

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

  const pre = (words, kind = "") => el("pre", { class: kind, dir: "auto", tabindex: "0" }, words);
  const fold = (title, ...inside) => el("details", {}, el("summary", {}, title), ...inside);

  function plainOf(output) {
    if (output.output_type === "stream") return output.text;
    return output.output_type === "error" ? output.traceback.join("\n") : output.data["text/plain"] ?? "";
  }

  function show() {
    const { id, kind, status, seconds, tokens, context } = chosen;
    const cost = [kind, status, seconds === null ? "" : `${seconds.toFixed(1)} s`, tokens ? `${tokens.toLocaleString("en")} tokens` : ""];
    detail.replaceChildren(
      el("h2", {}, `Node ${id}`),
      el("p", { class: "soft" }, cost.filter(Boolean).join(" · ")),
      context ? el("p", { class: "soft", dir: "auto" }, `Data: ${context}`) : "",
      el("div", { class: "text", dir: "auto" }, chosen.question),
      ...chosen.turns.flatMap(turn),
      ...chosen.notes.map((note) => el("p", { class: "soft", dir: "auto" }, `Note: ${note}`)),
      el("h3", {}, "Answer"),
      chosen.answer === null ? el("p", { class: "bad", dir: "auto" }, `No answer${chosen.reason ? `: ${chosen.reason}` : ""}`) : pre(chosen.answer),
    );
  }

  function turn(one) {
    const given = one.messages.map(([role, number]) => [el("h3", {}, role), pre(data.texts[number])]);
    return [
      el("h3", {}, `Turn ${one.number}`),
      given.length ? fold("Given to the model", ...given.flat()) : "",
      one.thinking ? fold("Thinking", pre(one.thinking)) : "",
      one.cells.length ? fold("What the model wrote", pre(one.text)) : pre(one.text),
      ...one.cells.flatMap(cell),
    ];
  }

  function cell(one) {
    return [
      el("h3", {}, `Cell ${one.number} · ${one.status}${one.seconds === null ? "" : ` · ${one.seconds.toFixed(2)} s`}`),
      pre(one.code, "code"),
      ...one.outputs.flatMap(output),
      ...one.calls.flatMap((call) => [
        el("p", { class: "soft" }, `Call ${call.number}${call.error ? `, refused: ${call.error}` : ""}`),
        el("div", { class: "links" }, call.children.filter((id) => nodes.has(id)).map((id) =>
          el("button", { type: "button", on: { click: () => { search.value = wanted = ""; choose(nodes.get(id)); } } }, id))),
      ]),
      one.final === null ? "" : el("p", { class: "text", dir: "auto" }, `Final answer: ${one.final}`),
    ];
  }

  function output(one) {
    const made = [];
    for (const mime of PICTURES) {
      if (one.data?.[mime]) made.push(el("img", { alt: "Picture made by the cell", src: `data:${mime};base64,${one.data[mime].replace(/\s/g, "")}` }));
    }
    const words = plainOf(one);
    if (words) made.push(pre(words, one.output_type === "error" || one.name === "stderr" ? "bad" : ""));
    return made;
  }

  document.getElementById("run").append(el("nav", { class: "side", "aria-label": "Tree" }, search, found, tree), detail);
  draw();
  show();
})();
