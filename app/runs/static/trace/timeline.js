// Who ran when: a lane per node at work, coloured by what it did (`app/runs/tree/frame.py`).
//
// The picture is drawn once and again when events come; the playhead is a line over it. Wheel with Ctrl zooms,
// dragging moves the playhead, a click on a bar selects its node.

import { find } from "/ui/shell/dom.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { clock, count, duration, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

const PAUSE = 250; // milliseconds between two pictures while events come
const AXIS = 18;
const THIN = 3;
const THICK = 11;
const LEAST = 1.5; // pixels: a bar that short still shows
const NAMES = { model: "model", kernel: "kernel", waiting: "waiting for calls", queue: "in the queue" };
const KINDS = ["node", "queue", "model", "kernel", "waiting", "fault"]; // in the order of painting
const STEPS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 21600];

/** `on` is {select(id), seek(unix seconds)}. */
export class Timeline {
  constructor(element, on) {
    this.element = element;
    this.on = on;
    const names = ["canvas", ".playhead", ".future", ".chosen", ".tip", ".probe", ".lanes", ".lanes-space", ".more", ".picture"];
    [this.canvas, this.line, this.future, this.chosen, this.tip, this.probe, this.scroll, this.space, this.more, this.box] =
      names.map((name) => find(name, element));
    this.scroll.addEventListener("scroll", () => this.#rolled());
    this.window = null;
    this.scrolled = 0;
    this.size = { width: 0, height: 0 }; // kept, because asking the element lays the page out
    new ResizeObserver(([entry]) => {
      this.size = entry.contentRect;
      this.#again();
    }).observe(this.box);
    this.#listen();
  }

  /** Take the tree; draws it anew when `changed`, at once or a little later. */
  show(view, changed) {
    const other = this.view?.trace !== view.trace;
    this.view = view;
    if (changed && (other || performance.now() - this.drawn > PAUSE)) this.#draw();
    else if (changed) this.later ||= setTimeout(() => this.#again(), PAUSE);
    this.#place();
  }

  /** Read the colours again: the theme has changed. */
  dress() {
    this.colours = null;
    this.#again();
  }

  #rolled() {
    this.scrolled = this.scroll.scrollTop;
    this.#again();
  }

  #again() {
    this.#draw();
    if (this.view) this.#place();
  }

  #range() {
    if (this.window) return this.window;
    const { trace, clock: now } = this.view;
    const from = trace.began;
    const until = trace.end ? trace.times.at(-1) : Math.max(now, trace.times.at(-1) ?? from);
    return [from, Math.max(until, from + 0.05)];
  }

  get #lane() {
    const room = (this.size.height - AXIS - 4) / Math.max(1, this.view.trace.lanes);
    return Math.min(THICK, Math.max(THIN, Math.floor(room)));
  }

  #draw() {
    clearTimeout(this.later);
    this.later = 0;
    this.drawn = performance.now();
    if (!this.view?.trace.root || this.element.hidden) return;
    const { trace, clock: now } = this.view;
    this.element.style.setProperty("--lanes", String(trace.lanes));
    const { width, height } = this.size;
    if (!width || !height) return;
    const ratio = devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const [from, until] = this.#range();
    const scale = width / (until - from);
    this.#axis(pen, width, height, from, until, scale);
    const lane = this.#lane;
    this.space.style.height = `${trace.lanes * lane + 2}px`;
    const top = AXIS + 2 - this.scrolled;
    const thick = Math.max(1, lane - (lane > 5 ? 2 : lane > 3 ? 1 : 0));
    const bars = { node: [], queue: [], waiting: [], model: [], kernel: [], fault: [] };
    const edges = new Map(); // lane and kind to the pixel painted last, so that none is painted twice
    const bar = (kind, row, left, right, y) => {
      const key = row * 8 + KINDS.indexOf(kind);
      const end = Math.max(left + LEAST, right);
      if (end - (edges.get(key) ?? -1) < 0.5) return;
      edges.set(key, end);
      bars[kind].push(left, y, end - left);
    };
    for (const node of trace.order) {
      const y = top + node.lane * lane;
      if (y + lane < AXIS || y > height) continue;
      const end = node.ended ?? trace.end?.ts ?? now;
      if (end < from || node.began > until) continue;
      const [left, right] = [(node.began - from) * scale, (end - from) * scale];
      bar("node", node.lane, left, right, y);
      for (const [what, began, ended] of node.spans) {
        const stop = ended ?? end;
        if (stop >= from && began <= until) bar(what, node.lane, (began - from) * scale, (stop - from) * scale, y);
      }
      if (node.faulty && lane >= 4) bars.fault.push(Math.max(left, Math.min(width, right) - 2), y, 2);
    }
    const colours = this.#colours();
    pen.save();
    pen.beginPath();
    pen.rect(0, AXIS, width, height - AXIS);
    pen.clip();
    for (const kind of KINDS) {
      pen.fillStyle = colours[kind];
      for (let i = 0; i < bars[kind].length; i += 3) pen.fillRect(bars[kind][i], bars[kind][i + 1], bars[kind][i + 2], thick);
    }
    pen.restore();
    const shown = Math.floor((height - AXIS) / lane);
    const left = trace.lanes - shown;
    this.more.textContent = left > 0 ? `${many(left, "more lane")}, scroll to see` : "";
    const [all, most] = [many(trace.order.length, "node"), count(trace.lanes)];
    this.canvas.setAttribute("aria-label", `Timeline of ${all} over ${duration(until - from)}, at most ${most} at once`);
  }

  #axis(pen, width, height, from, until, scale) {
    const colours = this.#colours();
    const step = STEPS.find((one) => one * scale >= 72) ?? Math.ceil(72 / scale / 86_400) * 86_400;
    const origin = this.view.trace.began;
    pen.font = `11px ${getComputedStyle(this.element).fontFamily}`;
    pen.textBaseline = "middle";
    for (let at = Math.ceil((from - origin) / step) * step; at <= until - origin; at += step) {
      const x = Math.round((at + origin - from) * scale) + 0.5;
      pen.fillStyle = colours.grid;
      pen.fillRect(x - 0.5, AXIS, 1, height - AXIS);
      pen.fillStyle = colours.ink;
      const text = step < 1 ? `${at.toFixed(2)} s` : clock(at);
      if (x + 4 + pen.measureText(text).width < width) pen.fillText(text, x + 4, AXIS / 2);
    }
  }

  /** The colours of the theme, worked out once: a canvas would do so for every bar. */
  #colours() {
    if (this.colours) return this.colours;
    const names = { node: "lane", queue: "queue", waiting: "waiting", model: "model", kernel: "kernel" };
    Object.assign(names, { fault: "bad", grid: "grid", ink: "faint" });
    this.colours = {};
    for (const [name, variable] of Object.entries(names)) {
      this.probe.style.color = `var(--${variable})`;
      this.colours[name] = getComputedStyle(this.probe).color;
    }
    return this.colours;
  }

  #place() {
    const { trace, selected, clock: now } = this.view;
    const [from, until] = this.#range();
    const node = trace.nodes.get(selected);
    const top = node ? AXIS + 2 - this.scrolled + node.lane * this.#lane : 0;
    this.chosen.hidden = !node || top < AXIS || top > this.size.height;
    if (!this.chosen.hidden) {
      const spot = (time) => Math.min(100, Math.max(0, (100 * (time - from)) / (until - from)));
      const [left, right] = [spot(node.began), spot(node.ended ?? trace.end?.ts ?? now)];
      const place = { top: top - 2, height: this.#lane + 2 };
      for (const [side, pixels] of Object.entries(place)) this.chosen.style[side] = `${pixels}px`;
      Object.assign(this.chosen.style, { left: `${left}%`, width: `${right - left}%` });
    }
    const past = trace.playhead !== LIVE && trace.root;
    this.line.hidden = this.future.hidden = !past;
    if (!past) return;
    const x = ((this.view.moment ?? trace.time(trace.playhead)) - from) / (until - from);
    const percent = `${Math.min(1, Math.max(0, x)) * 100}%`;
    this.line.style.left = this.future.style.left = percent;
    this.line.hidden = x < 0 || x > 1;
  }

  // --- pointer ------------------------------------------------------------------------------------------------

  #listen() {
    let pressed = null;
    const spot = (event) => {
      const box = this.box.getBoundingClientRect();
      const [from, until] = this.#range();
      const x = event.clientX - box.left;
      return { x, y: event.clientY - box.top, time: from + (x / box.width) * (until - from), width: box.width };
    };
    this.scroll.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.view) return;
      pressed = { ...spot(event), moved: false };
      this.scroll.setPointerCapture(event.pointerId);
    });
    this.scroll.addEventListener("pointermove", (event) => {
      if (!this.view) return;
      const here = spot(event);
      if (!pressed) return this.#hover(here);
      if (Math.abs(here.x - pressed.x) > 3) pressed.moved = true;
      if (pressed.moved) this.on.seek(here.time);
    });
    this.scroll.addEventListener("pointerup", (event) => {
      const was = pressed;
      pressed = null;
      if (!was || was.moved) return;
      const here = spot(event);
      const node = here.y > AXIS ? this.#nodeAt(here) : null;
      if (node) this.on.select(node.id);
      else this.on.seek(here.time);
    });
    this.scroll.addEventListener("pointerleave", () => (this.tip.hidden = true));
    this.scroll.addEventListener("dblclick", () => {
      this.window = null;
      this.#again();
    });
    this.scroll.addEventListener(
      "wheel",
      (event) => {
        if (!(event.ctrlKey || event.metaKey) || !this.view) return;
        event.preventDefault();
        this.#zoom(spot(event), event.deltaY > 0 ? 1.25 : 0.8);
      },
      { passive: false },
    );
  }

  #zoom(here, factor) {
    const [from, until] = this.#range();
    this.window = null;
    const whole = this.#range();
    const span = Math.max(0.05, (until - from) * factor);
    const start = here.time - (here.x / here.width) * span;
    const all = whole[1] - whole[0];
    const back = Math.max(0, whole[0] - start) - Math.max(0, start + span - whole[1]); // stay within the run
    this.window = span >= all ? null : [start + back, start + span + back];
    this.#again();
  }

  #nodeAt({ y, time }) {
    const lane = Math.floor((y - AXIS - 2 + this.scrolled) / this.#lane);
    const { trace, clock: now } = this.view;
    const [from, until] = this.#range();
    const near = ((until - from) / Math.max(1, this.size.width)) * 3;
    return trace.order.findLast(
      (node) => node.lane === lane && node.began - near <= time && (node.ended ?? trace.end?.ts ?? now) + near >= time,
    );
  }

  #hover(here) {
    const node = here.y > AXIS ? this.#nodeAt(here) : null;
    this.tip.hidden = !node;
    if (!node) return;
    const span = node.spans.findLast(([, began, ended]) => began <= here.time && (ended ?? LIVE) >= here.time);
    const what = span ? ` · ${NAMES[span[0]]} ${duration((span[2] ?? this.view.clock) - span[1])}` : "";
    this.tip.textContent = `${node.id}${what} · ${line(node.question, 90)}`;
    const left = Math.min(here.x + 12, Math.max(0, here.width - this.tip.offsetWidth - 8));
    this.tip.style.transform = `translate(${left}px, ${Math.max(0, here.y - 30)}px)`;
  }
}
