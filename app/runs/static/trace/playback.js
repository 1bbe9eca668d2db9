// The bar that moves the playhead (`app/runs/tree/frame.py`): play, pause, step, speed, slider, back to live.

import { find } from "/ui/shell/dom.js";
import { redraw, say } from "/ui/runs/controls.js";
import { LIVE } from "/ui/runs/trace/trace.js";
import { count, moment as written } from "/ui/shell/text/figures.js";
import { pressed } from "/ui/shell/text/trees.js";

/** `tree` seeks where the playhead is to be, and keeps what happens in view while it is played. */
export class Playback {
  constructor(element, tree) {
    this.tree = tree;
    this.playing = false;
    [this.play, this.slider, this.now, this.rate, this.live] =
      ['[data-does="play"]', ".slider", ".moment", ".speed", ".live-button"].map((one) => find(one, element));
    this.slider.addEventListener("input", () => this.#go(Number(this.slider.value)));
    pressed(element, {
      back: () => this.step(-1),
      play: () => this.toggle(),
      forward: () => this.step(1),
      live: () => {
        tree.follow = true;
        this.#go(LIVE);
      },
    });
  }

  /** Show where the playhead stands. */
  show() {
    const { trace, clock, moment: between } = this.tree;
    const { playhead, running } = trace;
    const at = Math.min(playhead, trace.last);
    const last = Math.max(1, trace.last);
    Object.assign(this.slider, { max: last, value: at });
    this.slider.style.setProperty("--done", `${(100 * (at - 1)) / Math.max(1, last - 1)}%`);
    const until = (playhead === LIVE && running ? clock : trace.time(trace.last)) - trace.began;
    const moment = playhead === LIVE ? until : (between ?? trace.time(at)) - trace.began;
    const time = `${written(moment, until)} / ${written(until, until)}`;
    say(this.now, time);
    this.now.title = `event ${count(at)} of ${count(trace.last)}`;
    this.slider.setAttribute("aria-valuetext", `event ${at} of ${trace.last}, ${time}`);
    this.live.setAttribute("aria-pressed", String(playhead === LIVE));
    this.live.classList.toggle("on", playhead === LIVE && running);
    say(this.live.lastChild, running ? "Live" : "End");
    this.live.title = running ? "Follow the run as it goes" : "Show the finished run";
    const name = this.playing ? "Pause" : "Play";
    redraw(this.play.firstChild, name.toLowerCase());
    this.play.setAttribute("aria-label", name);
    this.play.title = `${name} (space)`;
  }

  /** Play from the playhead, from the start when it stands at the end; or pause. */
  toggle() {
    if (this.playing) return this.pause();
    const { trace, moment } = this.tree;
    if (!trace.last) return;
    const atEnd = trace.playhead >= trace.last;
    const start = atEnd ? 1 : trace.playhead;
    this.playing = true;
    this.tree.follow = true;
    this.moment = (!atEnd && moment) || trace.time(start);
    this.before = performance.now();
    this.tree.seek(start, this.moment);
    this.frame = requestAnimationFrame((now) => this.#tick(now));
  }

  pause() {
    this.playing = false;
    cancelAnimationFrame(this.frame);
    this.show();
  }

  /** Move by events, pausing. */
  step(by) {
    const { trace } = this.tree;
    this.#go(Math.min(trace.last, Math.max(1, Math.min(trace.playhead, trace.last) + by)));
  }

  #go(wanted) {
    this.pause();
    this.tree.seek(wanted);
  }

  #tick(now) {
    if (!this.playing) return;
    const { trace } = this.tree;
    this.moment += ((now - this.before) / 1000) * Number(this.rate.value);
    this.before = now;
    if (this.moment >= trace.times.at(-1)) {
      this.pause();
      this.tree.seek(trace.running ? LIVE : trace.last);
      return;
    }
    this.tree.seek(trace.seqAt(this.moment), this.moment);
    this.frame = requestAnimationFrame((next) => this.#tick(next));
  }
}
