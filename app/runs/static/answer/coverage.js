// What a run looked at, in total and for each file: searched, read by the model, quoted; what could not be read, and why.

import { el, svg } from "/ui/shell/dom.js";
import { count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const SHOWN_FILES = 12; // the rest behind a button
const SHOWN_REASONS = 3; // in the sentence; all of them below it
const LEAST = 1 / 120; // of a strip: a single line is seen also in a long file

/** "31 of 31 documents searched, 1.2 % of lines read by the model (12 of 1,000), 3 quoted, 1 file unreadable: why". */
export function coverageSentence(coverage) {
  if (!coverage) return "";
  const documents = `${count(coverage.documents_searched)} of ${many(coverage.documents, "document")} searched`;
  const quoted = coverage.lines_quoted ? `, ${count(coverage.lines_quoted)} quoted` : "";
  return `${documents}${read(coverage)}${quoted}${unreadable(coverage)}.`;
}

function read(coverage) {
  const { lines, lines_read: some } = coverage;
  if (!some) return coverage.documents_searched ? " by code; no line had to be shown to the model" : ", no line read by the model";
  if (!lines) return `, ${many(some, "line")} read by the model`;
  return `, ${percent(some / lines)} of lines read by the model (${count(some)} of ${count(lines)})`;
}

function unreadable({ skipped, unreadable: files = [] }) {
  if (!skipped) return "";
  if (!files.length) return `, ${many(skipped, "file")} could not be read`;
  const named = files.slice(0, SHOWN_REASONS).map((file) => `${line(file.path, 80)} (${line(file.reason, 120)})`);
  const more = skipped > named.length ? ` and ${count(skipped - named.length)} more` : "";
  return `, ${many(skipped, "file")} unreadable: ${named.join(", ")}${more}`;
}

/** The account of each file, folded; null where none was read or quoted and all could be read. */
export function fileAccount(run, app) {
  const files = run.coverage?.files ?? [];
  const gone = run.coverage?.unreadable ?? [];
  if (!files.length && gone.length <= SHOWN_REASONS) return null;
  const rows = files.map((file) => row(run, file, app));
  const list = el("ul", { class: "heat-list" }, ...rows.slice(0, SHOWN_FILES));
  const box = el("details", { class: "files" }, el("summary", {}, "What was read"),
    files.length > 0 && el("p", { class: "heat-legend" },
      el("span", { class: "heat-key heat-key-read" }), "read by the model ",
      el("span", { class: "heat-key heat-key-quoted" }), "quoted ",
      el("span", { class: "heat-key" }), "searched only, or not at all"),
    list);
  if (rows.length > SHOWN_FILES) {
    const more = el("button", { class: "plain", type: "button" }, `Show all ${rows.length} files`);
    more.addEventListener("click", () => { list.append(...rows.slice(SHOWN_FILES)); more.remove(); rows[SHOWN_FILES].querySelector("button")?.focus(); });
    box.append(more);
  }
  if (gone.length) {
    box.append(el("h4", {}, "Could not be read"), el("ul", { class: "heat-gone" },
      gone.map((file) => el("li", {}, `${line(file.path, 160)}: ${line(file.reason, 200)}`))));
  }
  return box;
}

function row(run, file, app) {
  const name = el("button", { class: "quiet file", type: "button" }, line(file.name));
  name.addEventListener("click", () => app.openDocument(run.corpus, file.document, {}));
  return el("li", {}, name, strip(file), el("span", { class: "file-share" }, words(file)));
}

function words(file) {
  const share = file.lines ? file.lines_read / file.lines : file.characters_read / Math.max(1, file.characters_total);
  const quoted = file.lines_quoted ? `, ${count(file.lines_quoted)} quoted` : "";
  const cells = file.cells?.length ? ` (${line(file.cells.join(", "), 60)})` : "";
  return `${many(file.lines_read, "line")}, ${percent(Math.min(1, share))}${quoted}${cells}`;
}

/** A file from its first line to its last, with what was read and quoted of it in place. */
export function strip(file) {
  const whole = Math.max(1, file.lines ?? 1);
  const first = file.first_line ?? 1;
  const parts = (kind, ranges = []) => ranges.map(([from, to]) => {
    const width = Math.min(1, Math.max(LEAST, (to - from + 1) / whole));
    const at = Math.min(1 - width, Math.max(0, (from - first) / whole));
    return svg("rect", { class: `heat-${kind}`, x: at * 1000, y: 0, width: width * 1000, height: 10 });
  });
  const old = !file.lines && file.characters_read ? [[1, Math.max(1, Math.round((100 * file.characters_read) / Math.max(1, file.characters_total)))]] : null;
  const shown = old ? { ...file, lines: 100, first_line: 1, read: old } : null; // a record of an older version has no places
  if (shown) return strip(shown);
  return svg("svg", { class: "heat", viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": `Of ${line(file.name)}: ${words(file)}` },
    parts("read", file.read), parts("quoted", file.quoted));
}

function percent(share) {
  if (!share) return "0 %";
  if (share < 0.001) return "under 0.1 %";
  return share < 0.1 ? `${(100 * share).toFixed(1)} %` : `${Math.round(share * 100)} %`;
}
