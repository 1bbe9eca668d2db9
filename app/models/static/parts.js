// Small parts of the Models view: sizes in words, facts, meters, badges of fit, and what copies a text.

import { el, icon } from "/ui/shell/dom.js";

export const number = (n) => n.toLocaleString("en");
export const gib = (n) => (n >= 2 ** 30 ? `${(n / 2 ** 30).toFixed(1)} GiB` : `${Math.max(1, Math.round(n / 2 ** 20))} MiB`);
export const gb = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : `${Math.max(1, Math.round(n / 1e6))} MB`);
export const count = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} billion` : `${Math.round(n / 1e6)} million`);
export const dots = (...parts) => parts.filter(Boolean).join(" · ");

export function fact(name, value) {
  return el("div", {}, el("dt", {}, name), el("dd", {}, value));
}

export function meter(percent, label) {
  const bar = el("div", { class: "meter", role: "progressbar", "aria-label": label, "aria-valuemin": "0", "aria-valuemax": "100" }, el("i", {}));
  setMeter(bar, percent);
  return bar;
}

export function setMeter(bar, percent) {
  bar.setAttribute("aria-valuenow", String(percent));
  bar.firstChild.style.width = `${percent}%`;
}

export function badge(fit) {
  if (!fit.ok) return el("span", { class: "chip bad", title: fit.problem }, "too large");
  const words = fit.level === "tight" ? `fits, ${number(fit.window)} tokens` : "fits";
  return el("span", { class: `chip ${fit.level === "tight" ? "warn" : "ok"}`, title: dots(`Needs ${gib(fit.memory)} of memory with a window of ${number(fit.window)} tokens`, ...fit.notices) },
    words, el("span", { class: "models-need" }, gib(fit.memory)));
}

export function guess(entry) {
  const words = { good: "should fit", tight: "tight", none: "too large here" }[entry.level];
  const tone = { good: "ok", tight: "warn", none: "bad" }[entry.level];
  return words ? el("span", { class: `chip ${tone}`, title: `Files of up to ${gb(entry.fits_up_to)} fit the free memory` }, words) : null;
}

export function copy(app, text, what, label) {
  return el("button", { class: label ? "button" : "quiet", type: "button", title: `Copy the ${what}`, "aria-label": `Copy the ${what}`, on: { click: async () => {
    try {
      await navigator.clipboard.writeText(text);
      app.toast(`The ${what} was copied.`, "ok");
    } catch {
      app.toast("The browser does not allow copying here; select the text instead.", "error");
    }
  } } }, icon("copy"), label);
}
