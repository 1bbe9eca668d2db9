// <rlm-tree>: the tree of a run, growing while it goes on, with details, timeline and playback.
//
// A page sets its `app` ({api, toast, shortcut, openRun}) and tells it what to `load`, to `fold` and to `draft`. Its attribute
// `node` is the node that is selected; set before `load`, the one to select. `ready` is set once the tree is painted, to
// the milliseconds since the page began. Where the address has ?run= of this run, its ?node= follows the selection.

import { el, find } from "/ui/shell/dom.js";
import { icon } from "/ui/runs/controls.js";
import { Detail } from "/ui/runs/detail/detail.js";
import { Actions } from "/ui/runs/tree/actions.js";
import { divide } from "/ui/runs/tree/divider.js";
import { LIVE, Trace } from "/ui/runs/trace/trace.js";
import { press, teach } from "/ui/runs/tree/keys.js";
import { List } from "/ui/runs/tree/list.js";
import { Playback } from "/ui/runs/trace/playback.js";
import { matches, visible } from "/ui/runs/tree/rows.js";
import { Timeline } from "/ui/runs/trace/timeline.js";
import { Toolbar } from "/ui/runs/tree/toolbar.js";
import { built } from "/ui/shell/text/text.js";

const STYLE = new URL("./tree.css", import.meta.url).href;

class RlmTree extends HTMLElement {
  app = null;
  run = null; // the id of what is shown
  trace = new Trace();
  actions = new Actions(this);
  moment = null; // the Unix time of the playhead where it is played between two events
  #shut = new Set(); // ids of folded branches
  #shutHits = new Set(); // the same while a filter is on, so that its hits show and what was folded before stays so
  #wanted = null;
  found = null; // what a filter found (`rows.js`); null without one
  #rows = [];
  #stale = { rows: true, picture: true };
  follow = true;
  #loading = null;
  #second = 0;
  #frame = 0;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    const sheet = el("link", { rel: "stylesheet", href: STYLE });
    this.styled = new Promise((done) => ["load", "error"].forEach((kind) => sheet.addEventListener(kind, done)));
    this.message = el("p", { class: "message-line", role: "status", hidden: true });
    this.shadowRoot.append(sheet, this.message);
  }

  /** Lay out the frame that came with a log (`app/runs/tree/frame.py`). */
  #build({ box, row, words }) {
    this.words = words;
    const frame = built(box, icon);
    const part = (name) => find(`.${name}`, frame);
    frame.addEventListener("keydown", (event) => press(this, event));
    this.announcer = part("unseen");
    this.toolbar = new Toolbar(part("toolbar"), this);
    this.list = new List(part("list"), built(row, icon), this);
    this.detail = new Detail(part("detail"), this);
    this.timeline = new Timeline(part("timeline"), this);
    this.playback = new Playback(part("playback"), this);
    divide(part("split"));
    part("toolbar").after(this.message);
    this.shadowRoot.append(frame);
  }

  // --- what a page uses -------------------------------------------------------------------------------------

  /** Fetch a run's log and show it; resolves to the log, or to null: a problem stands where the tree would. */
  load(run) {
    if (run !== this.run) this.#begin(run);
    this.#loading ??= this.#fetchLog(run).finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #fetchLog(run) {
    try {
      const log = await this.actions.fetchLog(this.trace.last);
      if (run !== this.run) return null;
      this.say("");
      if (!this.list) this.#build(log.frame);
      if (log.frame) this.trace.first = log.frame.node;
      this.#take(log.events);
      return { ...log, events: this.trace.events, last: this.trace.last };
    } catch (problem) {
      if (run === this.run) this.say(problem.message);
      return null;
    }
  }

  /** Take events of the run that is shown. */
  fold(events) {
    if (this.#take(events)) this.load(this.run);
  }

  /** Take live text of a node: `at` is how many characters came before it in turn `i`. */
  draft(piece) {
    this.trace.write(piece);
    this.#plan();
  }

  /** Select a node, unfolding the way to it. */
  select(id) {
    const node = this.trace.nodes.get(id);
    if (!node) {
      this.#wanted = id;
      return;
    }
    this.#wanted = null;
    if (node.start > this.trace.playhead) this.seek(LIVE);
    for (let above = node.parent; above; above = above.parent) {
      if (this.folded.delete(above.id)) this.#stale.rows = true;
    }
    if (this.found && !this.found.kept.has(id)) {
      this.toolbar.clear();
      this.#stale.rows = true;
    }
    this.meant = null;
    this.list.selected = id;
    this.setAttribute("node", id);
    this.#paint();
    this.list.reveal(id);
    this.actions.keepInAddress(id);
  }

  /** The number of the last event that was taken. */
  get last() {
    return this.trace.last;
  }

  /** What live nodes are measured by, in Unix seconds. */
  get clock() {
    return Math.max(Date.now() / 1000, this.trace.times.at(-1) ?? 0);
  }

  /** The id of the selected node; null for none. */
  get node() {
    return this.list?.selected ?? null;
  }

  // --- life -------------------------------------------------------------------------------------------------

  connectedCallback() {
    teach(this.app, this);
    this.#second = setInterval(() => this.trace.root && this.trace.running && this.#plan(true), 1000);
  }

  disconnectedCallback() {
    clearInterval(this.#second);
    this.playback?.pause();
  }

  #begin(run) {
    this.playback?.pause();
    this.run = run;
    this.#loading = null;
    this.trace = new Trace();
    this.#shut = new Set();
    this.#shutHits = new Set();
    this.moment = null;
    this.follow = true;
    this.#stale = { rows: true, picture: true };
    this.#wanted = this.getAttribute("node");
    if (this.list) {
      this.list.selected = this.detail.id = this.timeline.window = null;
      this.timeline.drawn = 0;
    }
    this.removeAttribute("ready");
    this.removeAttribute("playhead");
    this.setAttribute("run", run);
  }

  #take(events) {
    const { running, order } = this.trace;
    const known = order.length;
    const gap = this.trace.take(events);
    if (order.length > known || this.found) this.#stale.rows = true;
    const { end, nodes, root } = this.trace;
    const over = running && end && this.hasAttribute("ready");
    if (over) this.announcer.textContent = this.words.ended[end.st] ?? "The run ended.";
    if (this.#wanted && nodes.has(this.#wanted)) this.select(this.#wanted);
    else if (!this.list.selected && root) this.select(root.id);
    this.#plan(events.length > 0);
    return gap;
  }

  // --- painting ---------------------------------------------------------------------------------------------

  /** Paint in the next frame, once for all that came meanwhile. */
  #plan(picture = false) {
    if (picture) this.#stale.picture = true;
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    if (!this.trace.root) return;
    if (this.#stale.rows) {
      this.found = matches(this.trace, this.toolbar.wanted);
      this.#rows = visible(this.trace, this.folded, this.found?.kept);
    }
    this.toolbar.show();
    this.list.show(this.#rows);
    this.#keepInView();
    this.timeline.show(this.#stale.picture);
    this.playback.show();
    if (this.node) this.detail.show(this.node);
    this.#stale = { rows: false, picture: false };
    if (!this.hasAttribute("ready")) this.#becomeReady();
  }

  async #becomeReady() {
    const run = this.run;
    await this.styled;
    requestAnimationFrame(() => {
      if (run !== this.run) return;
      this.list.paint();
      this.setAttribute("ready", String(Math.round(performance.now())));
    });
  }

  /** Work the rows out anew, and paint. */
  #change() {
    this.#stale.rows = true;
    this.#paint();
  }

  /** While nobody has scrolled, keep the node that began last in view: of a run that goes on, or is played. */
  #keepInView() {
    const { newest, playhead, running } = this.trace;
    const goesOn = playhead === LIVE ? running : this.playback.playing;
    if (!this.follow || !goesOn || this.found || !newest || newest === this.shown) return;
    this.shown = newest;
    this.list.reveal(newest.id);
  }

  // --- playhead ---------------------------------------------------------------------------------------------

  /** Move the playhead to an event, LIVE for the end; `moment` is the Unix time where it is played between two events. */
  seek(seq, moment = null) {
    const wanted = seq === LIVE ? LIVE : Math.min(Math.max(1, seq), Math.max(1, this.trace.last));
    const moved = wanted !== this.trace.playhead;
    this.moment = wanted === LIVE ? null : moment;
    if (!moved) return this.#paint();
    this.trace.playhead = wanted;
    if (wanted === LIVE) this.removeAttribute("playhead");
    else this.setAttribute("playhead", wanted);
    this.#holdSelection();
    this.#change();
  }

  /** Move the playhead to the last event that is not later than a Unix time. */
  seekTime(time) {
    this.seek(this.trace.seqAt(time));
  }

  /** Where the playhead is before the selected node began, its nearest ancestor that had begun is selected. */
  #holdSelection() {
    let node = this.trace.nodes.get(this.meant ?? this.list.selected);
    if (!node) return;
    this.meant = node.id;
    while (node.parent && node.start > this.trace.playhead) node = node.parent;
    this.list.selected = node.id;
    if (node.id === this.meant) this.meant = null;
  }

  // --- branches, search, filter ---------------------------------------------------------------------------------

  /** Ids of the folded branches. */
  get folded() {
    return this.found ? this.#shutHits : this.#shut;
  }

  /** Open or fold a branch, and its siblings. */
  toggle(id, open = this.folded.has(id), siblings = false) {
    const node = this.trace.nodes.get(id);
    for (const one of (siblings && node.parent?.children) || [node]) this.#fold(one, open);
    this.#change();
  }

  /** Open or fold all branches below the root. */
  foldAll(open) {
    const branches = this.trace.order.filter((node) => node.parent && node.children.length);
    this.folded.clear();
    for (const node of branches) this.#fold(node, open);
    this.#change();
    if (this.list.selected) this.list.reveal(this.list.selected);
  }

  /** Open or fold a branch; a selection inside one that is folded goes to it. */
  #fold(branch, open) {
    if (open) this.folded.delete(branch.id);
    else this.folded.add(branch.id);
    let node = this.trace.nodes.get(this.list.selected)?.parent;
    while (node && node !== branch) node = node.parent;
    if (node && !open) this.select(branch.id);
  }

  /** Show what the toolbar wants, with all of its branches open. */
  filter() {
    this.#shutHits = new Set();
    this.#change();
    if (!this.found && this.list.selected) this.list.reveal(this.list.selected);
    else this.list.element.scrollTop = 0;
  }

  /** Select the hit that comes `by` (1 or -1) places after the selected node, round and round; without one the first or last. */
  next(by) {
    const hits = this.found?.hits ?? [];
    const at = hits.findIndex((node) => node.id === this.node);
    const to = at >= 0 ? (at + by) % hits.length : Math.min(0, by);
    if (hits.length) this.select(hits.at(to).id);
  }

  /** Show or hide the timeline; returns whether it is shown. */
  toggleTimeline() {
    const { element } = this.timeline;
    element.hidden = !element.hidden;
    this.#plan(true);
    return !element.hidden;
  }

  /** Show a line above the rows; "" takes it away. */
  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}

customElements.define("rlm-tree", RlmTree);
