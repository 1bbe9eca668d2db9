// The shell: navigation, theme, toasts, shortcuts; it mounts the views and gives each the same `app`.

import { api } from "/ui/shell/api.js";
import { appears, el, find, icon, put } from "/ui/shell/dom.js";
import { createLive } from "/ui/live/live.js";
import { createShortcuts } from "/ui/shell/shortcuts.js";
import { createTheme } from "/ui/shell/themes.js";
import { createToasts, during } from "/ui/shell/toasts.js";

const VIEWS = [ // name, label, module
  ["ask", "Ask", "/ui/ask/ask.js"],
  ["library", "Library", "/ui/library/library.js"],
  ["sessions", "Sessions", "/ui/runs/sessions.js"],
  ["models", "Models", "/ui/models/models.js"],
  ["bench", "Bench", "/ui/bench/bench.js"],
  ["questions", "Questions", "/ui/questions/questions.js"],
];
const listeners = new Map();
const toast = createToasts();
const shortcuts = createShortcuts();
const theme = createTheme();
const live = createLive({ onstate: showConnection });

/** What every view gets at `mount(host, app)`. */
const app = {
  api,
  live,
  toast,
  /** Wait for a promise; what takes a while is spoken of meanwhile. */
  during: (text, work) => during(toast, text, work),
  theme,
  /** View and parameters of the address: {view, run, node, ...}. */
  state: read(),
  shortcut: shortcuts.add,
  go,
  on(name, fn) {
    listeners.set(name, [...(listeners.get(name) ?? []), fn]);
    return () => listeners.set(name, listeners.get(name).filter((other) => other !== fn));
  },
  emit(name, detail) {
    for (const fn of [...(listeners.get(name) ?? [])]) {
      try {
        fn(detail);
      } catch (problem) {
        console.error(problem);
      }
    }
  },
  /** Replaced by the modules that can do it. */
  openDocument: () => toast("Documents cannot be opened yet.", "error"),
  openRun: (run, node) => go("ask", { run, node }),
};

if (app.state.view === "ask" && app.state.run) api.ahead(`/api/runs/${encodeURIComponent(app.state.run)}/log?after=0`);

function read() {
  const given = Object.fromEntries(new URLSearchParams(location.search));
  return { ...given, view: VIEWS.some(([name]) => name === given.view) ? given.view : "ask" };
}

/** Show a view; `params` become the rest of the address ({replace: true} as third argument keeps the history short). */
function go(view, params = {}, { replace = false } = {}) {
  const query = new URLSearchParams({ view });
  for (const [name, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(name, value);
  }
  const address = `/?${query}`;
  if (address !== location.pathname + location.search) history[replace ? "replaceState" : "pushState"](null, "", address);
  show();
}

function show() {
  app.state = read();
  for (const [name, label] of VIEWS) {
    const here = name === app.state.view;
    const panel = find(`#view-${name}`);
    panel?.classList.toggle("shown", here);
    if (panel) panel.inert = !here;
    if (panel && !here && panel.contains(document.activeElement)) document.activeElement.blur(); // the next key is for the view that is shown
    const link = find(`#nav-${name}`);
    if (here) link?.setAttribute("aria-current", "page");
    else link?.removeAttribute("aria-current");
    if (here) document.title = name === "ask" ? "Taproot" : `${label} · Taproot`;
  }
  app.emit("view", app.state);
}

function header() {
  const links = VIEWS.map(([name, label]) => el("a", {
    id: `nav-${name}`, class: "nav-link", href: `/?view=${name}`,
    on: { click: (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey) return;
      event.preventDefault();
      go(name);
    } },
  }, icon(name), el("span", {}, label)));
  return el("header", { id: "bar" },
    el("a", { class: "brand", href: "/?view=ask", "aria-label": "Taproot, to the question",
      on: { click: (event) => { event.preventDefault(); go("ask"); } } }, icon("root"), el("span", {}, "Taproot")),
    el("nav", { "aria-label": "Views" }, links),
    el("span", { class: "grow" }),
    el("span", { id: "connection", role: "status" }),
    el("span", { id: "bar-extra" }),
    theme.button(),
    el("button", { class: "quiet", type: "button", title: "Keyboard shortcuts (?)", "aria-label": "Keyboard shortcuts",
      on: { click: shortcuts.toggle } }, icon("keyboard")));
}

function showConnection(state) {
  const place = find("#connection");
  if (!place) return;
  put(place, state === "lost" && [icon("warning"), "not connected"]);
}

async function mountView([name, , module], streaming) {
  const host = find(`#${name}-host`);
  try {
    const { mount } = await import(module);
    await streaming;
    await mount(host, app);
  } catch (problem) {
    console.error(problem);
    put(host, el("p", { class: "empty" }, `This view could not be shown: ${problem.message}`));
  }
}

async function start() {
  await appears("#questions-host");
  document.documentElement.lang = "en";
  document.body.prepend(
    el("a", { class: "skip", href: "#main", on: { click: (event) => {
      event.preventDefault();
      find(`#view-${app.state.view}`)?.querySelector("textarea, input, button, a, [tabindex]")?.focus();
    } } }, "Skip to the content"),
    header());
  theme.apply();
  document.body.classList.add("ready");
  for (const [[name, label], key] of VIEWS.map((view, i) => [view, i + 1])) {
    app.shortcut(`Alt+${key}`, `Go to ${label}`, () => go(name));
  }
  addEventListener("popstate", show);
  show();
  const streaming = live.start();
  appears("#safekeeping-host").then(() => mountView(["safekeeping", "", "/ui/safekeeping/safekeeping.js"], streaming)); // once it is unfolded
  await Promise.all(VIEWS.map((view) => mountView(view, streaming)));
  show();
  document.body.dataset.mounted = "true"; // the tests wait for it
}

start();
