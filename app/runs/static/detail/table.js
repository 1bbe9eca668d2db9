// The first table of some HTML as rows of plain text. No parser of the browser sees the HTML: only tags that make a
// table count, all others are left out, and what stands between them is text.

const TOKEN = /<!--[\s\S]*?-->|<(\/?)([a-z][a-z0-9]*)((?:"[^"]*"|'[^']*'|[^'">])*)>|[^<]+|</gi;
const SILENT = new Set(["script", "style", "template", "title", "noscript", "iframe", "textarea"]);
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0", hellip: "…", ndash: "–", mdash: "—" };

/**
 * Rows of {head, cells}, each cell {text, wide, tall, title}: `head` is a row of the thead, `title` a th, `wide` and
 * `tall` its spans. At most `most` rows are kept; `total` counts all. Null where there is no table.
 */
export function table(html, most) {
  const rows = [];
  let [inside, head, row, cell, silent, total] = [false, false, null, null, "", 0];
  for (const [token, slash, name, attributes] of html.matchAll(TOKEN)) {
    const tag = name?.toLowerCase();
    if (silent) {
      if (slash && tag === silent) silent = "";
    } else if (!tag) {
      if (cell && !token.startsWith("<!--")) cell.text += decoded(token);
    } else if (!slash && SILENT.has(tag)) silent = tag;
    else if (!inside) inside = tag === "table" && !slash;
    else if (tag === "table" && slash) break;
    else if (tag === "thead") head = !slash;
    else if (tag === "tr") {
      [row, cell] = [null, null];
      if (slash) continue;
      total += 1;
      if (rows.length < most) rows.push((row = { head, cells: [] }));
    } else if (tag === "td" || tag === "th") {
      cell = null;
      if (slash || !row) continue;
      cell = { text: "", title: tag === "th", wide: span(attributes, "col"), tall: span(attributes, "row") };
      row.cells.push(cell);
    } else if (tag === "br" && cell) cell.text += "\n";
  }
  return inside && total ? { rows, total } : null;
}

function span(attributes, way) {
  const found = new RegExp(`\\b${way}span\\s*=\\s*["']?(\\d{1,3})`, "i").exec(attributes);
  return found ? Math.min(40, Math.max(1, Number(found[1]))) : 1;
}

function decoded(text) {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|([a-z]+));/gi, (all, number, hex, name) => {
    if (name) return ENTITIES[name] ?? all;
    const point = number ? Number(number) : Number.parseInt(hex, 16);
    return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : all;
  });
}
