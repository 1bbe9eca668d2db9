// The Lists view: follow a list of questions, stop and go on; sort, filter and save the answers.
//
// The form is Gradio's (app/questions/page.py); that it began a list is heard as news, like all that goes on. The lists
// and the rows are laid out by app/questions/view.py.

import { linkTo } from "/ui/forms/link.js";
import { el, find, formCard, put, style } from "/ui/shell/dom.js";
import { pressed, renew, surely } from "/ui/shell/text/trees.js";

const REFETCH = 1200; // milliseconds between two looks at the rows while a list is asked
const PAGE = 200; // rows that are shown at first

/** Mount the view into `host`. */
export async function mount(host, app) {
  style("/ui/questions/questions.css");
  const view = new View(host, app);
  view.build();
  if (app.state.view === "questions") view.look();
}

class View {
  constructor(host, app) {
    [this.host, this.app] = [host, app];
    this.state = null; // {list: the one that is shown, lists: all, running}; names of them
    this.rows = { words: "", status: "", shown: PAGE, column: "number", down: false }; // how they are looked at
    this.timer = this.asked = this.answered = 0;
  }

  build() {
    put(this.host,
      el("section", { class: "card questions-side", "aria-labelledby": "lists-title" }, el("h2", { id: "lists-title" }, "Lists"),
        (this.lists = el("ul", { class: "questions-lists" }))),
      (this.main = el("div", { class: "questions-main" })));
    pressed(this.lists, { choose: ({ list }) => this.choose(list) });
    pressed(this.main, {
      stop: () => this.act("post", "/api/questions/stop"),
      go_on: () => this.act("post", `${this.address}/resume`),
      remove: (_, button) => surely(button) && this.act("del", this.address),
      sort: ({ column }) => this.show({ column, down: this.rows.column === column && !this.rows.down }),
      more: () => this.show({ shown: this.rows.shown + 5 * PAGE }),
      open: ({ run }) => this.app.openRun(run),
    });
    this.main.addEventListener("input", ({ target }) =>
      this.show(target.matches("select") ? { status: target.value } : { words: target.value, shown: PAGE }));
    const link = linkTo("questions-link");
    link.heard = (told) => { link.said = told; }; // the next list is called what the form said last
    this.app.live.on("app", (news) => this.form && this.hear(news));
    this.app.on("view", (state) => state.view === "questions" && this.look());
  }

  get address() {
    return `/api/questions/${encodeURIComponent(this.state.list)}`;
  }

  /** See what is there now. The form does by itself: which documents there are, and at first that it is needed. */
  async look() {
    linkTo("questions-link").let("refresh");
    await (this.form ??= formCard("questions"));
    this.refresh();
  }

  hear(news) {
    if (news.kind === "corpora" || news.kind === "reconnected") this.look();
    if (news.kind !== "questions") return;
    const begun = news.list && this.state && !this.state.lists.includes(news.list);
    if (begun && this.app.state.view === "questions") this.choose(news.list);
    else this.later(news.running ? REFETCH : 0);
  }

  later(wait) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, wait);
  }

  async refresh() {
    if (this.app.state.view !== "questions") return;
    const mine = (this.asked += 1);
    try {
      const query = new URLSearchParams({ list: this.app.state.list ?? "", ...this.rows });
      const { side, main, ...state } = await this.app.api.get(`/api/questions?${query}`);
      if (mine < this.answered) return; // a later question was answered before
      if (this.state?.running !== state.running) linkTo("questions-link").let("refresh"); // one list is asked at a time
      const begun = this.state && state.lists.find((name) => !this.state.lists.includes(name));
      [this.state, this.answered] = [state, mine];
      if (begun) return this.choose(begun); // before the news of it
      const held = this.main.contains(document.activeElement);
      renew(this.lists, side);
      renew(this.main, main);
      if (held && !this.main.contains(document.activeElement)) find("a, button", this.main)?.focus({ preventScroll: true });
      const [words, status] = this.main.querySelectorAll(".questions-filter > *");
      if (words) [words.value, status.value] = [this.rows.words, this.rows.status];
    } catch (problem) {
      put(this.main, el("p", { class: "empty" }, problem.message));
    }
  }

  choose(list) {
    Object.assign(this.rows, { words: "", status: "", shown: PAGE });
    this.app.go("questions", { list });
  }

  /** Look at the rows in another way. */
  show(rows) {
    Object.assign(this.rows, rows);
    this.refresh();
  }

  async act(method, path) {
    try {
      await this.app.api[method](path);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }
}
