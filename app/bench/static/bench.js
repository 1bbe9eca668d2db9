// The Bench view: what is being measured, and how right and how dear each way is by length of the text.
//
// The form is Gradio's (app/bench/page.py); that it began a bench is heard as news, like all that goes on. Progress and
// results are laid out by app/bench/results.py.

import { FormView } from "/ui/forms/view.js";
import { find } from "/ui/shell/dom.js";
import { renew } from "/ui/shell/text/trees.js";

const REFETCH = 1500; // milliseconds between two looks at the results while a bench goes on

/** Mount the view into `host`. */
export function mount(host, app) {
  const view = new View(host, app, "bench", ["#bench-kind", "#bench-lengths", "#bench-progress"]);
  if (view.visible) view.look();
}

class View extends FormView {
  path = "/api/bench"; // asked with the `series` whose results, and the `row` whose questions are shown
  running = false;

  get does() {
    return { open: ({ run }) => this.app.openRun(run) };
  }

  hear(news) {
    if (!this.form) return;
    if (news.kind === "reconnected" || news.kind === "models") this.look();
    if (news.kind !== "bench") return;
    this.later(this.running === news.running ? REFETCH : 0);
    this.showProgress(news);
  }

  refreshed(found) {
    this.show(found.results);
    const chooser = find("select", this.host);
    if (chooser) chooser.value = found.series;
    this.showProgress(found);
  }

  async showProgress({ running, progress }) {
    const form = await this.form;
    const held = form.contains(document.activeElement);
    const [began, ended] = [running && !this.running, !running && this.running];
    this.running = running;
    if (began) delete this.chosen.series; // what is measured now is shown, whatever was chosen
    renew(find("#bench-progress"), progress);
    if (held && began) find("#bench-stop").focus();
    if (held && ended) find("#bench-start").focus();
  }
}
