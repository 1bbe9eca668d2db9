// A view whose form is Gradio's and whose rest the app lays out: asked for anew when there is news, and pressed.

import { linkTo } from "/ui/forms/link.js";
import { appears, el, find, put, style } from "/ui/shell/dom.js";
import { pressed, renew, surely } from "/ui/shell/text/trees.js";

/**
 * A view is of this class with the `path` of what it shows, with `refreshed(found)`, which takes what came from there and
 * shows its trees, and with `hear(news)`, which looks again when news of the app say so. `does` has a function for each
 * `data-does` of a button.
 */
export class FormView {
  chosen = {}; // how a person looks at it: what the app is asked with
  timer = 0;
  asked = 0;
  answered = 0;

  /** `name` is that of the view, `parts` are selectors of what its form has (each kind of widget is loaded by itself). */
  constructor(host, app, name, parts = []) {
    Object.assign(this, { host, app, name, parts, link: linkTo(`${name}-link`) });
    style(`/ui/${name}/${name}.css`);
    pressed(find(`#view-${name}`), {
      choose: ({ chosen }) => this.choose(JSON.parse(chosen)),
      send: (data, button) => this.send(data, button),
      ...this.does,
    });
    host.addEventListener("input", ({ target }) => target.name && this.choose({ [target.name]: target.value }));
    app.live.on("app", (news) => this.hear(news));
    app.on("view", () => this.visible && this.look());
  }

  get visible() {
    return this.app.state.view === this.name;
  }

  /** What the bar calls it. */
  get title() {
    return find(`#nav-${this.name}`).textContent;
  }

  get address() {
    return `${this.path}?${new URLSearchParams(this.chosen)}`;
  }

  /** Look at it in another way (`chooses` of app/text/elements.py). */
  choose(chosen) {
    Object.assign(this.chosen, chosen);
    this.refresh();
  }

  /** See what is there now. The form does by itself, and is made when the view is first looked at. */
  look() {
    if (this.visible) {
      this.link.let("refresh");
      this.form ??= formCard(this.name, this.parts);
    }
    return this.refresh();
  }

  /** Refresh in so many milliseconds, or sooner where that is to come already; at once for 0. */
  later(wait) {
    if (this.timer && wait) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => { this.timer = 0; this.refresh(); }, wait);
  }

  /** Show what is there; what is in the way is shown where nothing was seen yet, and else said. */
  async refresh() {
    const mine = (this.asked += 1);
    try {
      const found = await this.app.api.get(this.address);
      if (mine < this.answered) return; // a later question was answered before
      this.answered = mine;
      if (mine === this.asked) this.app.old(this.title); // of what was asked later the answer is told by itself
      this.refreshed(found);
    } catch (problem) {
      if (!this.answered) put(this.host, el("p", { class: "empty" }, problem.message));
      else if (this.visible && mine === this.asked) this.app.old(this.title, problem, () => this.look());
    }
  }

  /** Show trees in the view, or in a place of it. What has the focus and goes, or is disabled, leaves it to what is nearest. */
  show(trees, place = this.host) {
    const around = [];
    if (place.contains(document.activeElement)) {
      for (let one = document.activeElement; one !== this.host; one = one.parentElement) around.push(one);
    }
    renew(place, trees);
    const held = document.activeElement;
    if (around.length === 0 || (this.host.contains(held) && !held.disabled)) return;
    for (const one of around.filter((left) => left.isConnected)) {
      const next = one.matches("[tabindex]") ? one : find("a, button:enabled", one);
      if (next) return next.focus({ preventScroll: true });
    }
  }

  /** Let a route of ours do what a button says (`sends` of app/text/elements.py), and show what came of it. */
  async send({ method = "post", to, body = "{}" }, button = null) {
    if (button?.ariaDisabled === "true" || (button && find(".sure", button) && !surely(button))) return;
    try {
      const answer = await this.app.api[method](to, JSON.parse(body));
      if (answer?.said) this.app.toast(answer.said, "ok");
    } catch (problem) {
      this.app.toast(problem.message, "error");
    }
    await this.refresh();
  }
}

/** The form that Gradio makes, once it has these parts. Groups and the sentence below it get what Gradio gives none. */
async function formCard(view, parts) {
  const form = await appears(`#${view}-form`);
  await Promise.all([".told", ...parts].map((part) => appears(part, form)));
  for (const group of form.querySelectorAll("fieldset")) {
    group.setAttribute("aria-label", find('[data-testid="block-info"]', group).textContent);
    const name = () => { for (const radio of group.querySelectorAll('[type="radio"]')) radio.name = group.id; };
    group.addEventListener("change", () => setTimeout(name)); // Gradio names each anew, sooner or later
    group.addEventListener("keydown", name); // the arrow keys go to those of the same name
    name();
  }
  for (const told of form.querySelectorAll(".block.told")) told.setAttribute("role", "status");
  return form;
}
