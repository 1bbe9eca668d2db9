// The panel of evidence and safekeeping in the Sessions view: kept questions, logs taken in, what becomes of a backup.
//
// Its state is GET /api/safekeeping and the news "checks" and "backup"; the form of a backup is Gradio's.

import { el, icon, keyed, put } from "/ui/shell/dom.js";
import { amount, count, many } from "/ui/shell/text/figures.js";
import { line } from "/ui/shell/text/text.js";

export function mount(host, app) {
  return new Safekeeping(host, app);
}

class Safekeeping {
  constructor(host, app) {
    this.app = app;
    this.ask = el("button", { class: "button kept-ask", type: "button", on: { click: () => this.askAll() } });
    this.asked = el("p", { class: "muted small", role: "status" });
    this.list = el("ul", { class: "kept-list", "aria-label": "Kept questions" });
    this.file = el("input", { type: "file", hidden: true, accept: ".jsonl,.json,.log,.txt", on: { change: () => this.take(this.file.files) } });
    this.taken = el("div", { class: "small", role: "status" });
    this.backup = el("div", { class: "backup-state" });
    this.packing = el("span", { class: "grow small" });
    this.packed = el("i", {});
    this.stopping = [
      el("div", { class: "row" }, this.packing,
        el("button", { class: "button backup-stop", type: "button", on: { click: () => this.send("del", "/api/backup") } }, icon("stop"), "Stop")),
      el("div", { class: "meter" }, this.packed)];
    this.saving = el("a", { class: "button backup-file", href: "/api/backup/file", download: "" }, icon("download"), "Save the file");
    this.room = el("span", {});
    this.told = el("p", { class: "small", role: "status" });
    const logs = el("section", { class: "drop-log" }, el("h3", {}, "Logs of other engines"),
      el("p", { class: "muted small" }, "A log of rlms or fast-rlm becomes runs that can be looked at, played back and searched. They cannot be verified: they were not observed here."),
      el("div", { class: "row" }, el("button", { class: "button", type: "button", on: { click: () => this.file.click() } }, icon("upload"), "Import a log"),
        el("span", { class: "muted small" }, "or drop one here"), this.file), this.taken);
    for (const kind of ["dragover", "dragleave", "drop"]) logs.addEventListener(kind, (event) => this.drag(event, logs));
    put(host,
      el("section", {}, el("div", { class: "row" }, el("h3", { class: "grow" }, "Kept questions"), this.ask), this.asked, this.list),
      logs,
      el("section", {}, el("h3", {}, "Backup"),
        el("p", { class: "muted small" }, "Everything that is stored in one file, while the app goes on: questions with their records, texts, uploads. ",
          "A new data folder is made of it by ", el("code", {}, "python3 launch.py restore FILE --data DIR"), ". ", this.room),
        this.told, this.backup));
    app.on("view", ({ view }) => view === "sessions" && this.load());
    app.live.on("app", (news) => this.hear(news));
    this.load();
  }

  hear(news) {
    if (this.app.state.view !== "sessions") return;
    if (news.kind === "backup" && this.state) this.showBackup({ ...this.state.backup, ...news });
    if (["checks", "runs", "reconnected"].includes(news.kind) || (news.kind === "backup" && !news.running)) this.load();
  }

  async load() {
    const mine = (this.loads = (this.loads ?? 0) + 1);
    try {
      const state = await this.app.api.get("/api/safekeeping");
      if (mine !== this.loads) return;
      this.state = state;
      this.showChecks(state.checks);
      this.showBackup(state.backup);
    } catch (problem) {
      if (mine === this.loads) put(this.list, el("li", { class: "muted small" }, problem.message));
    }
  }

  /** Send a request; what is refused is said. */
  async send(method, path, body) {
    try {
      return await this.app.api[method](path, body);
    } catch (problem) {
      this.app.toast(problem.message, "error");
      return null;
    }
  }

  // --- kept questions -------------------------------------------------------------------------------------

  askAll() {
    return this.state?.checks.running ? this.send("del", "/api/checks") : this.send("post", "/api/checks");
  }

  showChecks({ kept, running, message }) {
    put(this.ask, icon(running ? "stop" : "refresh"), running ? "Stop" : "Ask all again");
    this.ask.hidden = !kept.length;
    this.asked.textContent = running ? `Asking ${count(running.done + 1)} of ${count(running.of)}: ${line(running.question, 200)}` : message;
    keyed(this.list, kept.length ? kept.map((row) => {
      const now = running?.kept === row.run ? running : null;
      return [row.run, [row, now?.run, Boolean(running)], () => this.row(row, now, Boolean(running))];
    }) : [["", "", () => el("li", { class: "muted small" }, "None yet. “Keep as a check” below an answer keeps its question with that answer; asked again later, it tells what got worse.")]]);
  }

  row(row, now, busy) {
    const { last } = row;
    const question = line(row.question, 300);
    const tool = (drawing, name, click, more) => el("button", { class: "quiet", type: "button", title: name, "aria-label": `${name}: ${question}`, on: { click }, ...more }, icon(drawing));
    return el("li", { class: "kept-row" },
      el("div", { class: "grow" },
        el("button", { class: "plain", type: "button", dir: "auto", on: { click: () => this.app.openRun(row.run) } }, question),
        el("p", { class: "small", dir: "auto" }, el("span", { class: "muted" }, "Accepted: "), line(row.accepted, 300)),
        last && !last.right && el("p", { class: "small", dir: "auto" }, el("span", { class: "muted" }, "Last: "), line(last.answer ?? "no answer", 300)),
        row.problem && el("p", { class: "small", dir: "auto" }, line(row.problem, 300)),
        el("div", { class: "kept-meta" }, verdict(row, now), el("span", {}, line(row.corpus_name ?? "", 60)),
          last && el("span", {}, `asked again ${row.asked === 1 ? "once" : `${count(row.asked)} times`}, the last time of ${line(last.model ?? "", 50)}`),
          last && el("time", {}, new Date(last.ts * 1000).toLocaleString()))),
      now?.run && tool("eye", "Follow", () => this.app.openRun(now.run)),
      last && tool("compare", "Compare with the last time", () => this.app.go("sessions", { left: row.run, right: last.run })),
      tool("refresh", "Ask again", () => this.send("post", "/api/checks", { run: row.run }), { disabled: busy }),
      tool("trash", "Keep no longer", () => this.drop(row)));
  }

  async drop(row) {
    const address = `/api/kept/${encodeURIComponent(row.run)}`;
    if (!(await this.send("del", address))) return;
    this.app.toast("The question is kept no longer; its runs stay.", "info", { label: "Keep it again", run: () => this.send("put", address, { answer: row.accepted }) });
    await this.load();
    (this.list.querySelector(".plain") ?? this.ask).focus();
  }

  // --- logs -----------------------------------------------------------------------------------------------

  drag(event, box) {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    box.classList.toggle("over", event.type === "dragover");
    if (event.type === "drop") this.take(event.dataTransfer.files);
  }

  async take(files, again = "") {
    for (const file of [...files]) {
      put(this.taken, `Reading ${line(file.name, 200)}…`);
      try {
        const query = new URLSearchParams({ name: file.name.slice(0, 255), ...(again && { again }) });
        const { program, runs } = await this.app.api.put(`/api/import?${query}`, file);
        put(this.taken, el("p", {}, `${line(file.name, 200)}: ${many(runs.length, "run")} of ${line(program, 60)}.`),
          el("ul", {}, runs.map((one) => el("li", {}, el("button", { class: "plain", type: "button", dir: "auto", on: { click: () => this.app.openRun(one.run) } }, line(one.question, 200))))));
        if (files.length === 1 && runs.length === 1) this.app.openRun(runs[0].run);
      } catch (problem) {
        put(this.taken, el("p", { dir: "auto" }, problem.message), problem.status === 409 && el("button", { class: "button", type: "button", on: { click: () => this.take([file], "true") } }, "Import it once more"));
        break;
      }
    }
    this.file.value = "";
  }

  // --- backup ---------------------------------------------------------------------------------------------

  showBackup(state) {
    this.state.backup = state;
    const { running, made, size, free } = state;
    this.room.textContent = `About ${amount(size)} to pack; ${amount(free)} are free on the disk of your home folder.`;
    this.told.textContent = state.message || (made ? words(made) : "");
    if (running) {
      this.packing.textContent = `${line(running.file, 300)}: ${amount(running.done)} of ${amount(running.of)}; ${amount(running.free)} were free there`;
      this.packed.style.width = `${(100 * running.done) / (running.of || 1)}%`;
    }
    // What can be pressed stays the same element while it is of use: news that come meanwhile take no focus from it.
    const wanted = running ? this.stopping : made?.save ? [this.saving] : [];
    if ((wanted[0] ?? null) !== this.backup.firstChild) put(this.backup, wanted);
  }
}

function verdict({ last, problem }, now) {
  const chip = (kind, text) => el("span", { class: `chip ${kind}` }, text);
  if (now) return chip("info", "Asking");
  if (problem) return chip("bad", "Could not be asked");
  if (!last) return chip("", "Not asked again yet");
  if (last.worse) return chip("bad", `Worse: ${last.worse}`);
  return last.right ? chip("ok", "Holds") : chip("warn", "Another answer");
}

const words = (made) => `${made.save ? "A backup is ready to be saved" : `Backed up to ${made.file}`}: ${amount(made.bytes)}, ${many(made.runs, "question")} with their records, ${count(made.corpora)} corpora.`;
