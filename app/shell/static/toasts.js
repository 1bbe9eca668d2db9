// Short messages at the lower edge: errors stay until they are closed, others leave by themselves.

import { el, find, icon } from "/ui/shell/dom.js";

const STAY = 6000; // milliseconds; not while the pointer or the focus is on it
const MOST = 4;
const PATIENCE = 400; // milliseconds that work may take before it is spoken of

/**
 * Returns `toast(text, kind = "info", action?)`; kind: info, ok, error, busy (stays until what it returns is called);
 * action: {label, run}.
 */
export function createToasts() {
  let before = null; // what had the focus before the messages
  const stack = el("div", { id: "toasts", role: "region", "aria-label": "Messages", on: {
    focusin: ({ relatedTarget: left }) => { if (!stack.contains(left)) before = left; },
  } });
  const close = (box) => {
    const held = box.contains(document.activeElement);
    box.remove();
    if (held && before?.isConnected) before.focus({ preventScroll: true });
  };
  document.body.append(stack);

  return function toast(text, kind = "info", action = null) {
    [...stack.children].find((other) => other.dataset.text === text)?.remove();
    const box = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status", dataset: { text } },
      icon(kind === "error" ? "warning" : kind === "ok" ? "check" : kind === "busy" ? "refresh" : "dot"),
      el("span", { class: "grow" }, text),
      action && el("button", { class: "plain", type: "button",
        on: { click: () => { close(box); action.run(); } } }, action.label),
      el("button", { class: "quiet", type: "button", "aria-label": "Close this message",
        on: { click: () => close(box) } }, icon("close")));
    stack.append(box);
    while (stack.children.length > MOST) stack.firstChild.remove();
    if (kind !== "error" && kind !== "busy") leaveLater(box);
    return () => box.remove();
  };
}

/**
 * Returns `old(name, problem, again)`: say that what is called `name` may be old, for it could not be loaded, and let a
 * person try again. Without a problem that is taken back.
 */
export function createOld(toast) {
  const closers = new Map();
  return function old(name, problem = null, again = null) {
    const text = problem && `${name} could not be loaded; what it shows may be old. ${problem.message}`;
    if (text && find(`.toast[data-text="${CSS.escape(text)}"]`)) return;
    closers.get(name)?.();
    closers.set(name, text ? toast(text, "error", { label: "Try again", run: again }) : null);
  };
}

/** Wait for work; when it takes a while, say so until it is over. */
export async function during(toast, text, work) {
  let close = () => {};
  const timer = setTimeout(() => (close = toast(text, "busy")), PATIENCE);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
    close();
  }
}

function leaveLater(box) {
  setTimeout(() => (box.matches(":hover, :focus-within") ? leaveLater(box) : box.remove()), STAY);
}
