// The Lists view: follow a list of questions, stop and go on; sort, filter and save the answers.
//
// The form is Gradio's (app/questions/page.py); that it began a list is heard as news, like all that goes on. The lists
// and the rows are laid out by app/questions/view.py.

import { FormView } from "/ui/forms/view.js";

const REFETCH = 1200; // milliseconds between two looks at the rows while a list is asked
const PAGE = 200; // rows that are shown at first

/** Mount the view into `host`. */
export function mount(host, app) {
  const view = new View(host, app, "questions");
  host.addEventListener("input", ({ target }) =>
    view.lookAt(target.matches("select") ? { status: target.value } : { words: target.value, shown: PAGE }));
  view.link.heard = (told) => { view.link.said = told; }; // the next list is called what the form said last
  if (view.visible) view.look();
}

class View extends FormView {
  state = null; // {list: the one that is shown, lists: all, running}; names of them
  rows = { words: "", status: "", shown: PAGE, column: "number", down: false }; // how they are looked at

  get does() {
    return {
      choose: ({ list }) => this.choose(list),
      sort: ({ column }) => this.lookAt({ column, down: this.rows.column === column && !this.rows.down }),
      more: () => this.lookAt({ shown: this.rows.shown + 5 * PAGE }),
      open: ({ run }) => this.app.openRun(run),
    };
  }

  get address() {
    return `/api/questions?${new URLSearchParams({ list: this.app.state.list ?? "", ...this.rows })}`;
  }

  hear(news) {
    if (!this.form || !this.visible) return;
    if (news.kind === "corpora" || news.kind === "reconnected") this.look();
    if (news.kind !== "questions") return;
    const begun = news.list && this.state && !this.state.lists.includes(news.list);
    if (begun) this.choose(news.list);
    else this.later(news.running ? REFETCH : 0);
  }

  refreshed({ trees, ...state }) {
    if (!this.visible) return; // `list` of the address was that of another view
    if (this.state?.running !== state.running) this.link.let("refresh"); // one list is asked at a time
    const begun = this.state && state.lists.find((name) => !this.state.lists.includes(name));
    this.state = state;
    if (begun) return this.choose(begun); // before the news of it
    this.show(trees);
    const [words, status] = this.host.querySelectorAll(".questions-filter > *");
    if (words) [words.value, status.value] = [this.rows.words, this.rows.status];
  }

  choose(list) {
    Object.assign(this.rows, { words: "", status: "", shown: PAGE });
    this.app.go("questions", { list });
  }

  /** Look at the rows in another way. */
  lookAt(rows) {
    Object.assign(this.rows, rows);
    this.refresh(true);
  }
}
