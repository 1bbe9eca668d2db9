"""What this machine offers a model: memory, cores, GPUs, and what the installed llama-cpp-python was built for.

GPUs are found without a vendor's library: nvidia-smi, the files of the Linux kernel, system_profiler, vulkaninfo.
Nothing here loads llama.cpp into this process; `build` asks a throwaway one.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil

from engine.llm.gguf.fit import Room

MIB = 1 << 20
TOOL_SECONDS = 15  # a hanging driver must not hang us
BUILD_SECONDS = 120
VENDORS = {"0x10de": "nvidia", "0x1002": "amd", "0x8086": "intel"}
WORDS = {"nvidia": "NVIDIA", "amd": "AMD", "intel": "Intel", "apple": "Apple"}
SOFTWARE_DEVICES = ("llvmpipe", "swiftshader", "lavapipe")
BACKENDS = {
    "cuda": "CUDA",
    "metal": "Metal",
    "mtl": "Metal",
    "vulkan": "Vulkan",
    "hip": "ROCm",
    "rocm": "ROCm",
}


@dataclass(frozen=True, slots=True)
class Gpu:
    """One graphics processor. Memory in bytes, None where nobody says. `shared`: it uses the machine's memory."""

    name: str
    vendor: str
    memory: int | None = None
    free: int | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine now. `cores` are those this process may use; memory in bytes."""

    system: str
    processor: str
    cores: int
    memory: int
    free: int
    gpus: tuple[Gpu, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """The installed llama-cpp-python. `backends`: "CPU" and what it can use besides; `problem`: it does not load."""

    version: str
    backends: tuple[str, ...]
    gpu: bool
    features: str = ""
    problem: str = ""


NO_BUILD = Build("", ("CPU",), gpu=False)


@dataclass(frozen=True, slots=True)
class Rebuild:
    """How to let llama.cpp use the GPU found: the command for this machine's shell, and what must be there first."""

    backend: str
    command: str
    needs: str
    missing: bool


def machine() -> Machine:
    """Look at the machine. Free memory is measured now; the rest is remembered for this process."""
    memory = psutil.virtual_memory()
    return Machine(
        system=platform.system(),
        processor=processor(),
        cores=usable_cores(),
        memory=memory.total,
        free=memory.available,
        gpus=gpus(),
    )


def usable_cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def gpus() -> tuple[Gpu, ...]:
    """Find the GPUs, each once: the first way that finds any is believed."""
    ways: list[Callable[[], list[Gpu]]] = [_by_nvidia_smi, _by_kernel, _by_profiler, _by_vulkaninfo]
    for way in ways:
        found = way()
        if found:
            return tuple(found)
    return ()


@lru_cache(maxsize=1)
def build() -> Build:
    """Ask the installed llama-cpp-python what it was built for; takes a second, then it is remembered."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROBE], capture_output=True, text=True, timeout=BUILD_SECONDS
        )
        report = json.loads(done.stdout.strip().splitlines()[-1])
    except (OSError, subprocess.TimeoutExpired) as error:
        return Build("", (), False, problem=f"llama-cpp-python does not load: {error}")
    except (ValueError, IndexError):
        return Build("", (), False, problem="llama-cpp-python does not load: " + done.stderr.strip()[-300:])
    names = [_backend(name) for name in report["devices"]]
    return Build(
        version=report["version"],
        backends=tuple(dict.fromkeys(["CPU", *(name for name in names if name != "CPU")])),
        gpu=report["gpu"],
        features=report["features"],
    )


def rebuild(found: tuple[Gpu, ...], built: Build) -> Rebuild | None:
    """How to make llama.cpp use the GPU found; None when there is none, or it does already."""
    if not found or built.gpu:
        return None
    backend, flag, needs, missing = _backend_for(found[0])
    version = f"=={built.version}" if built.version else ""
    pip = "-m pip install --force-reinstall --no-deps --no-cache-dir --no-binary llama-cpp-python"
    if os.name == "nt":
        command = f'$env:CMAKE_ARGS="{flag}"; & "{sys.executable}" {pip} llama-cpp-python{version}'
    else:
        command = f'CMAKE_ARGS="{flag}" "{sys.executable}" {pip} llama-cpp-python{version}'
    return Rebuild(backend, command, needs, missing)


def room(now: Machine, built: Build, *, given_back: int = 0) -> Room:
    """The memory a model may take. `given_back`: bytes that will be free by then (a model that is unloaded)."""
    usable = [gpu for gpu in now.gpus if built.gpu]
    shared = bool(usable) and usable[0].shared
    on_gpu = 0 if shared else sum(gpu.free or gpu.memory or 0 for gpu in usable if not gpu.shared)
    ram = min(now.free + given_back, now.memory)
    return Room(
        ram=ram,
        gpu=ram if shared else on_gpu,
        shared=shared,
        offloads=built.gpu,
        threads=now.cores,
    )


def room_now() -> Room:
    """The memory a model may take now. llama.cpp is asked what it can use only where there is a GPU."""
    now = machine()
    return room(now, build() if now.gpus else NO_BUILD)


_PROBE = """
import ctypes, json, llama_cpp
from llama_cpp import llama_cpp as native
devices = []
try:
    import llama_cpp._ggml as loader
    ggml = loader.libggml
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    ggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    native.llama_backend_init()
    count = ggml.ggml_backend_dev_count()
    devices = [ggml.ggml_backend_dev_name(ggml.ggml_backend_dev_get(i)).decode() for i in range(count)]
except (AttributeError, ImportError, OSError):
    pass
print(json.dumps({"version": llama_cpp.__version__, "gpu": bool(native.llama_supports_gpu_offload()),
    "features": native.llama_print_system_info().decode().strip(" |"), "devices": devices}))
"""


def _backend(device: str) -> str:
    """The backend of a ggml device: CUDA0 -> CUDA, Vulkan1 -> Vulkan, MTL0 -> Metal."""
    name = re.sub(r"\d+$", "", device)
    return BACKENDS.get(name.lower(), name)


def _backend_for(gpu: Gpu) -> tuple[str, str, str, bool]:
    """Backend, CMake flag, what must be installed first, and whether that is missing."""
    if gpu.vendor == "apple":
        tools = "the Xcode command line tools (xcode-select --install)"
        return "Metal", "-DGGML_METAL=on", tools, shutil.which("clang") is None
    if gpu.vendor == "nvidia":
        tools = "NVIDIA's CUDA toolkit (nvcc) and a C++ compiler"
        return "CUDA", "-DGGML_CUDA=on", tools, shutil.which("nvcc") is None
    if gpu.vendor == "amd" and shutil.which("hipcc"):
        return "ROCm", "-DGGML_HIP=on", "AMD's ROCm (hipcc) and a C++ compiler", False
    tools = "the Vulkan SDK (glslc) and a C++ compiler"
    return "Vulkan", "-DGGML_VULKAN=on", tools, shutil.which("glslc") is None


def _run(*command: str) -> str:
    """What a tool prints; "" when it is not there, fails or hangs."""
    tool = shutil.which(command[0])
    if tool is None:
        return ""
    try:
        done = subprocess.run([tool, *command[1:]], capture_output=True, text=True, timeout=TOOL_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _by_nvidia_smi() -> list[Gpu]:
    found = []
    for line in _run(
        "nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"
    ).splitlines():
        parts = [part.strip() for part in line.rsplit(",", 2)]
        if len(parts) == 3 and parts[0]:
            total, free = (int(part) * MIB if part.isdigit() else None for part in parts[1:])
            found.append(Gpu(parts[0], "nvidia", total, free))
    return found


def _by_kernel(root: Path = Path("/")) -> list[Gpu]:
    """Read what the Linux kernel says of its graphics devices."""
    found = []
    for file in sorted(root.glob("proc/driver/nvidia/gpus/*/information")):
        model = re.search(r"^Model:\s*(.+)$", _text(file), re.M)
        found.append(Gpu(model[1].strip() if model else "NVIDIA GPU", "nvidia"))
    for device in sorted(root.glob("sys/class/drm/card[0-9]/device")):
        vendor = VENDORS.get(_text(device / "vendor").strip())
        if vendor in (None, "nvidia"):  # NVIDIA's is in /proc, or has no driver that computes
            continue
        total = _number(device / "mem_info_vram_total")
        used = _number(device / "mem_info_vram_used")
        name = _text(device / "product_name").strip() or f"{WORDS[vendor]} GPU"
        free = total - (used or 0) if total else None
        found.append(Gpu(name, vendor, total, free, shared=not total or total < 1024 * MIB))
    return found


def _by_profiler() -> list[Gpu]:
    """Ask macOS."""
    if sys.platform != "darwin":
        return []
    return _profiled(_run("system_profiler", "SPDisplaysDataType", "-json"))


def _profiled(text: str) -> list[Gpu]:
    try:
        listed = json.loads(text or "{}").get("SPDisplaysDataType", [])
    except ValueError:
        return []
    found = []
    for entry in listed:
        name = str(entry.get("sppci_model") or entry.get("_name") or "GPU")
        apple = name.startswith("Apple")
        memory = re.match(
            r"(\d+)\s*(GB|MB)", str(entry.get("spdisplays_vram") or entry.get("_spdisplays_vram"))
        )
        size = int(memory[1]) * (1024 if memory[2] == "GB" else 1) * MIB if memory else None
        vendor = next((v for v, word in WORDS.items() if word.lower() in name.lower()), "other")
        found.append(Gpu(name, vendor, size, shared=apple or size is None))
    return found


def _by_vulkaninfo() -> list[Gpu]:
    return _summarised(_run("vulkaninfo", "--summary"))


def _summarised(text: str) -> list[Gpu]:
    """Read `vulkaninfo --summary`: one block of `key = value` lines for each device."""
    found = []
    for block in re.split(r"^GPU\d+:\s*$", text, flags=re.M)[1:]:
        values = dict(re.findall(r"^\s*(\w+)\s*=\s*(.+?)\s*$", block, re.M))
        name = values.get("deviceName", "")
        kind = values.get("deviceType", "")
        if not name or "CPU" in kind or any(word in name.lower() for word in SOFTWARE_DEVICES):
            continue
        vendor = VENDORS.get(values.get("vendorID", "").lower(), "other")
        found.append(Gpu(name, vendor, shared="INTEGRATED" in kind))
    return found


@lru_cache(maxsize=1)
def processor() -> str:
    """The name of the processor, as its maker writes it."""
    named = re.search(r"^model name\s*:\s*(.+)$", _text(Path("/proc/cpuinfo")), re.M)
    if named:
        return named[1].strip()
    if sys.platform == "darwin":
        return _run("sysctl", "-n", "machdep.cpu.brand_string").strip() or platform.machine()
    return platform.processor() or platform.machine()


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def _number(file: Path) -> int | None:
    text = _text(file).strip()
    return int(text) if text.isdigit() else None
