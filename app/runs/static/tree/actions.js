// What the tree does outside itself: it asks the server, writes to the clipboard and keeps the address of the page.

export class Actions {
  #tree;

  /** `tree` has `app`, `run`, and `say(text)` for a page without toasts. */
  constructor(tree) {
    this.#tree = tree;
  }

  /** The log of the run after an event. */
  fetchLog(after) {
    return this.#get(`log?after=${after}`);
  }

  /** The details of a node (`app/runs/detail/pane.py`), as it stood at event `upto` (undefined: now). */
  fetchNode(node, upto) {
    const query = upto === undefined ? "" : `?upto=${upto}`;
    return this.#get(`nodes/${encodeURIComponent(node)}/pane${query}`);
  }

  /** Stop a subtree; resolves to whether the server took it. */
  async stop(node) {
    try {
      await this.#tree.app.api.post(`${this.#path}/stop`, { node });
      return true;
    } catch (problem) {
      this.#tell(problem.message, "error");
      return false;
    }
  }

  /** Begin a run that forks from a cell and turn to it; resolves to whether it began. */
  async fork(node, cell, given) {
    const { app } = this.#tree;
    try {
      const { run } = await app.api.post(`${this.#path}/fork`, { node, cell, ...given });
      app.openRun?.(run);
      return true;
    } catch (problem) {
      this.#tell(problem.message, "error");
      return false;
    }
  }

  async copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.#tell(`${what} is copied.`, "ok");
    } catch {
      this.#tell("The browser did not allow copying. Select the text and copy it by hand.", "error");
    }
  }

  copyLink(node) {
    return this.copy(this.permalink(node), "The link");
  }

  /** The address that opens the run, or one of its nodes, again. */
  permalink(node = null) {
    const address = new URL("/", location.href);
    address.searchParams.set("view", "ask");
    address.searchParams.set("run", this.#tree.run);
    if (node) address.searchParams.set("node", node);
    return address.href;
  }

  /** Keep the selected node in the address, where the address is of this run. */
  keepInAddress(node) {
    const address = new URL(location.href);
    if (address.searchParams.get("run") !== this.#tree.run || address.searchParams.get("node") === node) return;
    address.searchParams.set("node", node);
    history.replaceState(history.state, "", address);
  }

  get #path() {
    return `/api/runs/${encodeURIComponent(this.#tree.run)}`;
  }

  #get(rest) {
    return this.#tree.app.api.get(`${this.#path}/${rest}`);
  }

  #tell(text, kind) {
    if (this.#tree.app?.toast) this.#tree.app.toast(text, kind);
    else this.#tree.say(text);
  }
}
