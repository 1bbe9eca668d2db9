// Files from the browser to the library: sent by four requests at a time, with progress, a pause when one cannot be sent,
// and a way to stop. What is asked again over a new connection is known to the app: nothing comes twice.

const PARALLEL = 4;
const TELL = 150; // milliseconds between two reports of progress
const WAITS = [300, 700, 1500, 3000, 4500]; // milliseconds before each new try where the connection was lost

/** The files of an <input type=file>, with or without `webkitdirectory`. */
export function chosen(files) {
  return [...files].map((file) => ({ rel: file.webkitRelativePath || file.name, file }));
}

const hidden = (rel) => rel.split("/").some((part) => part.startsWith("."));

/**
 * One upload. `onchange(sending)` is called as it goes; `state` is "sending", "paused" (`message` says why), "reading"
 * (`job` is the one that reads it), "stopped" or "failed".
 */
export class Sending {
  constructor(api, files, onchange) {
    Object.assign(this, { api, onchange });
    this.files = files.filter(({ rel }) => !hidden(rel));
    this.hidden = files.length - this.files.length;
    const tops = new Set(this.files.map(({ rel }) => rel.split("/")[0]));
    this.name = tops.size === 1 ? [...tops][0] : "Uploaded files";
    this.bytesTotal = this.files.reduce((sum, { file }) => sum + file.size, 0);
    this.problems = []; // files that were refused: {path, reason}
    this.active = new Set(); // files on their way: {rel, sent, size, request}
    this.waiting = this.files.map((_, i) => i + 1); // numbers of files
    this.done = this.bytes = this.spent = this.told = 0;
  }

  /** Send everything, or after a pause what is left; resolves when it is over or paused. */
  async start() {
    this.trouble = null; // why a file could not be sent: no other is begun
    this.since = performance.now() - this.spent;
    this.become("sending");
    try {
      if (!this.upload) Object.assign(this, await this.insist(() => this.api.post("/api/uploads")));
      if (this.state === "stopped") return void this.drop(`/api/uploads/${this.upload}`); // nobody knew its name yet
      await Promise.all(Array.from({ length: PARALLEL }, () => this.worker()));
      this.spent = performance.now() - this.since;
      if (this.state === "stopped") return;
      if (this.trouble !== null) return this.become("paused", this.trouble);
      this.job = await this.insist(() => this.api.post(`/api/uploads/${this.upload}/done`, { name: this.name }));
      if (this.state === "stopped") return void this.drop(`/api/jobs/${this.job.job}`);
      this.become("reading");
    } catch (problem) {
      if (this.state !== "stopped") this.become(problem.status === 0 ? "paused" : "failed", problem.message);
    }
  }

  /** The outcome of `work`, which is done again in growing waits where the connection was lost. */
  async insist(work) {
    for (let at = 0; ; at += 1) {
      try {
        return await work();
      } catch (problem) {
        const again = problem.status === 0 && at < WAITS.length;
        if (again) await new Promise((resolve) => setTimeout(resolve, WAITS[at]));
        if (!again || !this.goesOn) throw problem;
      }
    }
  }

  get goesOn() {
    return this.state === "sending" && this.trouble === null;
  }

  async stop() {
    if (this.state !== "sending" && this.state !== "paused") return;
    this.become("stopped", "Stopped; nothing of it was kept.");
    for (const { request } of this.active) request.abort();
    if (this.upload) await this.drop(`/api/uploads/${this.upload}`);
  }

  drop(address) {
    return this.api.del(address, { keepalive: true }).catch(() => {});
  }

  /** Seconds left, or null while nobody can know. */
  get eta() {
    const passed = (performance.now() - this.since) / 1000;
    return passed > 2 && this.sent > 0 ? (passed * (this.bytesTotal - this.sent)) / this.sent : null;
  }

  get sent() {
    return [...this.active].reduce((sum, one) => sum + one.sent, this.bytes);
  }

  async worker() {
    while (this.goesOn && this.waiting.length) {
      const number = this.waiting.shift(), { rel, file } = this.files[number - 1];
      const { status, message } = await this.insist(() => this.put(number, rel, file)).catch((problem) => problem);
      if (status === 413 || status === 400) this.problems.push({ path: rel, reason: message });
      else if (status !== 200) {
        this.waiting.unshift(number);
        this.trouble = message;
        return;
      }
      this.bytes += file.size;
      this.done += 1;
      this.tell();
    }
  }

  put(number, rel, file) {
    const query = new URLSearchParams({ rel, n: number, size: file.size });
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest(); // fetch does not tell how much was sent
      const one = { rel, sent: 0, size: file.size, request };
      this.active.add(one);
      request.upload.onprogress = (event) => {
        one.sent = event.loaded;
        this.tell();
      };
      request.onloadend = () => {
        this.active.delete(one);
        const { status, response } = request;
        const lost = `${rel} could not be sent: it changed or cannot be read any more, or Taproot is not running.`;
        if (status) resolve({ status, message: response?.error ?? `Taproot answered with status ${status}.` });
        else reject(Object.assign(new Error(lost), { status }));
      };
      request.open("PUT", `/api/uploads/${this.upload}/files?${query}`);
      request.responseType = "json";
      // What is too large is only announced: the library notes it and says no before any byte was sent.
      request.send(file.size > this.largest ? null : file);
    });
  }

  become(state, message = "") {
    Object.assign(this, { state, message });
    this.tell(true);
  }

  tell(now = false) {
    if (!now && performance.now() - this.told < TELL) return;
    this.told = performance.now();
    this.onchange(this);
  }
}
