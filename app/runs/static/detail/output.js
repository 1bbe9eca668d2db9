// Outputs of a cell as a notebook shows them: text with colours, images, tables, errors. Nothing of them is run.

import { el } from "/ui/shell/dom.js";
import { count } from "/ui/shell/text/figures.js";
import { ansi, built, overwritten, plain } from "/ui/shell/text/text.js";

const LINES = 60; // of one text, before a button shows the rest
const CHARACTERS = 12_000;
const STORED = /^\/api\/blobs\/[0-9a-f]{64}$/;

/** The outputs (nbformat) of a cell as elements, texts of one stream joined. */
export function outputs(list) {
  return joined(list).map(output);
}

function joined(list) {
  const made = [];
  for (const one of list) {
    const before = made.at(-1);
    if (one.output_type === "stream" && before?.output_type === "stream" && before.name === one.name) {
      made[made.length - 1] = { ...before, text: flat(before.text) + flat(one.text) };
    } else made.push(one);
  }
  return made;
}

const flat = (text) => (Array.isArray(text) ? text.join("") : String(text ?? ""));

function output(one) {
  if (one.output_type === "stream") {
    const kind = one.name === "stderr" ? "stream stderr" : "stream";
    return el("div", { class: `output ${kind}` }, long(overwritten(flat(one.text)), ansi));
  }
  if (one.output_type === "error") return error(one);
  return el("div", { class: "output display" }, display(one.data ?? {}));
}

/** The best form of a display that is safe to show: an image, a table made anew, or its text. */
function display(data) {
  for (const type of ["image/png", "image/jpeg"]) {
    const alt = flat(data["text/plain"]) || "a picture without a description";
    if (STORED.test(data[type] ?? "")) return el("img", { src: data[type], alt, loading: "lazy" });
  }
  if (data["text/html"]) return built(data["text/html"]); // a table, which the app made of it
  if (data["text/plain"] !== undefined) return long(flat(data["text/plain"]), ansi);
  return el("p", { class: "hint" }, `An output of the kind ${Object.keys(data)[0] ?? "unknown"} is not shown.`);
}

function error(one) {
  const trace = flat((one.traceback ?? []).join("\n"));
  const name = el("b", {}, plain(one.ename || "Error"));
  const head = el("span", { class: "raised" }, name, one.evalue ? ": " : "", plain(one.evalue ?? ""));
  if (!trace.trim()) return el("div", { class: "output error" }, head);
  return el(
    "details",
    { class: "output error" },
    el("summary", {}, head, el("span", { class: "more" }, "traceback")),
    long(trace, ansi),
  );
}

/** A text as a block; a long one shows its beginning and a button for the rest. `form` makes nodes of text. */
export function long(text, form = plain, { lines = LINES, characters = CHARACTERS } = {}) {
  const head = beginning(text, lines, characters);
  const block = el("pre", { class: "text" }, form(head));
  if (head.length >= text.length) return block;
  const left = text.length - head.length;
  const more = el("button", { type: "button", class: "button show" }, `Show ${count(left)} more characters`);
  const box = el("div", { class: "long" }, block, more);
  more.addEventListener("click", () => {
    block.replaceChildren(form(text));
    more.remove();
    block.tabIndex = -1;
    block.focus();
  });
  return box;
}

function beginning(text, lines, characters) {
  let end = Math.min(text.length, characters);
  let at = -1;
  for (let n = 0; n < lines; n += 1) {
    at = text.indexOf("\n", at + 1);
    if (at < 0 || at >= end) return text.slice(0, end);
  }
  end = at;
  return text.length - end < 200 ? text : text.slice(0, end); // a button for a line or two is no help
}
