// What the tree does outside itself: it asks the server, writes to the clipboard and keeps the address of the page.

export class Actions {
  #tree;

  /** `tree` has `app` and `run`. */
  constructor(tree) {
    this.#tree = tree;
  }

  /** The log of the run after an event. */
  fetchLog(after) {
    return this.#app.api.get(`${this.#path}/log?after=${after}`);
  }

  /** The details of a node (`app/runs/detail/pane.py`), as it stood at event `upto` (undefined: now). */
  fetchNode(node, upto) {
    const query = upto === undefined ? "" : `?upto=${upto}`;
    return this.#app.api.get(`${this.#path}/nodes/${encodeURIComponent(node)}/pane${query}`);
  }

  /** Stop a subtree; resolves to whether the server took it. */
  async stop(node) {
    return Boolean(await this.#post("stop", { node }));
  }

  /** Begin a run that forks from a cell and turn to it; resolves to whether it began. */
  async fork(node, cell, given) {
    const begun = await this.#post("fork", { node, cell, ...given });
    if (begun) this.#app.openRun(begun.run);
    return Boolean(begun);
  }

  async copy(text, what) {
    try {
      await navigator.clipboard.writeText(text);
      this.#app.toast(`${what} is copied.`, "ok");
    } catch {
      this.#app.toast("The browser did not allow copying. Select the text and copy it by hand.", "error");
    }
  }

  /** Copy the address that opens the run, or one of its nodes, again. */
  copyLink(node = null) {
    const query = new URLSearchParams({ view: "ask", run: this.#tree.run, ...(node && { node }) });
    return this.copy(new URL(`/?${query}`, location.href).href, "The link");
  }

  /** Keep the selected node in the address, where the address is of this run. */
  keepInAddress(node) {
    const address = new URL(location.href);
    if (address.searchParams.get("run") !== this.#tree.run || address.searchParams.get("node") === node) return;
    address.searchParams.set("node", node);
    history.replaceState(history.state, "", address);
  }

  get #app() {
    return this.#tree.app;
  }

  get #path() {
    return `/api/runs/${encodeURIComponent(this.#tree.run)}`;
  }

  /** What the server answers; null where it refused, which is told. */
  async #post(what, body) {
    try {
      return await this.#app.api.post(`${this.#path}/${what}`, body);
    } catch (problem) {
      this.#app.toast(problem.message, "error");
      return null;
    }
  }
}
