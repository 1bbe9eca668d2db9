// <rlm-tree>: the tree of a run, growing while it goes on, with details, timeline and playback.
//
//   const tree = document.createElement("rlm-tree");
//   tree.app = app;                        // {api, toast, shortcut}
//   const log = await tree.load(run);      // fetches the log, resolves to it: {run, events, last}; null when it cannot
//   tree.fold([event, ...]);               // compact events of the same run, as they come; gaps are fetched by itself
//   tree.draft({n, x, at, i});             // live text of a node
//
// Attributes: run (loads it), node (selects it), playhead (an event number; none: live). `ready` is set once the tree is
// painted, to the milliseconds since the page began. Events: `select` (detail: node id), `playhead` (detail: event
// number or null). Where the address has ?run= of this run, its ?node= follows the selection.

import { el } from "/ui/shell/dom.js";
import { Detail } from "/ui/runs/detail/detail.js";
import { Actions } from "/ui/runs/tree/actions.js";
import { Divider } from "/ui/runs/tree/divider.js";
import { Folded, foldAll, foldBranch } from "/ui/runs/tree/folded.js";
import { Drafts } from "/ui/runs/trace/drafts.js";
import { LIVE, Trace } from "/ui/runs/trace/trace.js";
import { forget, press, teach } from "/ui/runs/tree/keys.js";
import { columns, ENDED, List } from "/ui/runs/tree/list.js";
import { Playback } from "/ui/runs/trace/playback.js";
import { beside, matches, visible } from "/ui/runs/tree/rows.js";
import { Timeline } from "/ui/runs/trace/timeline.js";
import { Toolbar } from "/ui/runs/tree/toolbar.js";

const STYLE = new URL("./tree.css", import.meta.url).href;

class RlmTree extends HTMLElement {
  static observedAttributes = ["run", "node", "playhead"];
  app = null;
  #trace = new Trace();
  #run = null;
  #actions = new Actions(this);
  #moment = null;
  #branches = new Folded();
  #wanted = null;
  #filter = null;
  #drafts = new Drafts();
  #rows = [];
  #stale = { rows: true, picture: true };
  #follow = true;
  #loading = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" });
    this.toolbar = new Toolbar({
      filter: (wanted) => this.#choose(wanted),
      next: (by) => this.#next(by),
      fold: (open) => this.#foldAll(open),
      timeline: () => this.#toggleTimeline(),
      link: () => this.#actions.copyLink(null),
      leave: () => this.list.element.focus(),
    });
    this.list = new List({
      select: (id) => this.select(id),
      open: () => this.detail.element.focus(),
      toggle: (id, open, siblings) => this.#toggle(id, open, siblings),
      scrolled: () => (this.#follow = false),
    });
    this.detail = new Detail({
      fetch: (node, upto) => this.#actions.fetchNode(node, upto),
      select: (id) => this.select(id),
      stop: (id) => this.#actions.stop(id),
      fork: (id, cell, given) => this.#actions.fork(id, cell, given),
      copy: (text, what) => this.#actions.copy(text, what),
      link: (id) => this.#actions.copyLink(id),
    });
    this.timeline = new Timeline({
      select: (id) => this.select(id),
      seek: (time) => this.#seek(this.#trace.seqAt(time), null),
    });
    this.playback = new Playback({
      seek: (seq, moment) => this.#seek(seq, moment ?? null),
      follow: () => (this.#follow = true),
    });
    this.#build();
  }

  // --- what a page uses -------------------------------------------------------------------------------------

  /** Fetch a run's log and show it; resolves to the log, or to null: a problem stands where the tree would. */
  load(run) {
    if (run !== this.#run) this.#begin(run);
    this.#loading ??= this.#fetchLog(run).finally(() => (this.#loading = null));
    return this.#loading;
  }

  async #fetchLog(run) {
    try {
      const log = await this.#actions.fetchLog(this.#trace.last);
      if (run !== this.#run) return null;
      this.say("");
      this.#take(log.events);
      return { ...log, events: this.#trace.events, last: this.#trace.last };
    } catch (problem) {
      if (run === this.#run) this.say(problem.message);
      return null;
    }
  }

  /** Take compact events of the run that is shown. */
  fold(events) {
    if (this.#take(events)) this.load(this.#run);
  }

  /** Take live text of a node: `at` is how many characters came before it in turn `i`. */
  draft(piece) {
    this.#drafts.take(piece);
    this.#plan();
  }

  /** Select a node, unfolding the way to it; null selects none. */
  select(id, { quiet = false } = {}) {
    const node = this.#trace.nodes.get(id);
    if (!node) {
      this.#wanted = id;
      return;
    }
    this.#wanted = null;
    if (node.start > this.#trace.playhead) this.#seek(LIVE);
    for (let above = node.parent; above; above = above.parent) {
      if (this.#folded.delete(above.id)) this.#stale.rows = true;
    }
    if (this.#filter && !this.#filter.kept.has(id)) {
      this.toolbar.clear();
      this.#stale.rows = true;
    }
    this.meant = null;
    this.list.selected = id;
    if (this.getAttribute("node") !== id) this.setAttribute("node", id);
    this.#paint();
    this.list.reveal(id);
    this.#actions.keepInAddress(this.list.selected);
    if (!quiet) this.dispatchEvent(new CustomEvent("select", { detail: id }));
  }

  /** The address that opens this run, or one of its nodes, again. */
  permalink(node = null) {
    return this.#actions.permalink(node);
  }

  get run() {
    return this.#run;
  }

  set run(value) {
    if (value) this.setAttribute("run", value);
    else this.removeAttribute("run");
  }

  /** The number of the last event that was taken. */
  get last() {
    return this.#trace.last;
  }

  get node() {
    return this.list.selected;
  }

  set node(value) {
    this.select(value);
  }

  get playhead() {
    const { playhead } = this.#trace;
    return playhead === LIVE ? null : playhead;
  }

  set playhead(value) {
    this.playback.pause();
    this.#seek(value ?? LIVE);
  }

  // --- life -------------------------------------------------------------------------------------------------

  connectedCallback() {
    teach(this.app, this);
    this.#dress = new MutationObserver(() => this.timeline.dress());
    this.#dress.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    this.#second = setInterval(() => this.#trace.root && !this.#trace.end && this.#plan(true), 1000);
    const run = this.getAttribute("run");
    if (run && run !== this.#run) this.load(run);
  }

  disconnectedCallback() {
    forget(this);
    this.#dress?.disconnect();
    clearInterval(this.#second);
    this.playback.pause();
  }

  attributeChangedCallback(name, before, value) {
    if (before === value) return;
    if (name === "run" && value && value !== this.#run && this.isConnected) this.load(value);
    if (name === "node" && value && value !== this.list.selected) this.select(value);
    if (name === "playhead" && Number(value ?? LIVE) !== this.#trace.playhead) this.playhead = value === null ? null : Number(value);
  }

  #dress = null;
  #second = 0;
  #frame = 0;

  #build() {
    const sheet = el("link", { rel: "stylesheet", href: STYLE });
    const styled = new Promise((done) => ["load", "error"].forEach((kind) => sheet.addEventListener(kind, done)));
    this.styled = styled;
    this.message = el("p", { class: "message-line", role: "status", hidden: true });
    this.announcer = el("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.rowsPane = el("div", { class: "rows" }, columns(), this.list.element);
    this.panes = el("div", { class: "panes" });
    this.panes.append(this.rowsPane, new Divider(this.panes).element, this.detail.element);
    this.box = el("div", { class: "frame", on: { keydown: (event) => press(this, event) } });
    this.box.append(this.toolbar.element, this.message, this.panes, this.timeline.element, this.playback.element, this.announcer);
    this.shadowRoot.append(sheet, this.box);
  }

  #begin(run) {
    this.playback.pause();
    this.#run = run;
    this.#loading = null;
    this.#trace = new Trace();
    this.#branches = new Folded();
    this.#drafts = new Drafts();
    this.#moment = null;
    this.#follow = true;
    this.#stale = { rows: true, picture: true };
    this.#wanted = this.getAttribute("node");
    this.list.selected = null;
    this.detail.reset();
    this.timeline.window = null;
    this.removeAttribute("ready");
    this.removeAttribute("playhead");
    this.setAttribute("run", run);
  }

  #take(events) {
    const { running, order } = this.#trace;
    const known = order.length;
    const gap = this.#trace.take(events);
    for (const event of events) this.#drafts.drop(event);
    if (order.length > known || this.#filter) this.#stale.rows = true;
    if (events.length) this.#stale.picture = true;
    const { end } = this.#trace;
    if (running && end && this.hasAttribute("ready")) this.announcer.textContent = ENDED[end.st] ?? "The run ended.";
    if (this.#wanted && this.#trace.nodes.has(this.#wanted)) this.select(this.#wanted, { quiet: true });
    else if (!this.list.selected && this.#trace.root) this.select(this.#trace.root.id, { quiet: true });
    this.#plan();
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
    if (!this.#trace.root) return;
    const view = {
      trace: this.#trace,
      moment: this.#moment,
      collapsed: this.#folded,
      kept: this.#filter?.kept ?? null,
      said: this.#filter?.said ?? null,
      drafts: this.#drafts,
      clock: Math.max(Date.now() / 1000, this.#trace.times.at(-1) ?? 0),
      text: this.toolbar.wanted.text,
      selected: this.list.selected,
    };
    if (this.#stale.rows) {
      this.#filter = matches(this.#trace, this.toolbar.wanted);
      view.kept = this.#filter?.kept ?? null;
      view.said = this.#filter?.said ?? null;
      view.collapsed = this.#folded;
      this.#rows = visible(this.#trace, view.collapsed, view.kept);
    }
    this.toolbar.show(view, this.#filter ? this.#filter.hits.length : null);
    this.list.show(this.#rows, view);
    this.#keepInView();
    this.timeline.show(view, this.#stale.picture);
    this.playback.show(view);
    if (this.list.selected) this.detail.show(this.list.selected, view);
    this.#stale = { rows: false, picture: false };
    if (!this.hasAttribute("ready")) this.#becomeReady();
  }

  async #becomeReady() {
    const run = this.#run;
    await this.styled;
    requestAnimationFrame(() => {
      if (run !== this.#run) return;
      this.list.paint();
      this.timeline.dress();
      this.setAttribute("ready", String(Math.round(performance.now())));
    });
  }

  /** While nobody has scrolled, keep the node that began last in view: of a run that goes on, or is played. */
  #keepInView() {
    const goesOn = this.#trace.playhead === LIVE ? this.#trace.running : this.playback.playing;
    if (!this.#follow || !goesOn || this.#filter) return;
    const { newest } = this.#trace;
    if (newest && newest !== this.shown) this.list.reveal((this.shown = newest).id);
  }

  // --- playhead ---------------------------------------------------------------------------------------------

  #seek(seq, moment = null) {
    const wanted = seq === LIVE ? LIVE : Math.min(Math.max(1, seq), Math.max(1, this.#trace.last));
    const moved = wanted !== this.#trace.playhead;
    this.#trace.move(wanted);
    this.#moment = wanted === LIVE ? null : moment;
    if (moved) {
      this.#stale.rows = true;
      if (wanted === LIVE) this.removeAttribute("playhead");
      else this.setAttribute("playhead", wanted);
      this.#holdSelection();
      this.dispatchEvent(new CustomEvent("playhead", { detail: this.playhead }));
    }
    this.#paint();
  }

  /** Where the playhead is before the selected node began, its nearest ancestor that had begun is selected. */
  #holdSelection() {
    let node = this.#trace.nodes.get(this.meant ?? this.list.selected);
    if (!node) return;
    this.meant = node.id;
    while (node.parent && node.start > this.#trace.playhead) node = node.parent;
    this.list.selected = node.id;
    if (node.id === this.meant) this.meant = null;
  }

  // --- branches, search, filter ---------------------------------------------------------------------------------

  get #folded() {
    return this.#branches.under(this.#filter);
  }

  #toggle(id, open = this.#folded.has(id), siblings = false) {
    const node = this.#trace.nodes.get(id);
    foldBranch(this.#folded, node, open, siblings);
    if (!open) this.#selectAbove(node);
    this.#stale.rows = true;
    this.#paint();
  }

  #foldAll(open) {
    const branches = foldAll(this.#folded, this.#trace, open);
    for (const node of branches) if (!open) this.#selectAbove(node);
    this.#stale.rows = true;
    this.#paint();
    if (this.list.selected) this.list.reveal(this.list.selected);
  }

  /** A selection inside a branch that is folded goes to the branch. */
  #selectAbove(branch) {
    for (let node = this.#trace.nodes.get(this.list.selected)?.parent; node; node = node.parent) {
      if (node === branch) return this.select(branch.id);
    }
  }

  #choose() {
    this.#branches.openHits();
    this.#stale.rows = true;
    this.#paint();
    if (!this.#filter && this.list.selected) this.list.reveal(this.list.selected);
    else this.list.element.scrollTop = 0;
  }

  #next(by) {
    const hits = this.#filter?.hits ?? [];
    if (hits.length) this.select(beside(hits, this.list.selected, by).id);
  }

  #toggleTimeline() {
    const hidden = !this.timeline.element.hidden;
    this.timeline.element.hidden = hidden;
    this.toolbar.line.setAttribute("aria-pressed", String(!hidden));
    this.#plan(true);
  }

  /** Show a line above the rows; "" takes it away. */
  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }
}

customElements.define("rlm-tree", RlmTree);
export { RlmTree };
