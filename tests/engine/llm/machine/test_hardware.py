"""What machines are made of, read from what tools and kernels print, and the command that suits each."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil

from engine.llm.machine import hardware
from engine.llm.machine.hardware import Build, Gpu, Machine

CPU_ONLY = Build("0.3.36", ("CPU",), gpu=False)
GIB = 1 << 30


def tool(folder: Path, name: str, output: str, code: int = 0) -> None:
    """Put a program on the path that prints `output`."""
    file = folder / name
    file.write_text(f"#!{sys.executable}\nimport sys\nprint({output!r})\nsys.exit({code})\n")
    file.chmod(0o755)


def test_this_machine_is_described():
    now = hardware.machine()
    assert now.cores >= 1 and now.processor
    assert 0 < now.free <= now.memory == psutil.virtual_memory().total


def test_the_installed_build_is_asked_in_another_process():
    built = hardware.build()
    assert built.problem == "" and built.version and built.backends[0] == "CPU"
    loaded = "import sys; from engine.llm.machine import hardware; hardware.build(); print('llama_cpp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True)
    assert done.stdout.strip() == "False"


def test_nvidia_smi_is_read(tmp_path, monkeypatch):
    tool(tmp_path, "nvidia-smi", "NVIDIA GeForce RTX 4090, 24564, 22103\nNVIDIA Tesla, T4, [N/A], [N/A]")
    monkeypatch.setenv("PATH", str(tmp_path))
    first, second = hardware.gpus()
    assert first == Gpu("NVIDIA GeForce RTX 4090", "nvidia", 24564 << 20, 22103 << 20)
    assert second == Gpu("NVIDIA Tesla, T4", "nvidia")


def test_a_tool_that_fails_counts_as_none(tmp_path, monkeypatch):
    tool(tmp_path, "nvidia-smi", "NVIDIA-SMI has failed because it couldn't communicate", code=9)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware._by_nvidia_smi() == []


def test_the_kernels_files_are_read(tmp_path):
    card = tmp_path / "sys/class/drm/card1/device"
    card.mkdir(parents=True)
    (card / "vendor").write_text("0x1002\n")
    (card / "mem_info_vram_total").write_text(str(16 * GIB))
    (card / "mem_info_vram_used").write_text(str(1 * GIB))
    inner = tmp_path / "sys/class/drm/card0/device"
    inner.mkdir(parents=True)
    (inner / "vendor").write_text("0x8086\n")
    information = tmp_path / "proc/driver/nvidia/gpus/0000:01:00.0"
    information.mkdir(parents=True)
    (information / "information").write_text("Model: \t\t NVIDIA H100\nIRQ: 44\n")
    assert hardware._by_kernel(tmp_path) == [
        Gpu("NVIDIA H100", "nvidia"),
        Gpu("Intel GPU", "intel", shared=True),
        Gpu("AMD GPU", "amd", 16 * GIB, 15 * GIB),
    ]


def test_vulkaninfo_is_read_without_its_software_devices():
    text = (
        "Devices:\n========\nGPU0:\n\tvendorID           = 0x8086\n\tdeviceType         = "
        "PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU\n\tdeviceName         = Intel(R) Arc(tm) Graphics\n"
        "GPU1:\n\tvendorID = 0x10005\n\tdeviceType = PHYSICAL_DEVICE_TYPE_CPU\n\tdeviceName = llvmpipe (LLVM 15)\n"
    )
    assert hardware._summarised(text) == [Gpu("Intel(R) Arc(tm) Graphics", "intel", shared=True)]
    assert hardware._summarised("") == []


def test_a_macs_profile_is_read():
    text = json.dumps(
        {"SPDisplaysDataType": [{"sppci_model": "Apple M3 Max", "spdisplays_mtlgpufamilysupport": "x"}]}
    )
    assert hardware._profiled(text) == [Gpu("Apple M3 Max", "apple", shared=True)]
    old = json.dumps({"SPDisplaysDataType": [{"_name": "AMD Radeon Pro", "spdisplays_vram": "8 GB"}]})
    assert hardware._profiled(old) == [Gpu("AMD Radeon Pro", "amd", 8 * GIB)]
    assert hardware._profiled("no json") == []


def test_the_rebuild_command_suits_the_gpu_and_is_left_out_where_nothing_is_won():
    def command(vendor: str) -> str:
        found = hardware.rebuild((Gpu("G", vendor),), CPU_ONLY)
        assert found is not None and found.needs
        assert sys.executable in found.command and "llama-cpp-python==0.3.36" in found.command
        return found.command

    assert "GGML_CUDA" in command("nvidia")
    assert "GGML_METAL" in command("apple")
    assert "GGML_VULKAN" in command("intel") and "GGML_VULKAN" in command("other")
    assert hardware.rebuild((), CPU_ONLY) is None
    assert hardware.rebuild((Gpu("G", "nvidia"),), Build("0.3.36", ("CPU", "CUDA"), gpu=True)) is None


def test_only_a_gpu_that_llama_cpp_can_use_counts_as_room():
    now = Machine("Linux", "p", 8, 64 * GIB, 40 * GIB, (Gpu("A", "nvidia", 24 * GIB, 20 * GIB),))
    cuda = Build("1", ("CPU", "CUDA"), gpu=True)
    assert hardware.room(now, CPU_ONLY).gpu == 0
    assert (hardware.room(now, cuda).gpu, hardware.room(now, cuda).ram) == (20 * GIB, 40 * GIB)
    assert hardware.room(now, cuda, given_back=60 * GIB).ram == 64 * GIB
    mac = Machine("Darwin", "p", 8, 32 * GIB, 20 * GIB, (Gpu("Apple M3", "apple", shared=True),))
    assert hardware.room(mac, Build("1", ("CPU", "Metal"), gpu=True)).shared
