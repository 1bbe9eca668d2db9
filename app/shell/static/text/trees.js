// Places of the page that show what the app laid out (`app/text/elements.py`), kept up to date and pressed.

import { put } from "/ui/shell/dom.js";
import { built } from "/ui/shell/text/text.js";

const OWN = ["open", "data-sure"]; // attributes that a person's acting sets: what comes anew leaves them alone

/** Make `parent` show these trees. What is there already is changed and not replaced: focus, scrolling and selection stay. */
export function renew(parent, trees) {
  const held = parent.contains(document.activeElement) && document.activeElement;
  match(parent, put(parent.cloneNode(false), trees.map((tree) => built(tree))));
  if (held && held !== document.activeElement && held.isConnected) held.focus({ preventScroll: true });
}

/** Elements stand for each other by `data-key`, all else by its place. */
function match(parent, fresh) {
  const wanted = [...fresh.childNodes];
  const keys = new Set(wanted.map(keyOf));
  for (const child of [...parent.children]) if (keyOf(child) && !keys.has(keyOf(child))) child.remove();
  const kept = new Map([...parent.children].filter(keyOf).map((child) => [keyOf(child), child]));
  let next = parent.firstChild;
  for (const child of wanted) {
    const same = keyOf(child) ? kept.get(keyOf(child)) : next;
    if (same?.nodeName !== child.nodeName || keyOf(same) !== keyOf(child)) {
      parent.insertBefore(child, next);
      continue;
    }
    if (same === next) next = next.nextSibling;
    else parent.insertBefore(same, next);
    if (!same.isEqualNode(child)) change(same, child);
  }
  while (next) {
    const after = next.nextSibling;
    next.remove();
    next = after;
  }
}

const keyOf = (node) => node.dataset?.key;

function change(node, fresh) {
  if (node.nodeType === Node.TEXT_NODE) {
    node.data = fresh.data;
    return;
  }
  for (const { name, value } of fresh.attributes) if (!OWN.includes(name)) node.setAttribute(name, value);
  for (const { name } of [...node.attributes]) if (!OWN.includes(name) && !fresh.hasAttribute(name)) node.removeAttribute(name);
  match(node, fresh);
}

const hosts = new WeakSet();

/**
 * Let what is pressed below `host` be done: `does` has a function for each `data-does`, called with the data of the button
 * and itself. Of hosts within each other the innermost acts.
 */
export function pressed(host, does) {
  hosts.add(host);
  host.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-does]");
    let place = button;
    while (place && !hosts.has(place)) place = place.parentElement;
    if (place === host) does[button.dataset.does](button.dataset, button);
  });
}

/** Whether a button is pressed for the second time within six seconds. Meanwhile it shows its words of class `sure`. */
export function surely(button) {
  if (button.dataset.sure) return true;
  button.dataset.sure = "asked";
  setTimeout(() => delete button.dataset.sure, 6000);
  return false;
}

/** The elements below `host` that have a name in `data-part`, by that name. */
export const parts = (host) => Object.fromEntries([...host.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
