// The Models view: the model in use, the files that are there, the catalogue with downloads, this machine.

import { el, find, icon, keyed, put, style } from "/ui/shell/dom.js";
import { SCOPES, adapterWords } from "/ui/models/adapters.js";
import { showMachine } from "/ui/models/machine.js";
import { badge, copy, count, dots, fact, gb, gib, guess, meter, number, setMeter } from "/ui/models/parts.js";
import { left } from "/ui/shell/text/figures.js";

const WHILE_LOADING = 2000; // milliseconds between looks at a load
const SIZES = { small: "Small", medium: "Medium", large: "Large", own: "Named by you" };
const FOR = {
  small: "for any laptop",
  medium: "for 16 GB of memory or a graphics card",
  large: "for 32 GB and more",
  own: "downloads that are in no catalogue",
};

/** Mount the view into `host`. */
export async function mount(host, app) {
  style("/ui/models/models.css");
  const view = new View(host, app);
  view.build();
  await view.refresh();
}

class View {
  constructor(host, app) {
    [this.host, this.app] = [host, app];
    this.open = new Set(); // paths of rows that are unfolded
    this.pending = 0;
    this.state = null;
    this.asked = this.shown = 0;
  }

  build() {
    const place = (id, label, hint, button, go) => el("form", { class: "models-form row", on: { submit: (event) => {
      event.preventDefault();
      const field = event.target.elements[0];
      if (field.value.trim()) this.act(async () => { await go(field.value.trim()); field.value = ""; });
    } } },
      el("label", { class: "sr", for: id }, label),
      el("input", { class: "field grow mono", id, type: "text", placeholder: hint, spellcheck: false, autocomplete: "off" }),
      el("button", { class: "button", type: "submit" }, button));
    put(this.host, el("div", { class: "models" },
      el("div", { class: "models-main" },
        (this.now = el("section", { class: "card models-now", "aria-label": "Model in use", tabindex: "-1" },
          (this.about = el("div", { class: "models-about" })),
          this.loadingPart(),
          (this.trouble = el("div", { class: "models-about" })))),
        el("section", { class: "models-section", "aria-labelledby": "models-files-title" },
          el("div", { class: "models-head" },
            el("h2", { id: "models-files-title" }, "On this machine"),
            (this.folder = el("p", { class: "muted small" }))),
          (this.files = el("ul", { class: "models-list", id: "models-files" })),
          (this.added = el("div", { class: "models-added" })),
          place("models-place", "Path of a GGUF file or a folder of them", "/path/to/a/model.gguf or a folder of them", "Add by path",
            (path) => this.app.api.post("/api/models/places", { path })),
          place("models-server", "Model on a server with the OpenAI interface; text is sent there", "openai:NAME@http://host:port/v1", "Use a server",
            (path) => this.app.api.post("/api/models/load", { path }))),
        el("section", { class: "models-section", "aria-labelledby": "models-catalogue-title" },
          el("div", { class: "models-head" },
            el("h2", { id: "models-catalogue-title" }, "Catalogue"),
            el("span", { class: "grow" }),
            (this.check = el("button", { class: "button", type: "button", id: "models-check", on: { click: () => this.ask() } },
              icon("refresh"), "Ask the Hub for sizes"))),
          (this.note = el("p", { class: "muted small models-note" })),
          (this.offline = el("p", { class: "models-offline", role: "status", hidden: true })),
          (this.catalogue = el("div", { id: "models-catalogue" })),
          (this.published = el("details", { id: "models-adapters", class: "small muted models-source" })),
          place("models-hub", "Any other GGUF on the Hub", "owner/repository/file.gguf", "Download",
            (name) => this.app.api.post("/api/models/download", { name })))),
      (this.machine = el("aside", { class: "card models-machine", "aria-label": "This machine" }))));
    this.app.live.on("app", (news) => this.hear(news));
    this.app.on("view", (state) => state.view === "models" && this.refresh());
  }

  hear(news) {
    if (news.kind === "models" || news.kind === "reconnected") this.later();
    if (news.kind === "loading" && !this.loadingBox.hidden) this.showLoading(news);
    if (news.kind === "download") this.showDownload(news);
  }

  later(wait = 60) {
    clearTimeout(this.pending);
    this.pending = setTimeout(() => {
      this.pending = 0;
      this.refresh();
    }, wait);
  }

  async act(work) {
    try {
      await work();
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }

  async refresh() {
    const mine = (this.asked += 1);
    let state;
    try {
      state = await this.app.api.get("/api/models");
    } catch (problem) {
      if (problem.status) this.app.toast(problem.message, "error");
      return;
    }
    if (mine < this.shown) return; // a later question was answered before
    this.shown = mine;
    const news = state.problem && state.problem.message !== this.state?.problem?.message && this.state;
    this.state = state;
    if (news) this.app.toast(`${state.problem.file} could not be loaded. ${state.problem.message}`, "error");
    this.showNow();
    const own = state.files.filter((file) => file.state !== "gone");
    this.folder.textContent = `A GGUF dropped into ${state.folders[0]} appears here by itself.`;
    keyed(this.files, own.map((file) => [file.path, [file, state.loading?.path, this.open.has(file.path)], () => this.file(file)]));
    put(this.added, state.added.map((path) => el("span", { class: "chip" }, path,
      el("button", { class: "quiet", type: "button", "aria-label": `Remove ${path} from the list`, title: "Remove from the list; nothing is deleted",
        on: { click: () => this.act(() => this.app.api.del(`/api/models/places?path=${encodeURIComponent(path)}`)) } }, icon("close")))));
    put(this.note, "Weights are downloaded only when you click, by a process of its own that reaches ",
      el("span", { class: "mono" }, new URL(state.hardware.hub).host),
      " and nothing else. Text of your documents leaves this machine only for a server that you choose above.");
    this.showCatalogue();
    showMachine(this.machine, this.app, state.hardware);
    if (state.loading && !this.pending) this.later(WHILE_LOADING); // its news may have come before this answer did
  }

  // --- the model in use -------------------------------------------------------------------------------------

  showNow() {
    const { loaded, loading, problem } = this.state;
    const title = loaded ? loaded.name : loading ? loading.name : "No model is loaded";
    put(this.about,
      el("div", { class: "row" },
        el("h2", { id: "models-current" }, title),
        loaded && el("span", { class: "chip ok" }, icon("check"), "in use"),
        loaded?.remote && el("span", { class: "chip warn", id: "models-remote", title: loaded.remote }, icon("warning"),
          loaded.outside ? "text leaves this machine" : "on a server of this machine"),
        loaded?.default && el("span", { class: "chip" }, "comes with Taproot")),
      loaded && el("dl", { class: "models-facts" },
        fact("Window", `${number(loaded.window)} tokens`),
        loaded.parameters && fact("Parameters", count(loaded.parameters)),
        loaded.quantization && fact("Weights", dots(loaded.quantization, gb(loaded.size))),
        loaded.memory > 0 && fact("Memory now", gib(loaded.memory)),
        loaded.architecture && fact("Architecture", dots(loaded.architecture, loaded.recurrent && "hybrid")),
        loaded.remote && fact("At once", `${loaded.slots} request${loaded.slots === 1 ? "" : "s"}`),
        loaded.threads > 0 && fact("Runs on", dots(loaded.gpu_layers > 0 && `the GPU with ${loaded.gpu_layers} of ${loaded.layers} layers`,
          `${loaded.threads} thread${loaded.threads === 1 ? "" : "s"}${loaded.burst_threads === loaded.threads ? "" : ` (${loaded.burst_threads} for sub-calls together)`}`, loaded.cache_type !== "f16" && "8-bit cache")),
        loaded.write_rate > 0 && fact("Speed here", `reads ${number(Math.round(loaded.read_rate))}, writes ${number(Math.round(loaded.write_rate))} tokens a second`),
        loaded.slots > 0 && fact("At once", `${loaded.slots} repl${loaded.slots === 1 ? "y" : "ies"}, ${number(loaded.pool)} tokens kept`),
        loaded.remote ? fact("Server", loaded.remote) : fact("Template", loaded.own_template ? "its own" : "generic"),
        fact("Draws", loaded.sampling),
        loaded.adapters?.map((one) => fact("LoRA adapter", adapterWords(one))),
        loaded.license && fact("Licence", loaded.license)),
      loaded?.default && el("p", { class: "muted small" },
        "This small model looks up, counts and lists in plain English documents. It does not summarise or reason: choose a larger one for that."),
      loaded?.notices.map((notice) => el("p", { class: "models-notice small" }, icon("warning"), notice)));
    this.showLoading(loading);
    put(this.trouble,
      problem && !loading && el("p", { class: "models-problem small", role: "alert" }, icon("warning"),
        el("span", {}, el("b", {}, `${problem.file} could not be loaded. `), problem.message, loaded ? ` ${loaded.name} stays in use.` : "")));
  }

  // Made once: news of a load come while a person aims at its button, or has the focus there.
  loadingPart() {
    this.loadingWords = el("span", { class: "grow" });
    this.loadingPercent = el("span", { class: "mono" });
    this.loadingMeter = meter(0, "Loading");
    this.cancelButton = el("button", { class: "button", type: "button", id: "models-cancel", on: { click: () => this.cancel() } }, "Cancel");
    this.loadingBox = el("div", { class: "models-loading", hidden: true },
      el("div", { class: "row small" }, this.loadingWords, this.loadingPercent, this.cancelButton), this.loadingMeter);
    return this.loadingBox;
  }

  showLoading(now) {
    this.loading = now;
    const focused = this.loadingBox.contains(document.activeElement);
    this.loadingBox.hidden = !now;
    if (!now && focused) this.now.focus();
    if (!now) return;
    const percent = Math.round(now.fraction * 100);
    const words = now.stopping ? `Cancelling ${now.name}` : `Loading ${now.name}`;
    this.loadingWords.textContent = now.unloaded && !now.stopping ? `${words}; the model before was unloaded to make room` : words;
    this.loadingPercent.textContent = `${percent} %`;
    this.loadingMeter.setAttribute("aria-label", words);
    setMeter(this.loadingMeter, percent);
    this.cancelButton.setAttribute("aria-label", `Cancel loading ${now.name}`);
    this.cancelButton.setAttribute("aria-disabled", String(now.stopping)); // `disabled` would take the focus away
  }

  cancel() {
    const { path, name, stopping } = this.loading;
    if (stopping) return;
    this.showLoading({ ...this.loading, stopping: true });
    this.act(async () => {
      await this.app.api.post("/api/models/cancel", { path });
      this.app.toast(`Loading ${name} was cancelled.`, "ok");
    });
  }

  // --- files ------------------------------------------------------------------------------------------------

  file(file) {
    const busy = this.state.loading?.path === file.path;
    const unfolded = this.open.has(file.path);
    const ready = file.state === "ready";
    const about = ready
      ? dots(file.parameters && count(file.parameters), gb(file.size), `${number(file.window_trained)} tokens`, file.architecture, file.license, file.parts > 1 && `${file.parts} parts`)
      : file.state === "growing" ? "Still changing. It is read again as soon as it is whole." : file.problem;
    return el("li", { class: `models-row ${file.state}`, dataset: { id: file.path, name: file.file } },
      el("div", { class: "models-line" },
        el("button", { class: "quiet", type: "button", "aria-expanded": String(unfolded), "aria-label": `Details of ${file.name}`, dataset: { focus: "fold" },
          on: { click: () => this.fold(file.path) } }, icon(unfolded ? "down" : "right")),
        el("div", { class: "models-what" },
          el("div", { class: "row" }, el("span", { class: "models-name" }, file.name), file.quantization && el("span", { class: "chip" }, file.quantization)),
          el("div", { class: file.state === "bad" ? "models-bad small" : "muted small" }, about)),
        ready ? badge(file.fit) : el("span", { class: "chip" }, file.state === "growing" ? "being copied" : "not usable"),
        ready && (file.loaded
          ? el("span", { class: "chip ok models-use" }, icon("check"), "in use")
          : el("button", { class: "button models-use", type: "button", disabled: busy || Boolean(this.state.loading), dataset: { focus: "load" },
              "aria-label": `Load ${file.name}`, title: file.fit.ok ? "" : file.fit.problem,
              on: { click: () => this.load(file.path) } }, busy ? "Loading" : "Load"))),
      unfolded && this.details(file));
  }

  fold(path) {
    if (!this.open.delete(path)) this.open.add(path);
    this.refresh();
  }

  load(path, more = {}) {
    return this.act(() => this.app.api.post("/api/models/load", { path, ...more }));
  }

  details(file) {
    if (file.state !== "ready") return el("div", { class: "models-details" }, el("p", { class: "mono small models-path" }, file.path));
    const fit = file.fit;
    const field = el("input", { class: "field", type: "number", min: 512, max: file.window_trained, step: 256, value: fit.window, "aria-label": "Window in tokens", dataset: { focus: "window" } });
    const lora = el("input", { class: "field grow mono", type: "text", placeholder: "/path/to/an/adapter.gguf, if any", spellcheck: false, autocomplete: "off", "aria-label": "Path of a LoRA adapter", dataset: { focus: "lora" } });
    const scope = el("select", { class: "field", "aria-label": "What the LoRA adapter works for", dataset: { focus: "scope" } },
      Object.entries(SCOPES).map(([value, label]) => el("option", { value }, label)));
    const known = !fit.ok ? [] : [
      fact("Weights", gib(fit.weights)), fact("Cache of conversations", gib(fit.cache)), fact("Largest step", gib(fit.buffers)),
      fit.gpu_memory > 0 && fact("On the GPU", `${gib(fit.gpu_memory)}, ${fit.gpu_layers} of ${file.layers} layers`),
    ];
    return el("div", { class: "models-details" },
      el("p", { class: "row small" }, el("span", { class: "mono models-path" }, file.path), copy(this.app, file.path, "path")),
      el("dl", { class: "models-facts" },
        fact(fit.ok ? "Memory it needs" : "Memory it would need", gib(fit.memory)), known,
        fact("Cache per 1,000 tokens", gib(file.cache_per_token * 1000)),
        fact("Chat template", file.template ? "its own" : "none; the generic one")),
      !fit.ok && el("p", { class: "models-problem small" }, icon("warning"), fit.problem),
      fit.notices.map((notice) => el("p", { class: "models-notice small" }, icon("warning"), notice)),
      el("form", { class: "row models-window", on: { submit: (event) => {
        event.preventDefault();
        const adapter = lora.value.trim();
        this.load(file.path, { window: Number(field.value), lora: adapter ? [scope.value === "both" ? adapter : `${adapter}@${scope.value}`] : [], force: !fit.ok });
      } } },
        el("label", { class: "small row" }, "Window", field, "tokens"),
        el("label", { class: "small row grow" }, "LoRA", lora),
        scope,
        el("button", { class: "button", type: "submit", disabled: Boolean(this.state.loading), dataset: { focus: "with" } },
          fit.ok ? "Load with this window" : "Load anyway")));
  }

  // --- catalogue --------------------------------------------------------------------------------------------

  showCatalogue() {
    const entries = [...this.state.catalogue, ...this.state.downloads.map((download) => ({
      id: download.id, title: download.title, size: "own", download, level: null, about_bytes: download.total, good_for: "", notes: "", read_in: "",
    }))].filter((entry) => entry.size !== "own" || entry.download.state !== "finished");
    const groups = Object.keys(SIZES).map((size) => [size, entries.filter((entry) => entry.size === size)]).filter(([, some]) => some.length);
    keyed(this.catalogue, groups.map(([size, some]) => [size, some.map((entry) => entry.id), () =>
      el("div", { class: "models-group" }, el("h3", {}, SIZES[size], el("span", { class: "muted" }, ` ${FOR[size]}`)), el("ul", { class: "models-list" }))]));
    for (const [size, some] of groups) {
      const list = find(`[data-key="${size}"] ul`, this.catalogue);
      keyed(list, some.map((entry) => [entry.id, [entry, Boolean(this.state.loading)], () => this.entry(entry)]));
    }
    if (!this.published.firstChild) put(this.published, el("summary", {}, "Adapters for writing cells, to be converted first"),
      this.state.published.map((one) => el("div", {},
        el("p", {}, el("b", {}, one.title), ` ${dots(one.repo ?? "repository not known", `on ${one.base}`, one.facts, one.license)}`),
        el("p", {}, "With llama.cpp: ", el("code", { class: "mono" }, one.conversion),
          "; then load its base with the adapter for the turns that write cells."))));
  }

  entry(entry) {
    const size = entry.asked || entry.there ? gb(entry.bytes) : entry.about_bytes ? `about ${gb(entry.about_bytes)}` : "size asked at download";
    const running = entry.download && !["finished"].includes(entry.download.state);
    const button = entry.there
      ? el("button", { class: "button models-use", type: "button", dataset: { focus: "load" }, disabled: Boolean(this.state.loading) || this.state.loaded?.path === entry.there,
          "aria-label": `Load ${entry.title}`, on: { click: () => this.load(entry.there) } }, this.state.loaded?.path === entry.there ? "In use" : "Load")
      : !running && el("button", { class: "button models-use", type: "button", dataset: { focus: "get" }, "aria-label": `Download ${entry.title}`,
          on: { click: () => this.download(entry.id) } }, icon("download"), "Download");
    return el("li", { class: "models-row", dataset: { id: entry.id } },
      el("div", { class: "models-line" },
        el("div", { class: "models-what" },
          el("div", { class: "row" }, el("span", { class: "models-name" }, entry.title), entry.there && el("span", { class: "chip ok" }, icon("check"), "downloaded")),
          entry.repo && el("div", { class: "muted small" }, dots(entry.parameters, size, entry.license ?? "licence on its page")),
          entry.good_for && el("div", { class: "small" }, entry.good_for),
          entry.repo && el("details", { class: "small muted models-source" }, el("summary", {}, "Where it comes from"),
            el("p", { class: "mono" }, `${entry.repo} / ${entry.file}`),
            el("p", {}, `Names read in: ${entry.read_in}. Size and checksum come from the Hub when it is downloaded.`),
            entry.notes && el("p", {}, entry.notes)),
          entry.problem && el("p", { class: "models-problem small" }, icon("warning"), entry.problem)),
        guess(entry), button),
      running && this.downloadBox(entry.download));
  }

  download(name) {
    return this.act(() => this.app.api.post("/api/models/download", { name }));
  }

  downloadBox(download) {
    const box = el("div", { class: "models-download", dataset: { download: download.id, state: download.state } });
    this.fillDownload(box, download);
    return box;
  }

  fillDownload(box, download) {
    const percent = download.total ? Math.floor((100 * download.done) / download.total) : 0;
    const words = {
      connecting: "Asking the Hub",
      downloading: dots(`${gb(download.done)} of ${gb(download.total)}`, download.speed && `${gb(download.speed)}/s`, left(download.left)),
      verifying: `Checking the SHA-256 · ${percent} %`,
      paused: download.total ? `Stopped at ${gb(download.done)} of ${gb(download.total)}` : "Stopped",
      failed: download.message,
    }[download.state];
    const id = encodeURIComponent(download.id);
    const button = (label, name, work) => el("button", { class: "button", type: "button", dataset: { focus: name }, "aria-label": `${label}: ${download.title}`, on: { click: () => this.act(work) } }, label);
    const failed = download.state === "failed";
    const over = failed || download.state === "paused";
    const buttons = over
      ? [button(failed && !download.done ? "Try again" : "Resume", "go", () => this.app.api.post("/api/models/download", { name: download.id })),
         button(download.done ? "Discard" : "Dismiss", "discard", () => this.app.api.del(`/api/models/download/${id}`))]
      : [button("Cancel", "pause", () => this.app.api.post(`/api/models/download/${id}/pause`))];
    if (box.dataset.state !== download.state || !box.firstChild) {
      box.dataset.state = download.state;
      put(box, el("div", { class: "row" }, el("span", { class: `grow small ${failed ? "models-bad" : "muted"}`, role: failed ? "alert" : null }, words), buttons),
        !(over && !download.done) && meter(percent, `Download of ${download.title}`));
    } else {
      find("span", box).textContent = words;
      const bar = find(".meter", box);
      if (bar) setMeter(bar, percent);
    }
  }

  showDownload(news) {
    const box = find(`[data-download="${CSS.escape(news.id)}"]`, this.catalogue);
    if (box && news.state !== "finished") this.fillDownload(box, news);
    if (news.state === "finished") this.app.toast(`${news.title} was downloaded and its checksum is right.`, "ok", { label: "Load", run: () => this.load(news.path) });
  }

  async ask() {
    this.check.disabled = true;
    try {
      const answer = await this.app.api.post("/api/models/check");
      this.offline.hidden = answer.online;
      put(this.offline, icon("warning"), answer.message);
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    this.check.disabled = false;
    this.refresh();
  }
}
