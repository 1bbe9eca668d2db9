// The shell: navigation, theme, toasts, shortcuts; it mounts the views and gives each the same `app`.
//
// The bar with its links stands in the page from the start (app/shell/frame.html).

import { api } from "/ui/shell/api.js";
import { appears, el, find, icon, put } from "/ui/shell/dom.js";
import { createListeners, createLive } from "/ui/live/live.js";
import { createShortcuts } from "/ui/shell/shortcuts.js";
import { applyTheme } from "/ui/shell/themes.js";
import { createOld, createToasts, during } from "/ui/shell/toasts.js";

const VIEWS = { // their modules
  ask: "/ui/ask/ask.js",
  library: "/ui/library/library.js",
  sessions: "/ui/runs/sessions.js",
  models: "/ui/models/models.js",
  bench: "/ui/bench/bench.js",
  questions: "/ui/questions/questions.js",
};
const listeners = createListeners();
const toast = createToasts();
const live = createLive({ onstate: showConnection });

/** What every view gets at `mount(host, app)`. */
const app = {
  api,
  live,
  toast,
  old: createOld(toast),
  /** Say what is in the way of something, and let a person try again where there is a function for it. */
  failed: (problem, again = null) => toast(problem.message, "error", again && { label: "Try again", run: again }),
  /** Wait for a promise; what takes a while is spoken of meanwhile. */
  during: (text, work) => during(toast, text, work),
  /** View and parameters of the address: {view, run, node, ...}. */
  state: read(),
  shortcut: createShortcuts(),
  go,
  /** Call `fn` with the state for "view", whenever another view or another part of one is shown. */
  on: listeners.on,
  /** Replaced by the module that can do it. */
  openDocument: () => toast("Documents cannot be opened yet.", "error"),
  openRun: (run, node) => go("ask", { run, node }),
};

if (app.state.view === "ask" && app.state.run) api.ahead(`/api/runs/${encodeURIComponent(app.state.run)}/log?after=0`);

function read() {
  const given = Object.fromEntries(new URLSearchParams(location.search));
  return { ...given, view: Object.hasOwn(VIEWS, given.view) ? given.view : "ask" };
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
  for (const name of Object.keys(VIEWS)) {
    const here = name === app.state.view;
    const panel = find(`#view-${name}`);
    panel?.classList.toggle("shown", here);
    if (panel) panel.inert = !here;
    if (panel && !here && panel.contains(document.activeElement)) document.activeElement.blur(); // the next key is for the view that is shown
    const link = find(`#nav-${name}`);
    link.ariaCurrent = here ? "page" : null;
    if (here) document.title = name === "ask" ? "Taproot" : `${link.textContent} · Taproot`;
  }
  listeners.emit("view", app.state);
}

function showConnection(state) {
  put(find("#connection"), state === "lost" && [icon("warning"), "not connected"]);
}

async function mountView(name, module, streaming) {
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

/** Let links of the bar and keys lead to the views. */
function navigate() {
  find("#bar").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(new URL(link.href).searchParams.get("view"));
  });
  find(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    find(`#view-${app.state.view}`)?.querySelector("textarea, input, button, a, [tabindex]")?.focus();
  });
  Object.keys(VIEWS).forEach((name, at) => app.shortcut(`Alt+${at + 1}`, () => go(name)));
  addEventListener("popstate", show);
}

async function start() {
  await appears("#questions-host");
  document.documentElement.lang = "en";
  applyTheme();
  document.body.classList.add("ready");
  navigate();
  show();
  const streaming = live.start();
  appears("#safekeeping-host").then(() => mountView("safekeeping", "/ui/safekeeping/safekeeping.js", streaming)); // once it is unfolded
  await Promise.all(Object.entries(VIEWS).map(([name, module]) => mountView(name, module, streaming)));
  show();
  document.body.dataset.mounted = "true"; // the tests wait for it
}

start();
