// Light, dark, or as the system has it; remembered in this browser.

import { el, icon, put } from "/ui/shell/dom.js";

const KEY = "taproot-theme";
const ORDER = ["system", "light", "dark"];
const ICON = { system: "auto", light: "sun", dark: "moon" };
const dark = matchMedia("(prefers-color-scheme: dark)");

export function createTheme() {
  let choice = ORDER.includes(localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";
  let button = null;

  const isDark = () => choice === "dark" || (choice === "system" && dark.matches);

  function apply() {
    document.body.classList.toggle("dark", isDark());
    document.documentElement.classList.toggle("dark-page", isDark());
    if (button) {
      const label = `Colours: ${choice}. Change`;
      button.title = `Colours: ${choice}`;
      button.setAttribute("aria-label", label);
      put(button, icon(ICON[choice]));
    }
  }

  dark.addEventListener("change", apply);
  new MutationObserver(() => { // Gradio has a listener of its own, which knows nothing of a choice
    if (document.body.classList.contains("dark") !== isDark()) apply();
  }).observe(document.body, { attributeFilter: ["class"] });
  return {
    apply,
    /** The button that goes round the three. */
    button() {
      button = el("button", { id: "theme", class: "quiet", type: "button", on: { click: () => {
        choice = ORDER[(ORDER.indexOf(choice) + 1) % ORDER.length];
        localStorage.setItem(KEY, choice);
        apply();
      } } });
      return button;
    },
  };
}
