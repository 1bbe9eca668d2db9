// The head of the run that is shown, as the app laid it out (`app/runs/head`): what is pressed in it is done here.

import { el, style } from "/ui/shell/dom.js";
import { menuKeys, save } from "/ui/runs/export/menu.js";
import { pressed, renew } from "/ui/shell/text/trees.js";
import { Verdict } from "/ui/runs/verdict.js";

/** `on` is {tell(run, what, body), resume(run)}, whose results say whether that was done, and what `Verdict` needs. */
export class RunHead {
  constructor(app, on) {
    style("/ui/runs/export/menu.css");
    this.top = el("div", { class: "run-top" });
    this.now = el("div", { class: "run-live", hidden: true });
    this.verdict = new Verdict(app, on);
    this.element = el("header", { class: "run-head" }, this.top, this.verdict.element, this.now);
    menuKeys(this.top);
    pressed(this.top, {
      run: ({ run, node }) => app.openRun(run, node),
      save: ({ asked, name }) => save(app, this.run, asked, name),
      verify: (_, button) => this.verdict.press(button),
      go_on: (_, button) => once(button, on.resume(this.run)),
      stop: (_, button) => once(button, on.tell(this.run, "stop")),
    });
    pressed(this.now, { allow: ({ seconds }, button) => once(button, on.tell(this.run, "limit", { seconds: Number(seconds) })) });
  }

  /** Show a run's row. */
  show({ run, live, head, now }) {
    if (run !== this.run) this.top.replaceChildren();
    this.run = run;
    this.verdict.show(run, live);
    renew(this.top, head);
    this.tell(now);
  }

  /** Show how the run stands now; nothing once it has ended. */
  tell(now) {
    renew(this.now, now);
    this.now.hidden = !now.length;
  }
}

/** A button that does what it does once, unless that is not done. What is laid out next makes it ready again. */
async function once(button, work) {
  button.disabled = true;
  button.disabled = await work;
}
