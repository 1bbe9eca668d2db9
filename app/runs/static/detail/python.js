// Colours for Python code: a tokenizer of one expression. Whatever it makes of the code, all of it is shown.

import { el } from "/ui/shell/dom.js";
import { plain } from "/ui/shell/text/text.js";

const LIMIT = 60_000; // characters; what is longer is shown without colours from there on

const TOKENS = new RegExp(
  [
    /(?<comment>#[^\n]*)/,
    /(?<string>(?<![\w])(?:[rbfuRBFU]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?))/,
    /(?<decorator>(?<=^[ \t]*)@[\w.]+)/,
    /(?<number>(?<![\w.])(?:0[xXoObB][\da-fA-F_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?j?))/,
    /(?<name>[\p{L}_][\p{L}\p{N}_]*)/,
  ]
    .map((part) => part.source)
    .join("|"),
  "gmu",
);

const KEYWORDS = new Set(
  ("False None True and as assert async await break class continue def del elif else except finally for from global " +
    "if import in is lambda match case nonlocal not or pass raise return try while with yield").split(" "),
);
const BUILTINS = new Set(
  ("abs all any bool bytes dict dir divmod enumerate filter float format frozenset getattr hasattr hash int isinstance " +
    "iter len list map max min next object open ord chr pow print range repr reversed round set setattr slice sorted " +
    "str sum super tuple type vars zip Exception ValueError KeyError TypeError RuntimeError").split(" "),
);
const TOOLS = new Set(
  ("context question answer llm_query llm_query_batched rlm_query rlm_query_batched map_query chunks peek cite best " +
    "FINAL FINAL_VAR SUBMIT SHOW_VARS").split(" "),
);

/** Python code as nodes with classes for comment, string, number, keyword, builtin, tool, defined, decorator. */
export function python(code) {
  const made = document.createDocumentFragment();
  const head = code.slice(0, LIMIT);
  let from = 0;
  let before = "";
  for (const found of head.matchAll(TOKENS)) {
    const [kind, text] = Object.entries(found.groups).find(([, value]) => value !== undefined);
    const colour = kind === "name" ? nameKind(text, before) : kind;
    if (kind !== "comment") before = text;
    if (!colour) continue;
    if (found.index > from) made.append(plain(head.slice(from, found.index)));
    made.append(el("span", { class: `py-${colour}` }, plain(text)));
    from = found.index + text.length;
  }
  made.append(plain(code.slice(from)));
  return made;
}

function nameKind(name, before) {
  if (KEYWORDS.has(name)) return "keyword";
  if (before === "def" || before === "class") return "defined";
  if (TOOLS.has(name)) return "tool";
  return BUILTINS.has(name) ? "builtin" : null;
}
