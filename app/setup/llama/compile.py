"""Compile llama-cpp-python for this machine, going on where a build was broken off, and keep the wheel.

Source and objects lie in .venv/llama-build until the wheel is made, so nothing is compiled twice. Finished wheels
lie in the user's cache, for other copies of Taproot and for a .venv that is made anew.
"""

import hashlib
import os
import platform
import re
import shutil
import sys
import tarfile
from pathlib import Path

from app.setup.environment import Environment
from app.setup.llama.machine import Toolkit, flags_without_amx, processor
from app.setup.pip import OFFLINE, Pip, explain, last_lines
from app.setup.report import Problem, Progress, say

NAME = "llama-cpp-python"
# Pictures and sound (mtmd) are over a quarter of the files to compile, and nothing here uses them.
FLAGS = "-DLLAVA_BUILD=off"
STEP = re.compile(r"^\s*\[(\d+)/(\d+)\] |^\s*\[ *(\d+)%\] ")


def compile_llama(environment: Environment, pip: Pip, requirement: str, tools: Toolkit) -> None:
    """Build a wheel for this machine, unless one is kept, and install it. Raises Problem where that fails."""
    wheel = kept_wheel(requirement, tools)
    if wheel is None:
        say(
            f"compiling llama.cpp, once, for this machine's {'processor' if tools.backend == 'CPU' else tools.backend}"
        )
        key = build_key(requirement, tools)
        wheel = _keep(_build(environment, pip, requirement, _variables(tools), key), cache_folder() / key)
    else:
        say(f"taking the llama.cpp that was compiled for this machine before: {wheel}")
    pip.must("install", "--force-reinstall", "--no-deps", str(wheel))
    shutil.rmtree(environment.folder / "llama-build", ignore_errors=True)


def kept_wheel(requirement: str, tools: Toolkit) -> Path | None:
    """The wheel that an earlier set-up compiled for this machine, if it is kept."""
    return _only(cache_folder() / build_key(requirement, tools), "*.whl")


def forget_wheel(requirement: str, tools: Toolkit) -> None:
    """Drop the kept wheel, so that the next set-up compiles anew."""
    shutil.rmtree(cache_folder() / build_key(requirement, tools), ignore_errors=True)


def build_key(requirement: str, tools: Toolkit) -> str:
    """A name for builds that may stand for each other: of one version range, by one compiler, for one processor."""
    compiler = [os.environ.get(name, "") for name in ("CC", "CXX")]
    options = map(str, sorted(_variables(tools).items()))
    told = "\n".join(
        [requirement, *options, *compiler, processor(), platform.machine(), *platform.libc_ver()]
    )
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def cache_folder() -> Path:
    """Where compiled wheels are kept: the user's cache folder by the platform's convention."""
    if os.name == "nt":
        base = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "taproot" / "wheels"


def _variables(tools: Toolkit) -> dict[str, str]:
    """The variables of a build: ours first, so that those of the person win."""
    amx = flags_without_amx()
    ours = {"CMAKE_ARGS": " ".join(filter(None, (FLAGS, tools.flag))), "CFLAGS": amx, "CXXFLAGS": amx}
    return {name: " ".join(filter(None, (value, os.environ.get(name)))) for name, value in ours.items()}


def _build(environment: Environment, pip: Pip, requirement: str, variables: dict[str, str], key: str) -> Path:
    """Make the wheel in .venv/llama-build, with what an earlier try left there. Returns its path."""
    folder = environment.folder / "llama-build" / key
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    source = _only(folder, "source/*") or _unpack(pip, requirement, folder)
    progress = Progress("compiling")

    def watch(line: str) -> None:
        step = STEP.match(line)
        if step:
            progress.show(int(step[1] or step[3]), int(step[2] or 100))

    code, log = pip.run(
        *("wheel", "--verbose", "--no-cache-dir", "--no-deps", "--wheel-dir", str(folder / "wheel")),
        *("--config-settings", f"build-dir={folder / 'objects'}", str(source)),
        watch=watch,
        variables=variables,
    )
    progress.close()
    wheel = _only(folder, "wheel/*.whl")
    if code or wheel is None:
        raise Problem(_explain(log))
    return wheel


def _unpack(pip: Pip, requirement: str, folder: Path) -> Path:
    """Download the source distribution and unpack it, whole or not at all. Returns its folder."""
    say("downloading the source of llama-cpp-python (about 80 MB)")
    shutil.rmtree(folder, ignore_errors=True)
    archives = str(folder / "archive")
    pip.must("download", "--no-deps", "--no-binary", NAME, "--dest", archives, requirement)
    archive = _only(folder, "archive/*.tar.gz")
    if archive is None:
        raise Problem(f"pip brought no source of {requirement}. Start again with an index that has it.")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked")  # what is in it is run anyway
    (folder / "unpacked").rename(folder / "source")
    shutil.rmtree(folder / "archive")
    return next((folder / "source").iterdir())


def _keep(wheel: Path, kept: Path) -> Path:
    """Copy a wheel into the cache; where that cannot be written it stays where it is. Returns where it lies."""
    part = kept / (wheel.name + ".part")
    try:
        kept.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel, part)
        return part.replace(kept / wheel.name)
    except OSError:
        part.unlink(missing_ok=True)
        return wheel


def _only(folder: Path, pattern: str) -> Path | None:
    return next(iter(sorted(folder.glob(pattern))), None)


def _explain(log: str) -> str:
    if re.search(r"No space left", log) or re.search(OFFLINE, log):
        return explain(log)
    return (
        "llama-cpp-python could not be compiled. It needs a C and C++ compiler (Debian, Ubuntu: apt install "
        "build-essential; Fedora: dnf install gcc-c++; macOS: xcode-select --install; Windows: Visual Studio "
        "Build Tools). Install one and start again: without --compile a prebuilt wheel is looked for first, at the "
        f"address in TAPROOT_WHEELS or at llama-cpp-python's own. The last lines were:\n{last_lines(log)}"
    )
