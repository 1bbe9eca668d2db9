// Two runs side by side in a dialog: what each came to and cost, where they part first, and the turns that belong together.
//
// `openComparison(app, left, right)` reads GET /api/compare; all text of documents and models goes in as text.

import { el } from "/ui/shell/dom.js";
import { agreementWords, place, statusWords } from "/ui/runs/answer/answer.js";
import { coverageSentence } from "/ui/runs/answer/coverage.js";
import { count, duration, many } from "/ui/shell/text/figures.js";
import { line, plain } from "/ui/shell/text/text.js";

const SHOWN = 4000; // characters of a text where two runs part

/** Show the comparison of two runs; resolves when it is closed. */
export async function openComparison(app, left, right) {
  const query = new URLSearchParams({ left, right });
  const found = await app.api.get(`/api/compare?${query}`);
  return new Promise((resolve) => {
    const before = document.activeElement;
    const box = el("dialog", { class: "confirm comparison", "aria-label": "Two runs side by side" });
    const close = () => {
      box.remove();
      if (before?.isConnected) before.focus();
      resolve();
    };
    const open = (run) => {
      close();
      app.openRun(run);
    };
    box.append(el("h2", {}, found.same_answer ? "Two runs that say the same" : "Two runs with different answers"),
      sides(found, open), parting(found), tree(found),
      el("div", { class: "confirm-foot" }, el("button", { class: "button primary", type: "button", on: { click: close } }, "Close")));
    box.addEventListener("cancel", (event) => {
      event.preventDefault();
      close();
    });
    document.body.append(box);
    box.showModal();
    box.querySelector("th button").focus();
  });
}

function sides({ left, right, sources }, open) {
  const shared = sources.both.length;
  const own = (only) => `${many(only.length, "source")} of its own, ${count(shared)} of both`;
  const rows = [
    ["Question", (side) => line(side.question, 400)],
    ["Documents", (side) => line(side.corpus_name, 120)],
    ["Model", (side) => line(side.model, 120)],
    ["Depth", (side) => (side.depth === null ? "" : count(side.depth))],
    ["Way", (side) => line(side.strategy, 40)],
    ["Answer", (side) => plain(side.answer ?? `${statusWords(side.status)}${side.reason ? `: ${side.reason}` : ""}`)],
    ["Agreement", (side) => agreementWords({ status: side.agreement })],
    ["Sources", (side) => (side === left ? own(sources.left) : own(sources.right))],
    ["Coverage", (side) => coverageSentence(side.coverage)],
    ["Model calls", (side) => count(side.calls)],
    ["Tokens", (side) => `${count(side.tokens)}, ${count(side.written)} of them written`],
    ["Time", (side) => duration(side.seconds)],
    ["Nodes", (side) => count(side.nodes)],
  ];
  const head = (side) => el("th", { scope: "col" }, el("button", { class: "plain mono", type: "button", on: { click: () => open(side.run) } }, line(side.run, 60)));
  return el("div", { class: "comparison-scroll" }, el("table", { class: "comparison-sides" },
    el("thead", {}, el("tr", {}, el("td", {}), head(left), head(right))),
    el("tbody", {}, rows.map(([name, words]) => {
      const [one, other] = [words(left), words(right)];
      const quotes = name === "Sources" ? [places(sources.left), places(sources.right)] : [null, null];
      return el("tr", { class: one === other ? "" : "differs" }, el("th", { scope: "row" }, name),
        el("td", { dir: "auto" }, one, quotes[0]), el("td", { dir: "auto" }, other, quotes[1]));
    }))));
}

function places(sources) {
  return sources.length > 0 && el("ul", {}, sources.slice(0, 5).map((source) => el("li", {}, `${place(source)}: ${line(source.text, 120)}`)));
}

function parting({ first, differs }) {
  if (!first) return el("p", {}, "They did the same, word for word.");
  const one = (at) => el("div", {}, el("p", { class: "muted small" }, where(at)),
    el("pre", { class: "mono", dir: "auto", tabIndex: 0 }, at.text === null ? "(nothing of the kind)" : plain(at.text.slice(0, SHOWN))));
  return el("section", {}, el("h3", {}, `They part first in the ${first.what}`),
    el("div", { class: "comparison-parting" }, one(first.left), one(first.right)),
    el("p", { class: "muted small" }, `They differ in: ${differs.join(", ")}.`));
}

function where({ node, turn, cell }) {
  return [`Node ${node}`, turn && `turn ${turn}`, cell && `cell ${cell}`].filter(Boolean).join(", ");
}

function tree({ nodes }) {
  if (!nodes.length) return null;
  const step = ({ left, right, differs }) => el("span", { class: `chip ${differs.length ? "warn" : "ok"}`, title: differs.join(", ") || "the same" }, `${left ?? "–"} : ${right ?? "–"}`);
  return el("details", {}, el("summary", {}, `Turns that belong together (${many(nodes.length, "node")})`),
    el("ul", { class: "comparison-nodes" }, nodes.map((row) => el("li", {},
      el("span", { class: "mono" }, `${row.left ?? "–"} : ${row.right ?? "–"}`), " ", el("span", { dir: "auto" }, line(row.question, 120)), " ",
      row.steps.map(step), row.differs.length > 0 && el("span", { class: "muted small" }, ` ${row.differs.join(", ")}`)))));
}
