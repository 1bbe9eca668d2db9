// Markdown of models to DOM: headings, lists, tables, quotes, code, emphasis. Text only: no HTML, no images, no live links.
//
// `render(text, {cite})` returns a DocumentFragment. Every character of the text arrives by textContent. A link is shown
// as its words and its address, an image as its words. `cite(n)` may return a node for a marker such as [2]; null leaves
// the marker as it stands. All searching is bounded, so hostile text costs linear time.

import { el } from "/ui/shell/dom.js";
import { plain } from "/ui/shell/text/text.js";

const MAX_CHARS = 300_000; // a longer text is shown as it is
const MAX_DEPTH = 12; // lists and quotes in each other
const MAX_SPANS = 6; // emphasis in emphasis
const REACH = 2_000; // characters that the end of an emphasis, link or code may be away
const PUNCTUATION = /[!-/:-@[-`{-~]/;
const ITEM = /^( {0,40})([-*+]|\d{1,9}[.)])(?: (.*)|)$/;
const HEADING = /^ {0,3}(#{1,6}) (.*)$/;
const FENCE = /^ {0,40}(`{3,}|~{3,}) ?([\w+#.-]{0,30})/;
const RULE = /^ {0,3}(?:- ?- ?-[- ]*|\* ?\* ?\*[* ]*|_ ?_ ?_[_ ]*)$/;
const QUOTE = /^ {0,3}> ?/;
const SPECIAL = /[\n\\`!\[*_~]/;
const WORD = /[\p{L}\p{N}]/u;
const MARKER = /^\[(\d{1,3}(?:, ?\d{1,3}){0,9})\](?!\()/;

/** The DOM of a Markdown text. */
export function render(text, { cite = () => null } = {}) {
  const fragment = document.createDocumentFragment();
  const whole = String(text ?? "").replace(/\r\n?/g, "\n");
  if (whole.length > MAX_CHARS) fragment.append(el("pre", { class: "md-code" }, plain(whole)));
  else fragment.append(...blocks(whole.split("\n"), { cite }, 0));
  return fragment;
}

// --- blocks ---------------------------------------------------------------------------------------------

function blocks(lines, how, depth) {
  const found = [];
  for (let at = 0; at < lines.length; ) {
    if (!lines[at].trim()) {
      at += 1;
      continue;
    }
    const [node, next] = block(lines, at, how, depth);
    found.push(node);
    at = next;
  }
  return found;
}

function block(lines, at, how, depth) {
  const line = lines[at];
  const fence = FENCE.exec(line);
  if (fence) return code(lines, at, fence);
  const heading = HEADING.exec(line);
  if (heading) {
    const level = Math.min(6, heading[1].length + 2); // the page has its own first two levels
    return [el(`h${level}`, {}, ...inline(heading[2].replace(/ #+ *$/, ""), how)), at + 1];
  }
  if (RULE.test(line)) return [el("hr", {}), at + 1];
  if (QUOTE.test(line) && depth < MAX_DEPTH) {
    let end = at;
    while (end < lines.length && QUOTE.test(lines[end])) end += 1;
    const inner = lines.slice(at, end).map((l) => l.replace(QUOTE, ""));
    return [el("blockquote", {}, ...blocks(inner, how, depth + 1)), end];
  }
  if (ITEM.test(line) && depth < MAX_DEPTH) return list(lines, at, how, depth);
  if (isTable(lines, at)) return table(lines, at, how);
  let end = at + 1;
  while (end < lines.length && !beginsBlock(lines, end)) end += 1;
  const text = lines.slice(at, end).map((l) => l.trim()).join("\n");
  return [el("p", {}, ...inline(text, how)), end];
}

function beginsBlock(lines, at) {
  const line = lines[at];
  if (!line.trim()) return true;
  return [FENCE, HEADING, RULE, QUOTE, ITEM].some((form) => form.test(line)) || isTable(lines, at);
}

function code(lines, at, fence) {
  let end = at + 1;
  while (end < lines.length && !closes(lines[end], fence[1])) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  const pre = el("pre", { class: "md-code", tabindex: "0" }, el("code", {}, plain(text)));
  if (fence[2]) pre.dataset.language = fence[2];
  return [pre, Math.min(lines.length, end + 1)];
}

function closes(line, mark) {
  const bare = line.trim();
  return bare.length >= mark.length && bare === mark[0].repeat(bare.length);
}

function list(lines, at, how, depth) {
  const first = ITEM.exec(lines[at]);
  const ordered = /\d/.test(first[2]);
  const indent = first[1].length;
  const items = [];
  let end = at;
  while (end < lines.length) {
    const item = ITEM.exec(lines[end]);
    const starts = item && item[1].length <= indent + 1;
    if (starts && (/\d/.test(item[2]) !== ordered || item[1].length < indent)) break;
    if (starts) {
      items.push([item[3] ?? ""]);
    } else if (!lines[end].trim()) {
      const next = lines[end + 1] ?? "";
      if (!/^ {2,}\S/.test(next) && !ITEM.test(next)) break;
      items.at(-1).push("");
    } else if (/^ /.test(lines[end].slice(indent)) || !beginsBlock(lines, end)) {
      items.at(-1).push(lines[end].slice(Math.min(indent + first[2].length + 1, leading(lines[end]))));
    } else break;
    end += 1;
  }
  const start = ordered ? parseInt(first[2], 10) : null;
  return [el(ordered ? "ol" : "ul", { start }, ...items.map((item) => listItem(item, how, depth))), end];
}

function leading(line) {
  return line.length - line.trimStart().length;
}

function listItem(lines, how, depth) {
  const task = /^\[([ xX])\] /.exec(lines[0]);
  if (task) lines[0] = `${task[1] === " " ? "☐" : "☑"} ${lines[0].slice(4)}`;
  const made = blocks(lines, how, depth + 1);
  const inner = made.flatMap((node, i) => (i === 0 && node.tagName === "P" ? [...node.childNodes] : [node]));
  return el("li", {}, ...inner);
}

// A row of cells; a bar after a backslash or inside code does not part cells.
function cells(line) {
  const parts = [];
  let part = "";
  let ticks = false;
  for (let i = 0; i < line.length; i += 1) {
    if (line[i] === "\\" && line[i + 1] === "|") part += line[++i];
    else if (line[i] === "|" && !ticks) {
      parts.push(part);
      part = "";
    } else {
      if (line[i] === "`") ticks = !ticks;
      part += line[i];
    }
  }
  parts.push(part);
  if (!parts[0].trim()) parts.shift();
  if (parts.length && !parts.at(-1).trim()) parts.pop();
  return parts.map((p) => p.trim());
}

function isTable(lines, at) {
  if (!lines[at].includes("|") || !(lines[at + 1] ?? "").includes("-") || lines[at].length > 20_000) return false;
  const below = lines[at + 1];
  if (!below.includes("|") && cells(lines[at]).length > 1) return false;
  return below.length < 2_000 && cells(below).every((c) => /^:?-+:?$/.test(c)) && cells(below).length === cells(lines[at]).length;
}

function table(lines, at, how) {
  const align = cells(lines[at + 1]).map((c) => (c.endsWith(":") ? (c.startsWith(":") ? "center" : "end") : "start"));
  const row = (line, tag) =>
    el("tr", {}, ...cells(line).slice(0, align.length).map((c, i) => {
      return el(tag, { style: { "text-align": align[i] } }, ...inline(c, how));
    }));
  let end = at + 2;
  while (end < lines.length && lines[end].includes("|") && lines[end].trim()) end += 1;
  const body = lines.slice(at + 2, end).map((line) => row(line, "td"));
  const made = el("table", {}, el("thead", {}, row(lines[at], "th")), el("tbody", {}, ...body));
  return [el("div", { class: "md-table", tabindex: "0", role: "group", "aria-label": "table" }, made), end];
}

// --- inline ---------------------------------------------------------------------------------------------

const EMPHASIS = [
  ["**", "strong"],
  ["__", "strong"],
  ["~~", "del"],
  ["*", "em"],
  ["_", "em"],
];

function inline(text, how, depth = 0) {
  const out = [];
  const past = new Map(); // by mark: up to where it is known that nothing closes it
  let run = 0; // where plain text began
  const flush = (end) => {
    if (end > run) out.push(plain(text.slice(run, end)));
  };
  for (let at = 0; at < text.length; ) {
    const found = SPECIAL.test(text[at]) ? special(text, at, { ...how, past }, depth) : null;
    if (!found) {
      at += 1;
    } else {
      flush(at);
      out.push(...found[0]);
      run = at = found[1];
    }
  }
  flush(text.length);
  return out;
}

/** Where `mark` stands next within reach of `from`, as far as `fits(index)`; -1 for nowhere. */
function closing(text, mark, from, past, fits) {
  const limit = Math.min(text.length, from + REACH);
  let at = Math.max(from, past.get(mark) ?? 0);
  while (at < limit) {
    const window = text.slice(at, limit + mark.length);
    const found = window.indexOf(mark);
    if (found < 0) break;
    at += found;
    if (fits(at)) return at;
    at += 1;
  }
  past.set(mark, limit);
  return -1;
}

// What begins at `at`: [nodes, where it ends], or null for a plain character.
function special(text, at, how, depth) {
  const c = text[at];
  if (c === "\n") return [[el("br", {})], at + 1];
  if (c === "\\" && PUNCTUATION.test(text[at + 1] ?? "")) return [[text[at + 1]], at + 2];
  if (c === "`") return codeSpan(text, at, how);
  if (c === "!" && text[at + 1] === "[") return link(text, at + 1, how, depth, "md-image");
  if (c === "[") return marker(text, at, how) ?? link(text, at, how, depth, "md-link");
  if ((c === "*" || c === "_" || c === "~") && depth < MAX_SPANS) return emphasis(text, at, how, depth);
  return null;
}

function codeSpan(text, at, how) {
  const mark = /^`{1,20}/.exec(text.slice(at, at + 20))[0];
  const from = at + mark.length;
  const end = closing(text, mark, from, how.past, (i) => text[i - 1] !== "`" && text[i + mark.length] !== "`");
  if (end < 0) return [[mark], from];
  const inner = text.slice(from, end).replace(/^ (.*) $/s, "$1");
  return [[el("code", {}, plain(inner))], end + mark.length];
}

function marker(text, at, how) {
  const found = MARKER.exec(text.slice(at, at + 64));
  if (!found) return null;
  const nodes = found[1].split(",").map((n) => how.cite(Number(n)));
  return nodes.every(Boolean) ? [nodes, at + found[0].length] : null;
}

function link(text, at, how, depth, kind) {
  const always = () => true;
  const middle = closing(text, "](", at + 1, how.past, always);
  const end = middle < 0 ? -1 : closing(text, ")", middle + 2, how.past, always);
  const words = text.slice(at + 1, middle);
  if (end < 0 || /[\n\]]/.test(words)) return null;
  const address = text.slice(middle + 2, end);
  const shown = depth < MAX_SPANS ? inline(words, how, depth + 1) : [plain(words)];
  const where = address === words ? [] : [el("span", { class: "md-address" }, " (", plain(address), ")")];
  return [[el("span", { class: kind }, ...shown, ...where)], end + 1];
}

function emphasis(text, at, how, depth) {
  for (const [mark, tag] of EMPHASIS) {
    if (!text.startsWith(mark, at)) continue;
    const from = at + mark.length;
    if (/^\s|^$/.test(text[from] ?? "")) continue;
    if (mark.length === 1 && WORD.test(text[at - 1] ?? "")) continue; // 2*3*4, snake_case
    const end = closing(text, mark, from + 1, how.past, (i) => mayClose(text, i, mark));
    if (end > 0) return [[el(tag, {}, ...inline(text.slice(from, end), how, depth + 1))], end + mark.length];
  }
  const run = /^[*_~]{1,64}/.exec(text.slice(at, at + 64))[0]; // nothing closes it: the marks are text
  return [[run], at + run.length];
}

function mayClose(text, at, mark) {
  const before = text[at - 1];
  const after = text[at + mark.length] ?? "";
  if (after === mark[0] || /\s/.test(before)) return false;
  if (mark.length === 1 && before === mark) return false;
  return mark[0] !== "_" || !WORD.test(after);
}
