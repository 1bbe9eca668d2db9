// Who ran when: a lane per node at work, coloured by what it did (`app/runs/tree/frame.py`).
//
// The picture is drawn once and again when events come; the playhead is a line over it. Wheel with Ctrl zooms,
// dragging moves the playhead, a click on a bar selects its node.

import { el, find, put, svg } from "/ui/shell/dom.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { clock, count, duration, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const PAUSE = 250; // milliseconds between two pictures while events come
const AXIS = 18; // pixels above the lanes
const THIN = 3;
const THICK = 11;
const LEAST = 1.5; // pixels: a bar that short still shows
const KINDS = ["node", "queue", "model", "kernel", "waiting", "fault"]; // in the order of painting
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600];

/** `tree` selects nodes and seeks moments. */
export class Timeline {
  constructor(element, tree) {
    this.element = element;
    this.tree = tree;
    const part = (name) => find(`.${name}`, element);
    [this.axis, this.scroll, this.space, this.chart] = ["axis", "lanes", "lanes-space", "chart"].map(part);
    [this.line, this.future, this.chosen, this.tip] = ["playhead", "future", "chosen", "tip"].map(part);
    [this.more, this.box] = ["more", "picture"].map(part);
    this.paths = KINDS.map((kind) => svg("path", { class: kind }));
    this.chart.append(...this.paths);
    this.window = null; // from when to when it is zoomed into
    this.drawn = 0;
    this.size = { width: 0, height: 0 }; // kept, because asking the element lays the page out
    new ResizeObserver(([entry]) => {
      this.size = entry.contentRect;
      this.#again();
    }).observe(this.box);
    this.#listen();
  }

  /** Take the tree; draws it anew when `changed`, at once or a little later. */
  show(changed) {
    if (changed && performance.now() - this.drawn > PAUSE) this.#draw();
    else if (changed) this.later ||= setTimeout(() => this.#again(), PAUSE);
    this.#place();
  }

  #again() {
    if (!this.tree.trace.root) return;
    this.#draw();
    this.#place();
  }

  #range() {
    if (this.window) return this.window;
    const { trace, clock: now } = this.tree;
    const from = trace.began;
    const until = trace.end ? trace.times.at(-1) : Math.max(now, trace.times.at(-1) ?? from);
    return [from, Math.max(until, from + 0.05)];
  }

  get #lane() {
    const room = (this.size.height - AXIS - 4) / Math.max(1, this.tree.trace.lanes);
    return Math.min(THICK, Math.max(THIN, Math.floor(room)));
  }

  /** Until when a node has worked, or does. */
  #end(node) {
    return node.ended ?? this.tree.trace.end?.ts ?? this.tree.clock;
  }

  #draw() {
    clearTimeout(this.later);
    this.later = 0;
    this.drawn = performance.now();
    if (this.element.hidden) return;
    const { lanes, order } = this.tree.trace;
    this.element.style.setProperty("--lanes", String(lanes));
    const { width, height } = this.size;
    if (!width || !height) return;
    const [from, until] = this.#range();
    this.#drawAxis(from, until);
    this.#drawBars(from, width / (until - from));
    this.space.style.height = `${lanes * this.#lane + 2}px`;
    const left = lanes - Math.floor((height - AXIS) / this.#lane);
    this.more.textContent = left > 0 ? `${many(left, "more lane")}, scroll to see` : "";
    const [all, most] = [many(order.length, "node"), count(lanes)];
    const words = `Timeline of ${all} over ${duration(until - from)}, at most ${most} at once`;
    this.chart.setAttribute("aria-label", words);
  }

  #drawAxis(from, until) {
    const { width } = this.size;
    const scale = width / (until - from);
    const step = STEPS.find((one) => one * scale >= 72) ?? Math.ceil(72 / scale / 86_400) * 86_400;
    const origin = this.tree.trace.began;
    const ticks = [];
    for (let at = Math.ceil((from - origin) / step) * step; at <= until - origin; at += step) {
      const left = Math.round((at + origin - from) * scale);
      const text = step < 1 ? `${at.toFixed(2)} s` : clock(at);
      ticks.push(el("span", { class: "tick", style: { left: `${left}px` } }, left + 40 < width && text));
    }
    put(this.axis, ticks);
  }

  #drawBars(from, scale) {
    const lane = this.#lane;
    const { width } = this.size;
    const thick = Math.max(1, lane - (lane > 5 ? 2 : lane > 3 ? 1 : 0));
    const drawn = Object.fromEntries(KINDS.map((kind) => [kind, []]));
    const paint = (kind, node, left, right) => {
      if (left >= right) return; // beyond what is shown
      const wide = (right - left).toFixed(2);
      drawn[kind].push(`M${left.toFixed(2)} ${2 + node.lane * lane}h${wide}v${thick}h-${wide}z`);
    };
    const edges = new Map(); // lane and kind to the pixel painted last, so that none is painted twice
    const bar = (kind, node, began, ended) => {
      const key = node.lane * 8 + KINDS.indexOf(kind);
      const left = Math.max(-LEAST, (began - from) * scale);
      const right = Math.min(width + LEAST, Math.max(left + LEAST, (ended - from) * scale));
      if (right - (edges.get(key) ?? 0) < 0.5) return;
      edges.set(key, right);
      paint(kind, node, left, right);
    };
    for (const node of this.tree.trace.order) {
      const end = this.#end(node);
      bar("node", node, node.began, end);
      for (const [what, began, ended] of node.spans) bar(what, node, began, ended ?? end);
      const [first, last] = [(node.began - from) * scale, Math.min(width, (end - from) * scale)];
      if (node.faulty && lane >= 4) paint("fault", node, Math.max(first, last - 2), last);
    }
    KINDS.forEach((kind, place) => this.paths[place].setAttribute("d", drawn[kind].join("")));
  }

  #place() {
    const { trace, node: selected, moment } = this.tree;
    const [from, until] = this.#range();
    const share = (time) => Math.min(100, Math.max(0, (100 * (time - from)) / (until - from)));
    const node = trace.nodes.get(selected);
    this.chosen.hidden = !node;
    if (node) {
      const [left, right] = [share(node.began), 100 - share(this.#end(node))];
      const pixels = { top: `${node.lane * this.#lane}px`, height: `${this.#lane + 2}px` };
      Object.assign(this.chosen.style, { ...pixels, left: `${left}%`, right: `${right}%` });
    }
    const at = moment ?? trace.time(trace.playhead);
    this.future.hidden = trace.playhead === LIVE;
    this.line.hidden = this.future.hidden || at < from || at > until;
    this.line.style.left = this.future.style.left = `${share(at)}%`;
  }

  // --- pointer ------------------------------------------------------------------------------------------------

  #listen() {
    let pressed = null;
    const spot = (event) => {
      const box = this.space.getBoundingClientRect();
      const [from, until] = this.#range();
      const x = event.clientX - box.left;
      return { x, y: event.clientY - box.top, time: from + (x / box.width) * (until - from), width: box.width };
    };
    const heard = (name, does, options) =>
      this.scroll.addEventListener(name, (event) => this.tree.trace.root && does(event, spot(event)), options);
    heard("pointerdown", (event, here) => {
      if (event.button !== 0) return;
      pressed = { ...here, moved: false };
      this.scroll.setPointerCapture(event.pointerId);
    });
    heard("pointermove", (event, here) => {
      if (!pressed) return this.#hover(here);
      pressed.moved ||= Math.abs(here.x - pressed.x) > 3;
      if (pressed.moved) this.tree.seekTime(here.time);
    });
    heard("pointerup", (event, here) => {
      const was = pressed;
      pressed = null;
      if (!was || was.moved) return;
      const node = this.#nodeAt(here);
      if (node) this.tree.select(node.id);
      else this.tree.seekTime(here.time);
    });
    heard("pointerleave", () => (this.tip.hidden = true));
    heard("dblclick", () => {
      this.window = null;
      this.#again();
    });
    const zoom = (event, here) => (event.ctrlKey || event.metaKey) && this.#zoom(here, event);
    heard("wheel", zoom, { passive: false });
  }

  #zoom(here, event) {
    event.preventDefault();
    const factor = event.deltaY > 0 ? 1.25 : 0.8;
    const [from, until] = this.#range();
    this.window = null;
    const [first, last] = this.#range();
    const span = Math.max(0.05, (until - from) * factor);
    const start = Math.min(last - span, Math.max(first, here.time - (here.x / here.width) * span));
    if (span < last - first) this.window = [start, start + span];
    this.#again();
  }

  #nodeAt({ y, time, width }) {
    const lane = Math.floor((y - 2) / this.#lane);
    const [from, until] = this.#range();
    const near = ((until - from) / Math.max(1, width)) * 3;
    return this.tree.trace.order.findLast(
      (node) => node.lane === lane && node.began - near <= time && this.#end(node) + near >= time,
    );
  }

  #hover(here) {
    const node = this.#nodeAt(here);
    this.tip.hidden = !node;
    if (!node) return;
    const span = node.spans.findLast(([, began, ended]) => began <= here.time && (ended ?? LIVE) >= here.time);
    const what = span ? ` · ${this.tree.words.work[span[0]]} ${duration((span[2] ?? this.tree.clock) - span[1])}` : "";
    this.tip.textContent = `${node.id}${what} · ${line(node.question, 90)}`;
    const left = Math.min(here.x + 12, Math.max(0, here.width - this.tip.offsetWidth - 8));
    const top = Math.max(0, here.y - this.scroll.scrollTop + AXIS - 30);
    this.tip.style.transform = `translate(${left}px, ${top}px)`;
  }
}
