// Rows of a list: which columns there are, which rows a filter keeps, and in which order. Pure.

/** [key, label] of each column. */
export const columns = (each) => [["number", "Row"], ...(each ? [["name", "Document"]] : []), ["question", "Question"], ["answer", "Answer"],
  ["sources", "Sources"], ["status", "Status"], ["seconds", "Time"], ["run", "Run"]];

/** The rows that hold every word of `filter`, in any case, and have this status ("" for all). */
export function wanted(rows, filter, status) {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (status && row.status !== status) return false;
    const text = [row.name, row.question, row.answer ?? row.reason, ...row.sources].join("\n").toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** The rows in order; what has no value comes last either way. */
export function sorted(rows, { key, down }) {
  const order = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
  const value = (row) => (key === "sources" ? row.sources.length + row.more : row[key]);
  const empty = (one) => one === null || one === undefined || one === "";
  return [...rows].sort((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (empty(one) || empty(other)) return empty(one) - empty(other) || a.number - b.number;
    const by = typeof one === "number" ? one - other : order.compare(one, other);
    return (down ? -by : by) || a.number - b.number;
  });
}
