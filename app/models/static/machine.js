// What this machine offers to models: processor, memory, graphics, and what llama-cpp-python was built for.

import { el, icon, put } from "/ui/shell/dom.js";
import { copy, dots, fact, gib, meter } from "/ui/models/parts.js";

/** Fill `place` with the facts of the machine. */
export function showMachine(place, app, machine) {
  const used = machine.memory - machine.free;
  const build = machine.build;
  put(place,
    el("h2", {}, "This machine"),
    el("dl", { class: "models-machine-facts" },
      fact("Processor", dots(machine.processor, `${machine.cores} cores`)),
      el("div", {}, el("dt", {}, "Memory"), el("dd", {}, `${gib(machine.free)} free of ${gib(machine.memory)}`, meter(Math.round((100 * used) / machine.memory), "Memory in use"))),
      fact("Graphics", machine.gpus.length ? machine.gpus.map((gpu) => dots(gpu.name, gpu.memory && gib(gpu.memory), gpu.shared && "shares the memory")).join("; ") : "none found"),
      build && fact("llama-cpp-python", build.problem || dots(build.version, `built for ${build.backends.join(", ")}`))),
    build && machine.rebuild && el("div", { class: "models-rebuild" },
      el("p", { class: "small" }, icon("warning"), el("span", {}, `The graphics card lies idle: this llama.cpp was built for the processor only. This command builds it for ${machine.rebuild.backend}; then start Taproot again.`)),
      el("pre", { class: "mono" }, machine.rebuild.command),
      el("div", { class: "row" }, copy(app, machine.rebuild.command, "command", "Copy the command"),
        el("span", { class: "small muted" }, `Needs ${machine.rebuild.needs}${machine.rebuild.missing ? ", which is not installed" : ""}.`))),
    build && !machine.rebuild && machine.gpus.length > 0 && el("p", { class: "small models-good" }, icon("check"), "llama.cpp uses the graphics card."),
    build && !machine.gpus.length && el("p", { class: "small muted" }, "Models run on the processor. Small ones, and those with few active parameters (A3B), are pleasant there."));
}
