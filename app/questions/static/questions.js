// The Lists view: follow a list of questions, stop and go on; sort, filter and save the answers.
//
// The form is Gradio's (app/questions/page.py); that it began a list is heard as news, like all that goes on. The lists
// and the rows are laid out by app/questions/view.py.

import { FormView } from "/ui/forms/view.js";

const REFETCH = 1200; // milliseconds between two looks at the rows while a list is asked

/** Mount the view into `host`. */
export function mount(host, app) {
  const view = new View(host, app, "questions");
  view.link.heard = (told) => { view.link.said = told; }; // the next list is called what the form said last
  if (view.visible) view.look();
}

class View extends FormView {
  state = null; // {list: the one that is shown, lists: all, running}; names of them
  path = "/api/questions"; // asked with a `list`, and how its rows are looked at

  get does() {
    return { list: ({ list }) => this.go(list), open: ({ run }) => this.app.openRun(run) };
  }

  get address() {
    return `${super.address}&list=${encodeURIComponent(this.app.state.list ?? "")}`;
  }

  hear(news) {
    if (!this.form || !this.visible) return;
    if (news.kind === "corpora" || news.kind === "reconnected") this.look();
    if (news.kind !== "questions") return;
    const begun = news.list && this.state && !this.state.lists.includes(news.list);
    if (begun) this.go(news.list);
    else this.later(news.running ? REFETCH : 0);
  }

  refreshed({ trees, ...state }) {
    if (!this.visible) return; // `list` of the address was that of another view
    if (this.state?.running !== state.running) this.link.let("refresh"); // one list is asked at a time
    const begun = this.state && state.lists.find((name) => !this.state.lists.includes(name));
    this.state = state;
    if (begun) return this.go(begun); // before the news of it
    this.show(trees);
    for (const field of this.host.querySelectorAll("[name]")) field.value = this.chosen[field.name] ?? "";
  }

  /** Show a list, all of it. */
  go(list) {
    const { column = "number", down = false } = this.chosen;
    this.chosen = { column, down };
    this.app.go("questions", { list });
  }
}
