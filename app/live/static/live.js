// The one stream of a tab: events of the followed run, drafts, and news of the app.
//
// A browser allows six connections to one host, so the stream is closed while the tab is hidden and reopened with the
// number of the last event. A gap cannot pass: the server sends what follows that number, and older ones are dropped.

const NEWS = "app";
const SLOWEST = 8000; // milliseconds between attempts
const FIRST = 1000; // milliseconds that the page waits for its stream before it shows itself

/** Functions by the name of what they wait for. What one of them throws stops no other. */
export function createListeners() {
  const target = new EventTarget();
  return {
    on: (name, fn) => target.addEventListener(name, ({ detail }) => fn(detail)),
    emit: (name, detail) => target.dispatchEvent(new CustomEvent(name, { detail })),
  };
}

export function createLive({ onstate = () => {} } = {}) {
  const { on, emit } = createListeners();
  let run = null, last = 0, watcher = {}, source = null, former = null, timer = 0, wait = 500, lost = false, settled = () => {};

  function open() {
    clearTimeout(timer);
    if (document.hidden) return close();
    const query = run ? `?run=${encodeURIComponent(run)}&after=${last}` : "";
    const mine = new EventSource(`/api/live${query}`);
    const stands = source?.readyState === EventSource.OPEN;
    (stands ? former : source)?.close();
    if (stands) former = source; // it tells news until this one does
    source = mine;
    mine.onopen = () => {
      if (mine !== source) return;
      former?.close();
      wait = 500;
      onstate("open");
      if (lost) emit(NEWS, { kind: "reconnected" });
      lost = false;
      settled();
    };
    mine.onerror = () => {
      if (mine !== source) {
        lost = true; // news may come before the next one stands
        return mine.close();
      }
      close();
      lost = true;
      onstate("lost");
      settled();
      timer = setTimeout(open, wait);
      wait = Math.min(SLOWEST, wait * 2);
    };
    mine.addEventListener("run", (message) => {
      if (mine !== source) return;
      const event = JSON.parse(message.data);
      if (event.s <= last) return;
      last = event.s;
      watcher.event?.(event);
    });
    for (const name of ["draft", "head"]) {
      mine.addEventListener(name, (message) => mine === source && watcher[name]?.(JSON.parse(message.data)));
    }
    mine.addEventListener(NEWS, (message) => emit(NEWS, JSON.parse(message.data)));
  }

  function close() {
    clearTimeout(timer);
    for (const one of [source, former]) one?.close();
    source = former = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : (lost = true, open())));
  addEventListener("pagehide", close);
  addEventListener("pageshow", (event) => event.persisted && open());

  /** Open the stream. Resolves once it stands, so that what is asked after that misses no news; else a gap is told later. */
  function start() {
    open();
    return new Promise((resolve) => {
      const late = setTimeout(() => { lost = true; settled(); }, FIRST);
      settled = () => { clearTimeout(late); resolve(); };
      if (!source) settled(); // hidden: it is opened, as after a gap, once the tab is seen
    });
  }

  return {
    start,
    /** Follow one run from event `after` + 1 on; `on` is {event, draft, head}. Returns a function that ends it. Following another ends the first. */
    follow(id, after, on = {}) {
      [run, last, watcher] = [id, after ?? 0, on];
      open();
      const mine = watcher;
      return () => {
        if (watcher !== mine) return;
        [run, last, watcher] = [null, 0, {}];
        open();
      };
    },
    /** Call `fn` for all news of the app: `on("app", fn)`, also with {"kind": "reconnected"} after a gap. */
    on,
  };
}
