// The Models view: the model in use, the files that are there, the catalogue with downloads, this machine.
//
// What is shown comes in words (app/models/view/words.py), and the forms are Gradio's (app/models/view/form.py): here are the lists that live.

import { linkTo } from "/ui/forms/link.js";
import { el, find, formCard, icon, keyed, put, style } from "/ui/shell/dom.js";

const WHILE_LOADING = 2000; // milliseconds between looks at a load
const MARKS = { ok: "check", warn: "warning" };

/** Mount the view into `host`. */
export async function mount(host, app) {
  style("/ui/models/models.css");
  const view = new View(host, app);
  view.build();
  await view.look();
}

class View {
  constructor(host, app) {
    [this.host, this.app] = [host, app];
    this.open = new Set(); // paths of rows that are unfolded
    this.pending = this.asked = this.shown = 0;
    this.state = null;
  }

  build() {
    const part = (id, title, about, ...rest) => el("section", { class: "models-section", "aria-labelledby": id }, el("div", { class: "models-head" }, el("h2", { id }, title), about), rest);
    put(this.host,
      el("div", { class: "models-main" },
        (this.now = el("section", { class: "card models-now", "aria-label": "Model in use", tabindex: "-1" },
          (this.about = el("div", { class: "models-about" })), (this.loading = el("div", { class: "models-loading", hidden: true })), (this.trouble = el("div", { class: "models-about" })))),
        part("models-files-title", "On this machine", (this.folder = el("p", { class: "muted small" })), (this.files = el("ul", { class: "models-list", id: "models-files" }))),
        part("models-catalogue-title", "Catalogue", null, (this.note = el("p", { class: "muted small" })), (this.catalogue = el("div", { id: "models-catalogue" })))),
      (this.machine = el("aside", { class: "card models-machine", "aria-label": "This machine" })));
    this.app.live.on("app", (news) => this.hear(news));
    this.app.on("view", (state) => state.view === "models" && this.look());
  }

  /** See what is there now. The forms do by themselves, and are made when they first do. */
  look() {
    if (this.app.state.view === "models") {
      linkTo("models-link").let("refresh");
      this.form ??= formCard("models", "fieldset");
    }
    return this.refresh();
  }

  hear(news) {
    if (["models", "reconnected"].includes(news.kind)) this.later();
    if (news.kind === "loading" && !this.loading.hidden) this.fill(this.loading, news);
    if (news.kind === "download") this.showDownload(news);
  }

  later(wait = 60) {
    clearTimeout(this.pending);
    this.pending = setTimeout(() => { this.pending = 0; this.look(); }, wait);
  }

  async act(work) {
    try { await work(this.app.api); } catch (problem) { this.app.toast(problem.message, "error"); }
    await this.refresh();
  }

  async refresh() {
    const mine = (this.asked += 1);
    const state = await this.app.api.get("/api/models/page").catch((problem) => { if (problem.status) this.app.toast(problem.message, "error"); });
    if (!state || mine < this.shown) return; // a later question was answered before
    this.shown = mine;
    if (this.state && state.problem && state.problem !== this.state.problem) this.app.toast(state.problem, "error");
    this.state = state;
    const { now, loading, machine } = state;
    put(this.about, el("div", { class: "row" }, el("h2", { id: "models-current" }, now.title), now.chips.map((one) => chip(one, MARKS[one[0]]))), facts(now.facts),
      now.limits && el("p", { class: "muted small" }, now.limits), now.notices.map((one) => mark("models-notice", one)));
    if (!loading && this.loading.contains(document.activeElement)) this.now.focus();
    this.loading.hidden = !loading;
    if (loading) this.fill(this.loading, loading);
    put(this.trouble, now.problem && mark("models-problem", now.problem, "alert"));
    [this.folder.textContent, this.note.textContent] = [state.folder, state.note];
    this.rows(this.files, state.files);
    keyed(this.catalogue, state.groups.map(({ key, title, about }) => [key, title, () =>
      el("div", { class: "models-group" }, el("h3", {}, title, el("span", { class: "muted" }, ` ${about}`)), el("ul", { class: "models-list" }))]));
    for (const { key, rows } of state.groups) this.rows(find(`[data-key="${key}"] ul`, this.catalogue), rows);
    put(this.machine, el("h2", {}, "This machine"), facts(machine.facts, "models-machine-facts"),
      machine.good && el("p", { class: "small models-good" }, icon("check"), machine.good), machine.plain && el("p", { class: "small muted" }, machine.plain));
    find("div:nth-child(2) dd", this.machine).append(meter(machine.used, "Memory in use"));
    if (loading && !this.pending) this.later(WHILE_LOADING); // its news may have come before this answer did
  }

  // --- rows of files and of the catalogue ---------------------------------------------------------------------

  rows(list, rows) {
    keyed(list, rows.map((row) => [row.key, [row, this.open.has(row.key)], () => this.row(row, this.open.has(row.key))]));
  }

  row(row, unfolded) {
    const { action, details, source } = row;
    return el("li", { class: `models-row ${row.state}`, dataset: { id: row.key, name: row.file ?? "" } },
      el("div", { class: "models-line" },
        details && el("button", { class: "quiet", type: "button", "aria-expanded": String(unfolded), "aria-label": `Details of ${row.name}`, dataset: { focus: "fold" },
          on: { click: () => { if (!this.open.delete(row.key)) this.open.add(row.key); this.refresh(); } } }, icon(unfolded ? "down" : "right")),
        el("div", { class: "models-what" },
          el("div", { class: "row" }, el("span", { class: "models-name" }, row.name), row.tag && el("span", { class: "chip" }, row.tag), row.there && chip(["ok", row.there], "check")),
          row.lines.map(([kind, words]) => el("div", { class: kind }, words)),
          source && el("details", { class: "small muted models-source" }, el("summary", {}, "Where it comes from"), source.map((words, at) => el("p", { class: at ? "" : "mono" }, words))),
          row.problem && mark("models-problem", row.problem)),
        row.chips.map((one) => chip(one)),
        row.used ? el("span", { class: "chip ok models-use" }, icon("check"), "in use")
          : action && el("button", { class: "button models-use", type: "button", disabled: action.off ?? false, dataset: { focus: action.do }, "aria-label": action.label, title: action.title ?? "",
            on: { click: () => this.act((api) => api.post(`/api/models/${action.do}`, action.do === "load" ? { path: action.what } : { name: action.what })) } },
            action.do === "download" && icon("download"), action.words)),
      unfolded && this.details(details), row.download && this.fill(el("div", { class: "models-download" }), row.download));
  }

  details({ path, settings, facts: known, problem, notices }) {
    return el("div", { class: "models-details" }, el("p", { class: "row small" }, el("span", { class: "mono models-path" }, path), settings && this.copy(path)),
      facts(known), problem && mark("models-problem", problem), notices.map((one) => mark("models-notice", one)),
      settings && el("div", {}, el("button", { class: "button", type: "button", dataset: { focus: "with" }, on: { click: async () => {
        linkTo("models-link").let("choose", { model: path }); // by the name `path` Gradio would take it for a file of its own
        find("#models-window input", await this.form).focus();
      } } }, "Choose window and adapter")));
  }

  copy(path) {
    return el("button", { class: "quiet", type: "button", title: "Copy the path", "aria-label": "Copy the path", on: { click: async () => {
      try {
        await navigator.clipboard.writeText(path);
        this.app.toast("The path was copied.", "ok");
      } catch {
        this.app.toast("The browser does not allow copying here; select the text instead.", "error");
      }
    } } }, icon("copy"));
  }

  /** Show how a load or a download stands. Buttons stay while they are the same, for a person may aim at one. */
  fill(box, of) {
    const same = JSON.stringify([of.id, of.buttons]);
    if (box.same !== same) {
      Object.assign(box, { same }).dataset.progress = of.id;
      put(box, el("div", { class: "row" }, el("span", {}), of.buttons.map(([words, does, label]) => el("button",
        { class: "button", type: "button", dataset: { focus: does }, "aria-label": label, on: { click: (event) => this.press(of, does, event.currentTarget) } }, words))),
        of.percent !== null && meter(of.percent, of.label));
    }
    Object.assign(find("span", box), { textContent: of.words, className: `grow small ${of.tone}`, role: of.state === "failed" ? "alert" : null });
    for (const button of box.querySelectorAll("button")) button.ariaDisabled = String(of.state === "stopping"); // `disabled` would take the focus away
    if (of.percent !== null) setMeter(find(".meter", box), of.percent, of.label);
    return box;
  }

  press({ id, title }, does, button) {
    if (button.ariaDisabled === "true") return;
    const at = `/api/models/download/${encodeURIComponent(id)}`;
    const work = { go: (api) => api.post("/api/models/download", { name: id }), discard: (api) => api.del(at), pause: (api) => api.post(`${at}/pause`),
      cancel: async (api) => { button.ariaDisabled = "true"; await api.post("/api/models/cancel", { path: id }); this.app.toast(`Loading ${title} was cancelled.`, "ok"); } };
    this.act(work[does]);
  }

  showDownload(news) {
    const box = find(`[data-progress="${CSS.escape(news.id)}"]`, this.catalogue);
    if (box && news.state !== "finished") this.fill(box, news);
    if (news.state === "finished") this.app.toast(`${news.title} was downloaded and its checksum is right.`, "ok",
      { label: "Load", run: () => this.act((api) => api.post("/api/models/load", { path: news.path })) });
  }
}

const chip = ([tone, words, title = "", need], sign = null) => el("span", { class: `chip ${tone}`, title }, sign && icon(sign), words, need && el("span", { class: "models-need" }, need));
const mark = (kind, words, role = null) => el("p", { class: `${kind} small`, role }, icon("warning"), el("span", {}, words));
const facts = (known, kind = "models-facts") => known.length > 0 && el("dl", { class: kind }, known.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
const meter = (percent, label) => setMeter(el("div", { class: "meter", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" }, el("i", {})), percent, label);

function setMeter(bar, percent, label) {
  Object.assign(bar, { ariaLabel: label, ariaValueNow: String(percent) });
  bar.firstChild.style.width = `${percent}%`;
  return bar;
}
