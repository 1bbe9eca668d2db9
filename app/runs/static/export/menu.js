// The menu that saves a run as a file: notebook, page, report, log, lessons. The file is made by the app and never opened here.

import { el, icon, style } from "/ui/shell/dom.js";

const FORMS = [
  ["ipynb", "embed", "Notebook with its documents", "Runs in Jupyter without Taproot and without a model"],
  ["ipynb", "none", "Notebook without documents", "Cells and recorded outputs; cells that read documents cannot run"],
  ["html", "", "Page", "One file that opens from disk, with the whole tree"],
  ["md", "", "Report", "Question, answer, sources and how it was found, in Markdown"],
  ["jsonl", "", "Log", "In the format of rlms, the reference engine"],
  ["train", "", "Lessons", "Chat messages for training a model"],
];

/** A button with a menu below it; `show(run)` says whose files it saves. */
export class ExportMenu {
  constructor(app) {
    style("/ui/runs/export/menu.css");
    this.app = app;
    this.summary = el("summary", { class: "button", title: "Save this run as a file" }, icon("download"), el("span", {}, "Export"));
    this.items = FORMS.map((form) => this.item(...form));
    this.element = el("details", { class: "export-menu", on: { keydown: (event) => this.key(event), focusout: (event) => this.leave(event) } },
      this.summary, el("div", { class: "export-forms", role: "group", "aria-label": "Save this run as" }, this.items));
  }

  show(run) {
    this.run = run;
    this.element.hidden = !run;
  }

  item(to, documents, name, about) {
    return el("button", { type: "button", class: "export-form", on: { click: () => this.save(to, documents, name) } },
      el("span", { class: "export-name" }, name), el("span", { class: "export-about" }, about));
  }

  async save(to, documents, name) {
    this.close();
    const asked = new URLSearchParams({ to, ...(documents && { documents }) });
    try {
      const answer = await fetch(`/api/runs/${encodeURIComponent(this.run)}/export?${asked}`);
      if (!answer.ok) throw new Error((await answer.json()).error);
      const file = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))?.[1] ?? `${this.run}.${to}`;
      const link = el("a", { download: file });
      link.href = URL.createObjectURL(await answer.blob());
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      this.app.toast(`${name} saved as ${file}`, "ok");
    } catch (problem) {
      this.app.toast(problem instanceof TypeError ? "Taproot does not answer. Is it still running in its terminal?" : problem.message, "error");
    }
  }

  key(event) {
    if (event.key === "Escape" && this.element.open) {
      event.stopPropagation();
      this.close();
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !this.element.open) return;
    event.preventDefault();
    event.stopPropagation();
    const at = this.items.indexOf(document.activeElement);
    this.items[(at + step + this.items.length) % this.items.length].focus();
  }

  leave(event) {
    if (event.relatedTarget && !this.element.contains(event.relatedTarget)) this.element.open = false;
  }

  close() {
    this.element.open = false;
    this.summary.focus();
  }
}
