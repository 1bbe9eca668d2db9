// The panel of evidence and safekeeping in the Sessions view: kept questions, logs taken in, what becomes of a backup.
//
// Its state is GET /api/safekeeping and the news "checks" and "backup", laid out by app/safekeeping/shown.py; the form of
// a backup is Gradio's.

import { droppable } from "/ui/library/drop.js";
import { el, find, focusAfter, put } from "/ui/shell/dom.js";
import { line } from "/ui/shell/text/text.js";
import { pressed, renew } from "/ui/shell/text/trees.js";

const NAME = "Evidence and safekeeping";

export function mount(host, app) {
  return new Safekeeping(host, app);
}

class Safekeeping {
  constructor(host, app) {
    this.app = app;
    this.shown = { kept: [], logs: [], taken: [], backup: [], state: [] }; // trees; `taken` is what became of the last log
    this.kept = el("section", {});
    this.logs = el("section", { class: "drop-log" });
    this.backup = el("section", {});
    put(host, this.kept, this.logs, this.backup);
    pressed(host, {
      open: ({ run }) => app.openRun(run),
      compare: ({ left, right }) => app.go("sessions", { left, right }),
      ask: ({ run }) => this.send("post", "/api/checks", { run }),
      ask_all: () => this.send("post", "/api/checks"),
      stop_asking: () => this.send("del", "/api/checks"),
      drop: ({ run }) => this.drop(run),
      choose: () => find("input", this.logs).click(),
      import_again: () => this.take([this.refused], true),
      stop_backup: () => this.send("del", "/api/backup"),
    });
    this.logs.addEventListener("change", ({ target }) => this.take(target.files));
    droppable(this.logs, this.logs, "over", ({ files }) => this.take(files));
    app.on("view", ({ view }) => view === "sessions" && this.load());
    app.live.on("app", (news) => app.state.view === "sessions" && this.hear(news));
    this.load();
  }

  hear({ kind, running, shown }) {
    if (kind === "backup") this.show({ state: shown });
    if (["checks", "runs", "reconnected"].includes(kind) || (kind === "backup" && !running)) this.load();
  }

  async load() {
    const mine = (this.loads = (this.loads ?? 0) + 1);
    try {
      const { checks, shown } = await this.app.api.get("/api/safekeeping");
      if (mine !== this.loads) return;
      this.app.old(NAME);
      this.checks = checks;
      this.show(shown);
    } catch (problem) {
      if (mine !== this.loads) return;
      if (this.checks) this.app.old(NAME, problem, () => this.load());
      else this.show({ kept: [["p", { class: "muted small" }, problem.message]] });
    }
  }

  show(trees) {
    const { kept, logs, taken, backup, state } = Object.assign(this.shown, trees);
    renew(this.kept, kept);
    renew(this.logs, [...logs, ["div", { class: "small", role: "status" }, ...taken]]);
    renew(this.backup, [...backup, ...state]);
  }

  /** Send a request; what is refused is said. */
  send(method, path, body) {
    return this.app.api[method](path, body).catch((problem) => void this.app.toast(problem.message, "error"));
  }

  async drop(run) {
    const focus = focusAfter();
    const address = `/api/kept/${encodeURIComponent(run)}`;
    const { accepted } = this.checks.kept.find((row) => row.run === run);
    if (!(await this.send("del", address))) return;
    this.app.toast("The question is kept no longer; its runs stay.", "info", { label: "Keep it again", run: () => this.send("put", address, { answer: accepted }) });
    await this.load();
    focus(find(".plain", this.kept));
  }

  // --- logs -----------------------------------------------------------------------------------------------

  async take(files, again = false) {
    for (const file of [...files]) {
      this.show({ taken: [`Reading ${line(file.name, 200)}…`] });
      try {
        const query = new URLSearchParams({ name: file.name.slice(0, 255), again });
        const { runs, shown } = await this.app.api.put(`/api/import?${query}`, file);
        this.show({ taken: shown });
        if (files.length === 1 && runs.length === 1) this.app.openRun(runs[0].run);
      } catch (problem) {
        this.refused = file;
        const offer = ["button", { class: "button", type: "button", "data-does": "import_again" }, "Import it once more"];
        this.show({ taken: [["p", { dir: "auto" }, problem.message], ...(problem.status === 409 ? [offer] : [])] });
        break;
      }
    }
    find("input", this.logs).value = "";
  }
}
