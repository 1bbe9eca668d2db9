// The Models view: the model in use, the files that are there, the catalogue with downloads, this machine.
//
// It is laid out by app/models/view/layout.py; the forms are Gradio's (app/models/view/form.py).

import { FormView } from "/ui/forms/view.js";
import { find } from "/ui/shell/dom.js";

const WHILE_LOADING = 2000; // milliseconds between looks at a load
const SETTLED = 60; // milliseconds within which news come together

/** Mount the view into `host`. It looks also while another is shown: what became of a load is told anywhere. */
export const mount = (host, app) => new View(host, app, "models", ["fieldset"]).look();

class View extends FormView {
  path = "/api/models/page"; // asked with the files that are `unfolded`
  unfolded = new Set(); // their paths: kept here, for a second one may be pressed before the first has come
  pending = 0;
  problem = null; // why the last model did not come, "" where nothing was in its way

  get does() {
    return {
      copy: ({ path }) => this.copy(path),
      fold: ({ path }) => {
        if (!this.unfolded.delete(path)) this.unfolded.add(path);
        this.choose({ unfolded: JSON.stringify([...this.unfolded]) });
      },
      settings: async ({ path }) => {
        this.link.let("choose", { model: path }); // by the name `path` Gradio would take it for a file of its own
        find("#models-window input", await this.form).focus();
      },
    };
  }

  hear(news) {
    if (["models", "reconnected"].includes(news.kind)) {
      clearTimeout(this.pending);
      this.pending = setTimeout(() => this.look(), SETTLED);
    }
    if (!["loading", "download"].includes(news.kind)) return;
    const box = find(`[data-progress="${CSS.escape(news.id)}"]`, this.host);
    if (box && news.state !== "finished") this.show(news.progress, box);
    const load = { to: "/api/models/load", body: JSON.stringify({ path: news.path }) };
    if (news.state === "finished") this.app.toast(news.said, "ok", { label: "Load", run: () => this.send(load) });
  }

  refreshed({ trees, loading, problem }) {
    if (problem && this.problem !== null && problem !== this.problem) this.app.toast(problem, "error");
    this.problem = problem;
    this.show(trees);
    if (loading) this.later(WHILE_LOADING); // its news may have come before this answer did
  }

  async copy(path) {
    try {
      await navigator.clipboard.writeText(path);
      this.app.toast("The path was copied.", "ok");
    } catch {
      this.app.toast("The browser does not allow copying here; select the text instead.", "error");
    }
  }
}
