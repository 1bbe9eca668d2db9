"""Put a llama-cpp-python into .venv that works on this machine and uses its GPU: prebuilt, or compiled here."""

import sys
from pathlib import Path

from app.setup.base_model import base_file
from app.setup.environment import Environment
from app.setup.llama.compile import build_key, compile_llama, forget_wheel, kept_wheel
from app.setup.llama.machine import Machine, gpu_wheels, look, toolkit
from app.setup.llama.trial import fault
from app.setup.llama.wheels import NoIndex, take
from app.setup.pip import Pip
from app.setup.report import Problem, say

NAMES = {"cpu": "processors in general", "metal": "Apple's GPU", "vulkan": "GPUs by Vulkan"}


def provide_llama(environment: Environment, pip: Pip, requirement: str, *, compiling: bool = False) -> None:
    """Make sure that llama-cpp-python is installed within `requirement` and computes here. Raises Problem.

    `compiling`: compile it for this very machine, although a prebuilt one is there or could be had.
    """
    machine = look()
    tools = toolkit(machine)
    if not compiling and _is_working(environment, pip, requirement):
        return
    compiled = {"how": "compiled", "backend": tools.backend, "build": build_key(requirement, tools)}
    if compiling and environment.notes().get("llama") == compiled:
        say(f"llama.cpp is compiled for this machine ({tools.backend}) already")
        return
    looking = not compiling and not _is_kept(requirement, machine)
    if looking and _take_prebuilt(environment, pip, requirement, machine):
        return
    compile_llama(environment, pip, requirement, tools)
    environment.note(llama=compiled)
    pip.must("install", requirement)  # what it depends on
    wrong = _fault(environment, tools.backend != "CPU")
    if wrong:
        forget_wheel(requirement, tools)
        raise Problem(
            f"llama.cpp was compiled, but does not work here: {wrong}. Mend that, or set CMAKE_ARGS to other options of llama.cpp "
            "(as CMAKE_ARGS=-DGGML_NATIVE=off) and start with --compile."
        )
    if machine.gpu and tools.backend == "CPU":
        say(
            f"the {machine.gpu} is not used: install its toolkit (NVIDIA: CUDA with nvcc; else the Vulkan SDK with "
            "glslc), then start with --compile"
        )


def provenance() -> str:
    """Return a sentence about the llama.cpp of the environment that this process runs in; "" where it is unknown."""
    noted = Environment(Path(sys.prefix).parent).notes().get("llama", {})
    backend = noted.get("backend")
    if noted.get("how") == "compiled":
        return f"compiled for this machine ({backend})"
    if noted.get("how") == "prebuilt":
        slower = "which may be slower than one compiled for this very processor: python3 launch.py --compile"
        return f"a prebuilt wheel ({backend}), {slower}"
    return ""


def _take_prebuilt(environment: Environment, pip: Pip, requirement: str, machine: Machine) -> bool:
    """Take the best prebuilt wheel that works here. False where there is none; says what was taken and why."""
    kinds = gpu_wheels(machine)
    if toolkit(machine).backend == "CPU":  # else compiling for the GPU beats a wheel for the processor
        kinds.append("cpu")
    for kind in kinds:
        what = f"llama.cpp for {NAMES.get(kind, f'CUDA {kind[2:-1]}.{kind[-1:]}')}"
        try:
            if not take(pip, kind, requirement):
                continue
        except NoIndex as silence:
            say(f"no prebuilt llama.cpp: {silence}")
            return False
        backend = {"cpu": "CPU", "metal": "Metal", "vulkan": "Vulkan"}.get(kind, "CUDA")
        environment.note(llama={"how": "prebuilt", "backend": backend})
        pip.must("install", requirement)  # what it depends on
        wrong = _fault(environment, backend != "CPU")
        if not wrong:
            found = machine.gpu or "no GPU of its own memory was found"
            say(f"took the prebuilt {what} ({found}); --compile makes one for this very machine")
            return True
        say(f"the prebuilt {what} does not work here: {wrong}")
    say("there is no prebuilt llama.cpp for this machine")
    return False


def _is_working(environment: Environment, pip: Pip, requirement: str) -> bool:
    """Whether a version within `requirement` is installed and works; pip is asked, and kept from installing one."""
    if not environment.has("llama_cpp_python"):
        return False
    code, told = pip.run("install", "--no-index", "--no-deps", "--dry-run", requirement)
    if code or "Would install" in told:
        return False
    backend = environment.notes().get("llama", {}).get("backend", "CPU")
    return not _fault(environment, backend != "CPU")


def _is_kept(requirement: str, machine: Machine) -> bool:
    """Whether the wheel compiled here before is better than a prebuilt one: not where only the latter has the GPU."""
    tools = toolkit(machine)
    return bool(kept_wheel(requirement, tools)) and (tools.backend != "CPU" or not gpu_wheels(machine))


def _fault(environment: Environment, gpu: bool) -> str:
    return fault(environment.python, base_file(environment), gpu=gpu)
