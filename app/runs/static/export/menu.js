// The menu that saves a run as a file (`app/runs/head/exports.py`). The file is made by the app and never opened here.

import { el, find } from "/ui/shell/dom.js";

const MENU = ".export-menu";

/** Save a run in the form that is `asked` for; `name` is what that is called. */
export async function save(app, run, asked, name) {
  try {
    const answer = await fetch(`/api/runs/${encodeURIComponent(run)}/export?${asked}`);
    if (!answer.ok) throw new Error((await answer.json()).error);
    const file = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition"))[1];
    const link = el("a", { download: file });
    link.href = URL.createObjectURL(await answer.blob());
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    app.toast(`${name} saved as ${file}`, "ok");
  } catch (problem) {
    app.toast(problem instanceof TypeError ? "Taproot does not answer. Is it still running in its terminal?" : problem.message, "error");
  }
}

/** Let the menu below `host` be used by keys, and close once it has been used or left. */
export function menuKeys(host) {
  host.addEventListener("keydown", (event) => {
    const menu = event.target.closest(`${MENU}[open]`);
    const step = { ArrowDown: 1, ArrowUp: -1, Escape: 0 }[event.key];
    if (!menu || step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const forms = [...menu.querySelectorAll(".export-form")];
    const at = forms.indexOf(document.activeElement);
    if (step) forms[(at + step + forms.length) % forms.length].focus();
    else close(menu);
  });
  host.addEventListener("focusout", ({ target, relatedTarget }) => {
    const menu = target.closest(MENU);
    if (menu && relatedTarget && !menu.contains(relatedTarget)) menu.open = false;
  });
  host.addEventListener("click", ({ target }) => target.closest(".export-form") && close(target.closest(MENU)));
}

function close(menu) {
  menu.open = false;
  find("summary", menu).focus();
}
