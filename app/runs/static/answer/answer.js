// The answer of a run, with what it rests on: citation chips, checked sources, coverage, strategy and cost.
//
// Where there is no answer, what plain search finds stands in its place, named as such.
//
// Above the sources stands whether the value of the answer is stated there, computed from them, judged, or not there.
//
// `answerPanel(run, app)` builds it from the row of GET /api/runs/RUN/log. A source that does not stand in the documents
// is struck through, never shown as a fact; a click on any other opens the document at its span.

import { el, icon } from "/ui/shell/dom.js";
import { coverageSentence, fileAccount } from "/ui/runs/answer/coverage.js";
import { keepButton } from "/ui/runs/checks/keep.js";
import { dress, falseQuotes, marksOf, quoteList, signed, why } from "/ui/runs/answer/quotes.js";
import { render } from "/ui/shell/text/markdown.js";
import { count, duration, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHOWN_CHIPS = 8; // behind an answer that marks none itself
const SHOWN_SOURCES = 5; // the rest behind "Show all"
const FOUND = "Found by search, not by the model";
const AGREED = {
  stated: { words: "Stated there", icon: "check", about: "The answer stands word for word in a source, or as the same number or date written in another way." },
  computed: { words: "Computed from them", icon: "bench", about: "The code of a cell made this of what is cited; no source states it as such." },
  judged: { words: "Judged from them, stated nowhere", icon: "auto", about: "Yes or no is the model's judgement of the sources; none of them states it." },
  absent: { words: "Not found there", icon: "warning", about: "The answer does not stand in its sources as it is written, and is not a number computed from them. Read them before you rely on it." },
  uncited: { words: "No source is named", icon: "dot", about: "Nothing in the documents was named that would bear the answer out." },
};
const SHOWN_ABSENT = 6; // items that are not found in the sources
const STATUS = {
  answered: "Answered",
  unanswered: "No answer",
  interrupted: "Interrupted",
  failed: "Failed",
  running: "Working",
};

/** The words for a status. */
export function statusWords(status) {
  return STATUS[status] ?? "Working";
}

/** The mark of an answer that was asked for at a limit, or null. Records of older versions know it by the reason alone. */
export function forcedChip({ forced, answer, reason }) {
  if (!forced && !(reason && answer)) return null;
  return el("span", { class: "chip warn", title: "The model was not done and was asked for its best answer" }, "At a limit");
}

/** The panel of a finished run. */
export function answerPanel(run, app) {
  const sources = run.sources ?? [];
  return el(
    "section",
    { class: `answer answer-${run.status}`, "aria-label": "Answer" },
    body(run, sources, app),
    quoteList(run, app),
    sources.length ? sourceList(run, sources, app) : null,
    run.passages?.length ? passageList(run, app) : null,
    account(run, app),
  );
}

function body(run, sources, app) {
  if (run.answer === null || run.answer === undefined) {
    return el("p", { class: "answer-none", dir: "auto" }, `${noAnswer(run)}.`);
  }
  const marked = new Set();
  const text = render(signed(run), {
    cite: (n) => {
      if (!sources[n - 1]) return null;
      marked.add(n);
      return chip(run, sources[n - 1], n, app);
    },
  });
  const box = el("div", { class: "answer-text" }, text);
  const cells = run.agreement?.cells ?? []; // a value that came from a cell leads to it
  const behind = (n, at) => ({ ...sources[n - 1], ...cells.find((cell) => cell.at === at && cell.source === n) });
  dress(box, run, (numbers, at) => el("span", { class: "cites" },
    numbers.filter((n) => sources[n - 1]).map((n) => chip(run, behind(n, at), n, app))), app);
  const alone = sources.length ? null : agreementLine(run);
  if (sources.length && !marked.size && !marksOf(run).length) addChips(box, run, sources, app);
  const mark = forcedChip(run);
  const forced = mark && el("p", { class: "answer-limit", dir: "auto" }, mark, ` ${limitSentence(run)}.`);
  return el("div", { class: "answer-body" }, forced, box, alone);
}

function limitSentence(run) {
  return `Asked for before the model was done: ${line(run.reason)}`;
}

function addChips(box, run, sources, app) {
  const chips = sources.slice(0, SHOWN_CHIPS).map((source, i) => chip(run, source, i + 1, app));
  const last = box.lastElementChild;
  const row = el("span", { class: "cites" }, ...chips);
  if (last && /^(P|H\d)$/.test(last.tagName)) last.append(" ", row);
  else box.append(row);
}

function noAnswer(run) {
  const why = line(run.reason ?? "").replace(/\.$/, "");
  if (run.status === "interrupted") return `Interrupted before there was an answer${why ? `: ${why}` : ""}`;
  if (run.status === "failed") return `The run failed${why ? `: ${why}` : ""}`;
  return `No answer${why ? `: ${why}` : ": the model gave none"}`;
}

/** "name, line 12, page 3" of a source, "name, line 12, Fees!C14" of cells. */
export function place(source) {
  const page = source.page ? `, page ${source.page}` : "";
  const cell = source.cell ? `, ${line(source.cell)}` : "";
  return `${line(source.name)}, line ${source.line}${page}${cell}`;
}

function open(run, source, app) {
  app.openDocument(run.corpus, source.document, { start: source.start, end: source.end });
}

function chip(run, source, number, app) {
  if (source.status === "missing") {
    const words = `Source ${number} does not stand in the documents`;
    return el("span", { class: "cite cite-missing", title: words, "aria-label": words }, `${number}`);
  }
  const button = el("button", { class: `cite cite-${source.status}`, type: "button", title: place(source) }, `${number}`);
  button.setAttribute("aria-label", `Source ${number}: ${place(source)}`);
  button.addEventListener("click", () => open(run, source, app));
  return button;
}

// --- agreement ------------------------------------------------------------------------------------------

/** What is said of the value of an answer and its sources, without a full stop; "" where nothing is known or needed. */
export function agreementWords(agreement) {
  const said = AGREED[agreement?.status];
  if (!said) return "";
  const { status, items = [], where = [], how = "", cell } = agreement;
  const written = where.find((place) => place.written)?.written;
  if (status === "stated" && items.length > 1) return `${said.words}, each of ${count(items.length)}`;
  if (status === "stated" && written) return `${said.words}, written ${line(written)}`;
  if (status === "computed") return `${said.words}${cell ? ` by cell ${cell}` : ""}: ${line(how)}`;
  return how ? `${said.words}: ${line(how)}` : said.words;
}

function agreementLine(run) {
  const words = agreementWords(run.agreement);
  if (!words) return null;
  const { icon: name, about } = AGREED[run.agreement.status];
  const gone = run.agreement.items?.filter((item) => item.status === "absent") ?? [];
  const shown = gone.slice(0, SHOWN_ABSENT).map((item) => line(item.value, 60)).join(" · ");
  const more = gone.length > SHOWN_ABSENT ? ` and ${count(gone.length - SHOWN_ABSENT)} more` : "";
  return el("div", { class: `agreed agreed-${run.agreement.status}` },
    el("p", { class: "agreed-words", title: about, dir: "auto" }, icon(name), el("span", {}, words)),
    el("p", { class: "visually-hidden" }, about),
    shown && el("p", { class: "agreed-items", dir: "auto" }, `${shown}${more}`));
}

/** The numbers of the sources in which the value or one of its items stands. */
function stating(agreement) {
  const places = [agreement, ...(agreement?.items ?? [])].flatMap((one) => one?.where ?? []);
  return new Set(places.map((place) => place.source));
}

// --- sources --------------------------------------------------------------------------------------------

function sourceList(run, sources, app) {
  const here = stating(run.agreement);
  const items = sources.map((source, i) => item(run, source, i + 1, app, here.has(i + 1)));
  const list = el("ol", { class: "sources" }, ...items.slice(0, SHOWN_SOURCES));
  const missing = sources.filter((s) => s.status === "missing").length;
  const title = missing ? `Sources · ${missing} not found in the documents` : "Sources";
  const box = el("div", { class: "sources-box" }, el("h3", { class: missing ? "warn" : "" }, title), agreementLine(run), list);
  if (items.length > SHOWN_SOURCES) {
    const more = el("button", { class: "plain", type: "button" }, `Show all ${items.length} sources`);
    more.addEventListener("click", () => {
      list.append(...items.slice(SHOWN_SOURCES));
      list.classList.add("all");
      more.remove();
      items[SHOWN_SOURCES].querySelector("button")?.focus();
    });
    box.append(more);
  }
  return box;
}

function item(run, source, number, app, states) {
  const mark = el("span", { class: `cite cite-${source.status}`, "aria-hidden": "true" }, `${number}`);
  if (source.status === "missing") return missingItem(run, source, mark, app);
  const note = source.status === "folded" ? el("span", { class: "source-note" }, "white space or quotes differ") : null;
  const stated = states ? el("span", { class: "source-states" }, "stated here") : null;
  const button = el(
    "button",
    { class: "source", type: "button" },
    mark,
    el("span", { class: "source-place" }, place(source), stated ? " · " : "", stated, note ? " · " : "", note),
    el("q", { class: "source-quote", dir: "auto" }, brief(source.text)),
  );
  button.addEventListener("click", () => open(run, source, app));
  return el("li", {}, button);
}

/** What plain search finds where the model gave no answer. */
function passageList(run, app) {
  const items = run.passages.map((passage) => {
    const button = el("button", { class: "source passage", type: "button", on: { click: () => open(run, passage, app) } },
      el("span", { class: "source-place" }, place(passage)),
      el("q", { class: "source-quote", dir: "auto" }, brief(passage.text)));
    return el("li", {}, button);
  });
  return el("div", { class: "passages-box" }, el("h3", {}, FOUND), el("ul", { class: "sources" }, items));
}

function missingItem(run, source, mark, app) {
  const quote = el("s", { class: "source-quote", dir: "auto" }, brief(source.text));
  const head = el("div", { class: "source source-missing" }, mark, el("span", { class: "source-place" }, "Not found in the documents"), quote);
  if (!source.nearest) return el("li", {}, head);
  const near = el(
    "button",
    { class: "source source-nearest", type: "button" },
    el("span", { class: "source-place" }, `Nearest passage: ${place(source)}`),
    el("q", { class: "source-quote", dir: "auto" }, brief(source.nearest)),
  );
  near.addEventListener("click", () => open(run, source, app));
  return el("li", {}, head, near);
}

function brief(text) {
  return line(text, 280);
}

// --- account --------------------------------------------------------------------------------------------

function account(run, app) {
  const parts = [el("p", { class: "coverage" }, coverageSentence(run.coverage), fileAccount(run, app))];
  parts.push(el("p", { class: "cost" }, cost(run)));
  return el("footer", { class: "answer-foot" }, el("div", {}, ...parts), keepButton(run, app), copyButton(run, app));
}

/** Strategy and cost in one line. */
export function cost(run) {
  const usage = run.usage ?? {};
  const tokens = (usage.prompt_tokens ?? 0) + (usage.completion_tokens ?? 0);
  const model = typeof run.model === "object" ? run.model?.name : run.model;
  return [
    run.strategy ? line(`${run.strategy[0].toUpperCase()}${run.strategy.slice(1)}`) : "",
    run.nodes ? many(run.nodes, "node") : "",
    usage.calls ? many(usage.calls, "model call") : "",
    tokens ? many(tokens, "token") : "",
    run.seconds ? duration(run.seconds) : "",
    line(model ?? ""),
  ].filter(Boolean).join(" · ");
}

function copyButton(run, app) {
  const button = el("button", { class: "button", type: "button" }, icon("copy"), run.sources?.length ? "Copy with sources" : "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(asText(run));
      app.toast(run.sources?.length ? "Copied with its sources" : "Copied", "ok");
    } catch {
      app.toast("The browser did not allow copying; select the text instead.", "error");
    }
  });
  return button;
}

/** The answer as plain text with numbered sources, for the clipboard. */
export function asText(run) {
  const lines = [run.question, "", run.answer ?? `${noAnswer(run)}.`];
  if (forcedChip(run)) lines.push("", `${limitSentence(run)}.`);
  const agreed = agreementWords(run.agreement);
  if (run.sources?.length) lines.push("", "Sources", ...(agreed ? [`(${agreed})`] : []));
  else if (agreed) lines.push("", `${agreed}.`);
  (run.sources ?? []).forEach((source, i) => {
    const where = source.status === "missing" ? "NOT FOUND IN THE DOCUMENTS" : place(source);
    lines.push(`[${i + 1}] ${where}: ${brief(source.text)}`);
  });
  const letters = [...(run.answer ?? "")];
  for (const quote of falseQuotes(run)) lines.push(`${why(quote)}: “${brief(letters.slice(quote.start, quote.end).join(""))}”`);
  if (run.passages?.length) lines.push("", FOUND, ...run.passages.map((passage) => `- ${place(passage)}: ${brief(passage.text)}`));
  const coverage = coverageSentence(run.coverage);
  if (coverage) lines.push("", coverage);
  return `${lines.join("\n")}\n`;
}
