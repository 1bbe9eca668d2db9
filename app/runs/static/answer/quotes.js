// Quotation marks of an answer, checked: what does not stand in the documents as it is quoted is struck through, and the
// nearest passage offered. And which sources stand behind which value. Both come with the run, as places in its answer.
//
// Places become three signs of the private use area in the text, which Markdown leaves alone; `dress` puts elements in
// place of them afterwards. Signs like these that the answer has itself are taken out before.

import { el } from "/ui/shell/dom.js";
import { line } from "/ui/shell/text/text.js";

const [BEGIN, END, MARK] = ["\ue000", "\ue001", "\ue002"];
const OURS = new Set([BEGIN, END, MARK]);

/** The quotes of a run's answer that are not as the documents have them. */
export function falseQuotes(run) {
  return (run.agreement?.quotations ?? []).filter((quote) => quote.status === "missing" || quote.status === "elsewhere");
}

/** The sources behind each value: [[characters, [number, ...]], ...]; none where nothing is known. */
export function marksOf(run) {
  return run.agreement?.marks ?? [];
}

/** The answer with a sign at each place. Places count code points. */
export function signed(run) {
  const letters = [...String(run.answer)].map((letter) => (OURS.has(letter) ? "\ufffd" : letter));
  const signs = [
    ...falseQuotes(run).flatMap(({ start, end }) => [[start, 1, BEGIN], [end, 0, END]]),
    ...marksOf(run).map(([at]) => [at, 2, MARK]),
  ].sort((a, b) => b[0] - a[0] || b[1] - a[1]);
  for (const [at, , sign] of signs) letters.splice(at, 0, sign);
  return letters.join("");
}

/** Put elements in place of the signs below `root`: struck quotes, and for each mark what `chips(numbers)` gives. */
export function dress(root, run, chips, app) {
  const quotes = falseQuotes(run).sort((a, b) => a.start - b.start);
  const marks = [...marksOf(run)].sort((a, b) => a[0] - b[0]);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  while (walker.nextNode()) nodes.push(walker.currentNode);
  let open = null;
  for (const node of nodes) {
    const parts = node.data.split(/([\ue000-\ue002])/u);
    if (parts.length === 1 && !open) continue;
    const made = [];
    for (const part of parts) {
      if (part === BEGIN) open = quotes.shift() ?? null;
      else if (part === END) { made.push(open && told(run, open, app)); open = null; }
      else if (part === MARK) {
        const [at, numbers] = marks.shift() ?? [0, []];
        made.push(chips(numbers, at));
      }
      else if (part) made.push(open ? el("s", { class: "quote-false", title: why(open) }, part) : part);
    }
    node.replaceWith(...made.filter(Boolean));
  }
  return root;
}

/** Why a quote is struck through, in words. */
export function why(quote) {
  if (quote.status === "elsewhere") return `Not in ${line(quote.given, 120)}: it stands in ${place(quote)}`;
  return quote.given ? `Not word for word in ${line(quote.given, 120)}, nor elsewhere` : "Not word for word in the documents";
}

function place(quote) {
  return `${line(quote.name, 120)}, line ${quote.line}${quote.page ? `, page ${quote.page}` : ""}${quote.cell ? `, ${line(quote.cell, 120)}` : ""}`;
}

function told(run, quote, app) {
  const hidden = el("span", { class: "visually-hidden" }, ` (${why(quote)})`);
  if (quote.document < 0) return el("span", {}, hidden);
  const words = `Nearest passage: ${place(quote)}`;
  return el("span", { class: "quote-told" }, hidden, el("button", { class: "cite quote-near", type: "button", title: words, "aria-label": words,
    on: { click: () => open(run, quote, app) } }, "≈"));
}

function open(run, quote, app) {
  app.openDocument(run.corpus, quote.document, { start: quote.at, end: quote.to });
}

/** The struck quotes of an answer with their nearest passages; null where there is none. */
export function quoteList(run, app) {
  const quotes = falseQuotes(run);
  if (!quotes.length) return null;
  const letters = [...run.answer];
  const items = quotes.map((quote) => {
    const said = line(letters.slice(quote.start, quote.end).join(""), 280);
    const head = el("div", { class: "source source-missing" }, el("span", { class: "source-place" }, why(quote)),
      el("s", { class: "source-quote", dir: "auto" }, said));
    if (quote.document < 0) return el("li", {}, head);
    return el("li", {}, head, el("button", { class: "source source-nearest", type: "button", on: { click: () => open(run, quote, app) } },
      el("span", { class: "source-place" }, `Nearest passage: ${place(quote)}`),
      el("q", { class: "source-quote", dir: "auto" }, line(quote.nearest, 280))));
  });
  return el("div", { class: "quotes-box" }, el("h3", { class: "warn" }, "Quoted, but not as the documents have it"), el("ol", { class: "sources" }, items));
}
