// The bar that moves the playhead through what was recorded: play, pause, step, speed, slider, back to live.

import { el } from "/ui/shell/dom.js";
import { button, redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { count, moment as written } from "/ui/shell/text/figures.js";

const SPEEDS = [0.5, 1, 2, 4, 8, 16];

/**
 * `on.seek(seq, moment)` moves the playhead; seq LIVE is the end, moment the Unix time between two events. `on.follow()`
 * says that what happens should be kept in view again.
 */
export class Playback {
  constructor(on) {
    this.on = on;
    this.playing = false;
    this.speed = 1;
    this.play = button("play", "Play", () => this.toggle(), { key: "space" });
    this.slider = el("input", {
      type: "range",
      min: "1",
      max: "1",
      value: "1",
      class: "slider",
      "aria-label": "Playhead",
      on: { input: () => this.#slid() },
    });
    this.now = el("output", { class: "moment" });
    this.rate = el(
      "select",
      { class: "speed", "aria-label": "Speed", title: "Speed", on: { change: () => (this.speed = Number(this.rate.value)) } },
      SPEEDS.map((speed) => el("option", { value: String(speed), selected: speed === 1 }, `${speed}×`)),
    );
    const live = { type: "button", class: "button live-button", on: { click: () => this.toLive() } };
    this.live = el("button", live, el("span", { class: "dot" }), el("span"));
    this.element = el(
      "div",
      { class: "playback", role: "group", "aria-label": "Playback" },
      button("back", "One event back", () => this.step(-1), { key: "," }),
      this.play,
      button("forward", "One event on", () => this.step(1), { key: "." }),
      this.now,
      this.slider,
      this.rate,
      this.live,
    );
  }

  /** Show where the playhead stands. */
  show(view) {
    this.view = view;
    const { trace } = view;
    const { playhead, running } = trace;
    const at = Math.min(playhead, trace.last);
    if (this.slider.max !== String(trace.last)) this.slider.max = String(Math.max(1, trace.last));
    if (this.slider.value !== String(at)) this.slider.value = String(at);
    this.slider.style.setProperty("--done", `${(100 * (at - 1)) / Math.max(1, trace.last - 1)}%`);
    const moment = (view.moment ?? trace.time(at)) - trace.began;
    const until = playhead === LIVE && running ? view.clock - trace.began : trace.time(trace.last) - trace.began;
    const time = `${written(playhead === LIVE ? until : moment, until)} / ${written(until, until)}`;
    say(this.now, time);
    this.now.title = `event ${count(at)} of ${count(trace.last)}`;
    this.slider.setAttribute("aria-valuetext", `event ${at} of ${trace.last}, ${time}`);
    this.live.setAttribute("aria-pressed", String(playhead === LIVE));
    this.live.classList.toggle("on", playhead === LIVE && running);
    say(this.live.lastChild, running ? "Live" : "End");
    this.live.title = running ? "Follow the run as it goes" : "Show the finished run";
    redraw(this.play.firstChild, this.playing ? "pause" : "play");
    this.play.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.play.title = `${this.playing ? "Pause" : "Play"} (space)`;
  }

  /** Play from the playhead, from the start when it stands at the end; or pause. */
  toggle() {
    if (this.playing) return this.pause();
    const { trace } = this.view;
    if (!trace.last) return;
    const start = trace.playhead >= trace.last ? 1 : trace.playhead;
    this.playing = true;
    this.on.follow();
    this.moment = start === trace.playhead && this.view.moment ? this.view.moment : trace.time(start);
    this.before = performance.now();
    this.on.seek(start, this.moment);
    this.frame = requestAnimationFrame((now) => this.#tick(now));
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    if (this.view) this.show(this.view);
  }

  /** Move by events, pausing. */
  step(by) {
    this.pause();
    const { trace } = this.view;
    const from = Math.min(trace.playhead, trace.last);
    this.on.seek(Math.min(trace.last, Math.max(1, from + by)));
  }

  toLive() {
    this.pause();
    this.on.follow();
    this.on.seek(LIVE);
  }

  #slid() {
    const wanted = Number(this.slider.value); // before `pause` puts it back to where the playhead is
    this.pause();
    this.on.seek(wanted);
  }

  #tick(now) {
    if (!this.playing) return;
    const { trace } = this.view;
    this.moment += ((now - this.before) / 1000) * this.speed;
    this.before = now;
    if (this.moment >= trace.times.at(-1)) {
      this.pause();
      this.on.seek(trace.running ? LIVE : trace.last);
      return;
    }
    this.on.seek(trace.seqAt(this.moment), this.moment);
    this.frame = requestAnimationFrame((next) => this.#tick(next));
  }
}
