// The Ask view below the form: the thread of a session, the run that is shown, its answer and its tree.
//
// The form is Gradio's; a handler in Python starts a run and tells its id through the link. From then on everything comes
// from our own routes, so a reload, a second tab or a restart finds it again by the address ?view=ask&run=RUN&node=NODE.

import { answerPanel } from "/ui/runs/answer/answer.js";
import { linkTo } from "/ui/forms/link.js";
import { appears, el, find, focusAfter, put } from "/ui/shell/dom.js";
import { RunHead } from "/ui/runs/run_head.js";
import { pressed, renew } from "/ui/shell/text/trees.js";
import "/ui/runs/tree/element.js";

const link = linkTo("ask-link");

export function mount(host, app) {
  const view = new AskView(host, app);
  view.start();
  return view;
}

class AskView {
  constructor(host, app) {
    this.app = app;
    this.host = host;
    this.run = null; // the id that is shown
    this.row = null; // what the server says about it
    this.unfollow = null;
    this.head = new RunHead(app, {
      tell: (run, what, body) => this.tell(run, what, body),
      resume: (run) => this.resume(run),
      verdicts: (nodes) => this.mark(nodes),
      select: (node) => this.tree.select(node),
    });
    this.thread = el("div", { class: "thread" });
    this.answer = el("div", { class: "answer-slot" });
    this.tree = el("rlm-tree", {});
    this.tree.app = app;
    this.announcer = el("p", { class: "sr", role: "status" });
    this.panel = el("div", { class: "run-panel", hidden: true }, this.thread, this.head.element, this.answer, this.tree);
    this.recent = el("section", { class: "recent", "aria-label": "Asked lately", hidden: true });
    put(host, this.recent, this.panel, this.announcer);
    for (const place of [this.thread, this.recent]) pressed(place, { run: ({ run }) => app.go("ask", { run }) });
  }

  async start() {
    const focus = focusAfter();
    this.app.on("view", (state) => state.view === "ask" && this.show(state));
    this.app.live.on("app", (news) => this.news(news));
    this.keys();
    link.heard = (told) => this.hear(told);
    await appears("#question textarea");
    pressed(await appears("#follow-host"), { fresh: () => this.fresh() });
    if (this.app.state.view === "ask") this.show(this.app.state);
    if (!this.app.state.run) focus(find("#question textarea"));
  }

  // --- which run is shown ---------------------------------------------------------------------------------

  show({ run, node, corpus }) {
    const came = this.elsewhere;
    this.elsewhere = false;
    if (corpus && !run) return this.about(corpus);
    if (!run && this.run && came) {
      this.app.go("ask", { run: this.run, node: this.tree.node }, { replace: true }); // back from another view
      return;
    }
    if (!run) this.clear();
    else if (run !== this.run) this.open(run, node);
    else if (node && node !== this.tree.node) this.tree.select(node);
  }

  async open(run, node) {
    this.leave();
    this.run = run;
    this.row = null;
    document.body.classList.add("has-run");
    this.panel.hidden = false;
    this.recent.hidden = true;
    put(this.answer);
    if (node) this.tree.setAttribute("node", node);
    else this.tree.removeAttribute("node");
    const log = await this.tree.load(run);
    if (run !== this.run) return;
    if (!log) return this.lost(run);
    this.take(log.run);
    if (log.run.live) this.follow(run, log.last);
    this.showThread();
  }

  /** A run that cannot be fetched: say so, keep the form. */
  async lost(run) {
    try {
      await this.app.api.get(`/api/runs/${encodeURIComponent(run)}/log?after=0`);
      this.run = null;
      this.open(run);
    } catch (problem) {
      this.app.toast(problem.message, "error");
      if (problem.status === 404) this.fresh();
    }
  }

  follow(run, after) {
    this.unfollow = this.app.live.follow(run, after, {
      event: (event) => {
        this.tree.fold([event]);
        if (event.k === "fin") this.finished(run);
        if (event.k === "again") this.open(run, this.tree.node);
      },
      draft: (draft) => this.tree.draft(draft),
      head: (now) => this.head.tell(now),
    });
  }

  async finished(run) {
    const { unfollow } = this;
    try {
      const log = await this.app.api.get(`/api/runs/${encodeURIComponent(run)}/log?after=${this.tree.last ?? 0}`);
      if (unfollow !== this.unfollow || log.run.live) return; // it went on at once: the news of it lets it be followed anew
      this.take(log.run);
      this.announcer.textContent = log.run.told;
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    if (unfollow === this.unfollow) this.leave();
    link.let("refresh"); // what was measured makes the prediction better
  }

  take(row) {
    this.row = row;
    this.head.show(row);
    put(this.answer, row.live ? null : answerPanel(row, this.app));
    this.tellForm();
  }

  leave() {
    this.unfollow?.();
    this.unfollow = null;
  }

  clear() {
    this.showRecent();
    this.leave();
    this.run = this.row = null;
    this.panel.hidden = true;
    document.body.classList.remove("has-run");
    this.tellForm();
  }

  /** A new session: nothing is shown, the next question follows none. */
  fresh({ replace = false } = {}) {
    this.clear();
    this.app.go("ask", {}, { replace });
    find("#question textarea")?.focus();
  }

  /** A new session about the documents of a card: the address names them only until the form does. */
  about(corpus) {
    this.fresh({ replace: true });
    link.let("choose", { corpus });
  }

  /** The session that is shown was deleted, here or in another tab. */
  gone() {
    this.clear();
    if (this.app.state.view === "ask") this.app.go("ask", {}, { replace: true });
  }

  /** See whether the ended run that is shown is still there, and ended: it may have gone with its documents, or gone on. */
  async look() {
    const { run, row } = this;
    try {
      const log = await this.app.api.get(`/api/runs/${encodeURIComponent(run)}/log?after=${this.tree.last}`);
      if (row === this.row && (log.run.live || log.events.length)) this.open(run, this.tree.node);
    } catch (problem) {
      if (row === this.row && problem.status === 404) this.gone();
    }
  }

  /** Let an ended run go on, and follow it. */
  async resume(run) {
    const done = await this.tell(run, "resume");
    if (done && run === this.run && this.row && !this.row.live) await this.open(run, this.tree.node); // else news did
    return done;
  }

  /** Show in the tree what was found of each node. */
  mark(nodes) {
    this.tree.list.verdicts = nodes;
    this.tree.list.paint();
  }

  /** Ask something of a run; whether it was done. */
  async tell(run, what, body) {
    try {
      await this.app.api.post(`/api/runs/${encodeURIComponent(run)}/${what}`, body);
    } catch (problem) {
      this.app.toast(problem.message, "error");
      return false;
    }
    return true;
  }

  // --- the session ------------------------------------------------------------------------------------------

  /** Above the run: the questions before it. Those that stand there stay where they cannot be asked for. */
  async showThread() {
    const { run, row: { session } } = this;
    const none = session === this.threaded ? null : [];
    const found = await this.app.api.get(`/api/runs/${encodeURIComponent(run)}/earlier`).catch(() => none);
    if (run !== this.run || !found) return;
    renew(this.thread, found);
    this.threaded = session;
  }

  /** Below an empty form: the sessions of late. */
  async showRecent() {
    const found = await this.app.api.get("/api/sessions/lately").catch(() => null); // the form is what matters here
    if (found) renew(this.recent, found);
    this.recent.hidden = Boolean(this.run) || this.recent.childElementCount === 0;
  }

  // --- the form ---------------------------------------------------------------------------------------------

  /** What the next question follows up, and what to ask next: told to the form and shown above the question. */
  async tellForm() {
    link.said = { follows: this.row && !this.row.live ? this.run : "" };
    renew(await appears("#follow-host"), this.row?.follow ?? []);
    const box = find("#question textarea");
    if (box) box.placeholder = link.said.follows ? "Ask a follow-up, or begin a new session" : "What do you want to know?";
  }

  /** What a handler of the form has to tell: a run that has begun, or why none has. */
  hear({ run, problem, waiting }) {
    this.waiting = Boolean(waiting);
    if (run) return this.app.go("ask", { run });
    this.app.toast(problem, waiting ? "info" : "error");
    if (waiting) this.askOnceLoaded(); // the news of it may have come before this
  }

  /** Ask the question that waits for a model, unless one is still on its way. */
  async askOnceLoaded() {
    let state = null;
    try {
      state = await this.app.api.get("/api/models");
    } catch {
      return; // news will come again when the app does
    }
    if (state.loading || !this.waiting || !find("#question textarea")?.value.trim()) return;
    this.waiting = false;
    link.let("ask");
  }

  news({ kind, run, session, status }) {
    if (["models", "reconnected"].includes(kind) && this.waiting) this.askOnceLoaded();
    if (kind === "runs" && status === "deleted" && this.row?.session === session) return this.gone();
    if (["corpora", "models", "reconnected"].includes(kind)) link.let("refresh");
    const over = this.row && (!this.row.live || this.tree.trace.end);
    const goesOn = status === "running" && run === this.run && over; // another tab let it
    if (goesOn || (kind === "reconnected" && this.row?.live)) this.open(this.run, this.tree.node);
    else if (this.row?.live === false && (kind === "reconnected" || (kind === "runs" && !session))) this.look();
    if (kind === "runs" && this.run && this.row && !this.unfollow) this.showThread();
    if (["runs", "reconnected"].includes(kind) && !this.run) this.showRecent();
  }

  keys() {
    const { app } = this;
    app.shortcut("Alt+N", () => this.fresh());
    app.shortcut("Alt+Q", () => { app.go("ask", this.here()); find("#question textarea")?.focus(); });
    app.shortcut("Alt+S", () => this.row?.live && this.tell(this.run, "stop"));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.closest?.("#question")) return;
      event.preventDefault();
      link.let("ask");
    });
    app.on("view", ({ view }) => { if (view !== "ask") this.elsewhere = true; });
  }

  here() {
    return this.run ? { run: this.run, node: this.tree.node } : {};
  }
}
