// Light, dark, or as the system has it; remembered in this browser.

import { find, icon, put } from "/ui/shell/dom.js";

const KEY = "taproot-theme";
const ICONS = { system: "auto", light: "sun", dark: "moon" }; // in the order that the button goes round
const dark = matchMedia("(prefers-color-scheme: dark)");
const button = find("#theme");
let choice = Object.hasOwn(ICONS, localStorage.getItem(KEY)) ? localStorage.getItem(KEY) : "system";

const isDark = () => choice === "dark" || (choice === "system" && dark.matches);

/** Show the colours that were chosen, and name them on the button. */
export function applyTheme() {
  document.body.classList.toggle("dark", isDark());
  document.documentElement.classList.toggle("dark-page", isDark());
  button.title = `Colours: ${choice}`;
  button.ariaLabel = `Colours: ${choice}. Change`;
  put(button, icon(ICONS[choice]));
}

button.addEventListener("click", () => {
  const order = Object.keys(ICONS);
  choice = order[(order.indexOf(choice) + 1) % order.length];
  localStorage.setItem(KEY, choice);
  applyTheme();
});
dark.addEventListener("change", applyTheme);
new MutationObserver(() => { // Gradio has a listener of its own, which knows nothing of a choice
  if (document.body.classList.contains("dark") !== isDark()) applyTheme();
}).observe(document.body, { attributeFilter: ["class"] });
