// Folders and files from the browser to the library: collected from a drop or a file field with their relative paths,
// sent by four requests at a time, with progress, another try after a failure, and a way to stop.

const PARALLEL = 4;
const TRIES = 3;
const PAUSE = 800; // milliseconds before another try
const TELL = 150; // milliseconds between two reports of progress

/** The files of a drop, with their paths: [{rel, file}]. Folders of the same name get a number. */
export async function dropped(transfer) {
  // The entries must be taken before the first await: the browser empties the list then.
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  const taken = new Set(), found = [];
  for (const entry of entries) {
    if (entry instanceof File) {
      found.push({ rel: entry.name, file: entry });
      continue;
    }
    let top = entry.name;
    for (let n = 2; entry.isDirectory && taken.has(top); n += 1) top = `${entry.name} (${n})`;
    taken.add(top);
    await walk(entry, top, found);
  }
  return found;
}

async function walk(top, path, found) {
  const pending = [[top, path]];
  while (pending.length) {
    const [entry, rel] = pending.shift();
    if (entry.isFile) {
      found.push({ rel, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
      continue;
    }
    const reader = entry.createReader();
    for (;;) { // it gives at most 100 at a time
      const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      if (!some.length) break;
      for (const one of some) pending.push([one, `${rel}/${one.name}`]);
    }
  }
}

/** The files of an <input type=file>, with or without `webkitdirectory`. */
export function chosen(input) {
  return [...input.files].map((file) => ({ rel: file.webkitRelativePath || file.name, file }));
}

const hidden = (rel) => rel.split("/").some((part) => part.startsWith("."));

/**
 * One upload. `onchange(sending)` is called as it goes; `state` is "sending", "paused" (`message` says why), "reading"
 * (`job` is the one that reads it), "stopped" or "failed".
 */
export class Sending {
  constructor(api, files, onchange) {
    this.api = api;
    this.onchange = onchange;
    this.files = files.filter(({ rel }) => !hidden(rel));
    this.hidden = files.length - this.files.length;
    const tops = new Set(this.files.map(({ rel }) => (rel.includes("/") ? rel.split("/")[0] : "")));
    const [top] = tops;
    this.name = tops.size === 1 && top ? top : this.files.length === 1 ? this.files[0].rel : "Uploaded files";
    this.bytesTotal = this.files.reduce((sum, { file }) => sum + file.size, 0);
    this.done = 0;
    this.bytes = 0;
    this.problems = [];
    this.active = new Map(); // number: {rel, sent, size, request}
    this.state = "sending";
    this.message = "";
    this.waiting = this.files.map((_, i) => i + 1);
    this.told = 0;
  }

  /** Send everything; resolves when it is over or paused. */
  async start() {
    try {
      const begun = await this.api.post("/api/uploads");
      [this.upload, this.largest] = [begun.upload, begun.largest];
      this.since = performance.now();
      await this.send();
    } catch (problem) {
      this.end("failed", problem.message);
    }
  }

  /** Go on after a pause, once what was still on its way has ended: its failure must not pause this again. */
  async resume() {
    if (this.state !== "paused" || this.resuming) return;
    this.resuming = true;
    await this.going;
    this.resuming = false;
    if (this.state !== "paused") return;
    [this.state, this.message] = ["sending", ""];
    this.since = performance.now() - (this.spent ?? 0);
    try {
      await this.send();
    } catch (problem) {
      this.end("failed", problem.message);
    }
  }

  async stop() {
    if (this.state !== "sending" && this.state !== "paused") return;
    this.end("stopped", "Stopped; nothing of it was kept.");
    for (const { request } of this.active.values()) request.abort();
    if (this.upload) await this.api.del(`/api/uploads/${this.upload}`, { keepalive: true }).catch(() => {});
  }

  /** Seconds left, or null while nobody can know. */
  get eta() {
    const passed = (performance.now() - this.since) / 1000;
    return passed > 2 && this.sent > 0 ? (passed * (this.bytesTotal - this.sent)) / this.sent : null;
  }

  get sent() {
    let sum = this.bytes;
    for (const one of this.active.values()) sum += one.sent;
    return sum;
  }

  async send() {
    this.tell(true);
    this.going = Promise.all(Array.from({ length: PARALLEL }, () => this.worker()));
    await this.going;
    this.spent = performance.now() - this.since;
    if (this.state !== "sending") return;
    const name = this.name === "Uploaded files" ? "" : this.name;
    this.job = await this.api.post(`/api/uploads/${this.upload}/done`, { name });
    this.end("reading", "");
  }

  async worker() {
    while (this.state === "sending" && this.waiting.length) {
      const number = this.waiting.shift();
      await this.one(number);
    }
  }

  async one(number) {
    const { rel, file } = this.files[number - 1];
    for (let tries = 1; ; tries += 1) {
      const { status, message } = await this.put(number, rel, file);
      if (this.state === "stopped") return;
      if (status === 200) break;
      if (status === 413 || status === 400) {
        this.problems.push({ path: rel, reason: message });
        break;
      }
      if (status === 0 && tries < TRIES && this.state === "sending") {
        await new Promise((resolve) => setTimeout(resolve, PAUSE * tries));
        if (this.state === "sending") continue;
      }
      this.waiting.unshift(number);
      if (this.state === "sending") this.end("paused", message);
      return;
    }
    this.bytes += file.size;
    this.done += 1;
    this.tell();
  }

  put(number, rel, file) {
    const query = new URLSearchParams({ rel, n: number, size: file.size });
    return new Promise((resolve) => {
      const request = new XMLHttpRequest(); // fetch does not tell how much was sent
      const one = { rel, sent: 0, size: file.size, request };
      this.active.set(number, one);
      const end = (status, message) => {
        this.active.delete(number);
        resolve({ status, message });
      };
      request.upload.onprogress = (event) => {
        one.sent = event.loaded;
        this.tell();
      };
      request.onload = () => end(request.status, sentence(request));
      request.onerror = () => end(0, `${rel} could not be sent: it changed or cannot be read any more, or Taproot is not running.`);
      request.onabort = () => end(-1, "");
      request.open("PUT", `/api/uploads/${this.upload}/files?${query}`);
      // What is too large is only announced: the library notes it and says no before any byte was sent.
      request.send(file.size > this.largest ? null : file);
    });
  }

  end(state, message) {
    [this.state, this.message] = [state, message];
    this.tell(true);
  }

  tell(now = false) {
    if (!now && performance.now() - this.told < TELL) return;
    this.told = performance.now();
    this.onchange(this);
  }
}

function sentence(request) {
  try {
    return JSON.parse(request.responseText).error ?? "";
  } catch {
    return `Taproot answered with status ${request.status}.`;
  }
}
