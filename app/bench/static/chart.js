// Charts of the bench as SVG: how many answers are right, and tokens for each question, against length (log).

import { el, svg } from "/ui/shell/dom.js";

const [WIDTH, HEIGHT] = [420, 190];
const EDGE = { left: 40, right: 10, top: 10, bottom: 34 };

/** What each colour and mark stands for. */
export function legend(methods) {
  return el("ul", { class: "bench-legend small" }, methods.map((name) => el("li", {},
    svg("svg", { viewBox: "0 0 22 12", class: `m-${name}`, "aria-hidden": "true" },
      svg("line", { class: "bench-line", x1: 0, x2: 22, y1: 6, y2: 6 }), mark(name, 11, 6)), name)));
}

/** The two charts of one suite. `rows` are those of the report. */
export function charts(suite, about, rows, methods) {
  const lengths = [...new Set(rows.map((row) => row.windows))].sort((a, b) => a - b);
  const most = Math.max(10, ...rows.map((row) => row.tokens));
  const decades = Math.ceil(Math.log10(most));
  const share = { top: 1, ticks: [0, 0.25, 0.5, 0.75, 1], at: (v) => v, text: (v) => `${Math.round(100 * v)}` };
  const tokens = { top: decades, ticks: [...Array(decades + 1).keys()], at: (v) => Math.log10(Math.max(1, v)), text: (v) => short(10 ** v) };
  return el("div", { class: "bench-suite" }, el("h3", {}, suite, about && el("span", { class: "muted small" }, ` ${about}`)),
    el("div", { class: "bench-charts" },
      figure("right, %", `${suite}: answers that are right, by length and way; the figures are in the table below`, share, lengths,
        methods.map((name) => [name, rows.filter((row) => row.method === name)]), (row) => row.accuracy, true),
      figure("tokens for each question", `${suite}: tokens read and written for each question; the figures are in the table below`, tokens, lengths,
        methods.map((name) => [name, rows.filter((row) => row.method === name)]), (row) => row.tokens, false)));
}

function figure(caption, label, scale, lengths, lines, value, bars) {
  const [low, high] = [Math.log(lengths[0]), Math.log(lengths.at(-1))];
  const wide = WIDTH - EDGE.left - EDGE.right;
  const tall = HEIGHT - EDGE.top - EDGE.bottom;
  const x = (windows) => EDGE.left + (high > low ? ((Math.log(windows) - low) / (high - low)) * wide : wide / 2);
  const y = (v) => EDGE.top + (1 - Math.min(scale.top, v) / scale.top) * tall;
  const end = HEIGHT - EDGE.bottom;
  return el("figure", {}, el("figcaption", {}, caption),
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label },
      scale.ticks.map((tick) => [
        svg("line", { class: "bench-grid", x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(tick), y2: y(tick) }),
        svg("text", { x: EDGE.left - 7, y: y(tick) + 4, "text-anchor": "end" }, scale.text(tick))]),
      lengths.map((windows) => svg("text", { x: x(windows), y: end + 18, "text-anchor": "middle" }, `${windows}×`)),
      svg("text", { x: EDGE.left + wide / 2, y: end + 33, "text-anchor": "middle" }, "length of the text, in windows"),
      lines.filter(([, rows]) => rows.length).map(([name, rows], i, all) => svg("g", { class: `m-${name}`,
        transform: bars ? `translate(${(i - (all.length - 1) / 2) * 3} 0)` : null },
        bars && rows.map((row) => svg("line", { class: "bench-bar", x1: x(row.windows), x2: x(row.windows), y1: y(row.low), y2: y(row.high) })),
        svg("polyline", { class: "bench-line", points: rows.map((row) => `${x(row.windows)},${y(scale.at(value(row)))}`).join(" ") }),
        rows.map((row) => mark(name, x(row.windows), y(scale.at(value(row)))))))));
}

// Each way has a shape of its own, so that colour alone tells nothing.
function mark(name, x, y) {
  const shapes = {
    direct: [[-4, -4], [4, -4], [4, 4], [-4, 4]],
    retrieval: [[0, -5], [5, 4], [-5, 4]],
    compaction: [[0, -5.5], [5, 0], [0, 5.5], [-5, 0]],
    "rlm-0": [[0, 5], [5, -4], [-5, -4]],
    "rlm-2": [[-5, -2], [0, -5], [5, -2], [3, 4], [-3, 4]],
  };
  if (!shapes[name]) return svg("circle", { class: "bench-mark", cx: x, cy: y, r: 4.5 });
  return svg("polygon", { class: "bench-mark", points: shapes[name].map(([a, b]) => `${x + a},${y + b}`).join(" ") });
}

function short(value) {
  return value >= 1e6 ? `${value / 1e6}M` : value >= 1e3 ? `${value / 1e3}k` : String(value);
}
