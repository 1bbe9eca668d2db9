"""What this machine has that llama.cpp can use: a GPU, what its driver runs, and the tools to compile for it."""

import ctypes
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

TOOL_SECONDS = 15  # a hanging driver must not hang us
MIB = 1 << 20
# Wheels of https://github.com/abetlen/llama-cpp-python, newest CUDA first: (major, minor) and the libraries that
# the wheel expects from the machine.
CUDA_WHEELS = (
    ((13, 2), ("libcudart.so.13", "libcublas.so.13")),
    ((13, 0), ("libcudart.so.13", "libcublas.so.13")),
    ((12, 5), ("libcudart.so.12", "libcublas.so.12")),
    ((12, 4), ("libcudart.so.12", "libcublas.so.12")),
    ((12, 3), ("libcudart.so.12", "libcublas.so.12")),
    ((12, 2), ("libcudart.so.12", "libcublas.so.12")),
    ((12, 1), ("libcudart.so.12", "libcublas.so.12")),
    ((11, 8), ("libcudart.so.11.0", "libcublas.so.11")),
)


@dataclass(frozen=True)
class Machine:
    """What was found. `vendor`: "nvidia", "apple", "amd" or ""; `cuda`: the newest CUDA that the driver runs."""

    vendor: str = ""
    gpu: str = ""
    cuda: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Toolkit:
    """What llama.cpp can be compiled for here: the backend's name and the CMake flag that asks for it."""

    backend: str = "CPU"
    flag: str = ""


def look() -> Machine:
    """Look for a GPU of its own memory, or Apple's; one that shares the processor's is seldom faster than it."""
    if platform.system() == "Darwin":
        apple = platform.machine() == "arm64"
        return Machine("apple", "Apple GPU") if apple else Machine()
    told = _output("nvidia-smi")
    version = re.search(r"CUDA (?:\w+ )?Version:\s*(\d+)\.(\d+)", told)
    if version:
        name = _output("nvidia-smi", "--query-gpu=name", "--format=csv,noheader").strip().splitlines()
        return Machine("nvidia", name[0] if name else "NVIDIA GPU", (int(version[1]), int(version[2])))
    for device in sorted(Path("/sys/class/drm").glob("card[0-9]/device")):
        memory = _text(device / "mem_info_vram_total")
        if _text(device / "vendor") == "0x1002" and memory.isdigit() and int(memory) >= 1024 * MIB:
            return Machine("amd", _text(device / "product_name") or "AMD GPU")
    return Machine()


def gpu_wheels(machine: Machine) -> list[str]:
    """Names of the wheel indexes for this GPU, the best first; those whose libraries are missing are left out."""
    kinds = []
    if machine.vendor == "apple":
        kinds = ["metal"]
    if machine.vendor == "nvidia":
        kinds = [
            f"cu{major}{minor}"
            for (major, minor), libraries in CUDA_WHEELS
            if (major, minor) <= machine.cuda and all(map(_loads, libraries))
        ]
    if machine.vendor in ("nvidia", "amd") and _loads("libvulkan.so.1"):
        kinds.append("vulkan")
    return kinds


def toolkit(machine: Machine) -> Toolkit:
    """The tools to compile llama.cpp for this machine's GPU; those for the processor where they are missing."""
    if machine.vendor == "apple":
        return Toolkit("Metal", "-DGGML_METAL=on")
    if machine.vendor == "nvidia" and shutil.which("nvcc"):
        return Toolkit("CUDA", "-DGGML_CUDA=on")
    if machine.vendor == "amd" and shutil.which("hipcc"):
        return Toolkit("ROCm", "-DGGML_HIP=on")
    if machine.vendor and shutil.which("glslc"):
        return Toolkit("Vulkan", "-DGGML_VULKAN=on")
    return Toolkit()


def processor() -> str:
    """Name and features of the processor, as far as the system tells."""
    told = _text(Path("/proc/cpuinfo"))
    lines = re.findall(r"^(?:model name|flags|Features|CPU part)\s*:.*$", told.split("\n\n")[0], re.M)
    return "\n".join(lines) or platform.processor() or platform.machine()


def flags_without_amx() -> str:
    """Compiler flags that leave AMX out, where the processor has it and the compiler knows it; else "".

    llama.cpp's AMX kernels crash with quantised models (https://github.com/ggml-org/llama.cpp/issues/20824); the
    kernels for AVX-512 stay.
    """
    flags = "-mno-amx-tile -mno-amx-int8 -mno-amx-bf16"
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if "amx_int8" not in processor() or not compiler:
        return ""
    command = [*compiler.split(), *flags.split(), "-E", "-x", "c++", os.devnull]
    try:
        known = subprocess.run(command, capture_output=True, timeout=TOOL_SECONDS).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return flags if known else ""


def _loads(library: str) -> bool:
    if os.name == "nt":
        return True  # found along PATH when it is needed; the trial tells
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _output(*command: str) -> str:
    tool = shutil.which(command[0])
    if tool is None:
        return ""
    try:
        done = subprocess.run([tool, *command[1:]], capture_output=True, text=True, timeout=TOOL_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace").strip()
    except OSError:
        return ""
