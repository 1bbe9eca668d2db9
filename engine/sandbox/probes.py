"""Attack the sandbox for a moment: a throwaway process tries about ten things, unconfined and then confined.

A probe counts as blocked only when it fails confined; one that failed already before is named as unproven,
for then its failure says nothing. Run it by hand with `python -m engine.sandbox.probes`.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine import sandbox
from engine.sandbox.policy import MIB, SelfTest
from engine.sandbox.spawn import spawn
from engine.types import Json

TIMEOUT = 30.0


def selftest() -> SelfTest:
    """Attack the sandbox in a throwaway process and say what held. Takes some tenths of a second; leaves nothing behind."""
    started = time.monotonic()
    found = sandbox.level()
    if not found.available:
        return SelfTest(False, (), (), time.monotonic() - started, found.detail)
    folder = Path(tempfile.mkdtemp(prefix="selftest-"))
    try:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            report = _attack(folder, listener.getsockname()[1])
    except (OSError, subprocess.SubprocessError, ValueError) as problem:
        return SelfTest(False, (), (), time.monotonic() - started, f"The self-test did not finish: {problem}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    probes = tuple((name, not after) for name, _, after in report["probes"])
    unproven = tuple(name for name, before, _ in report["probes"] if not before)
    open_doors = [name for name, blocked in probes if not blocked]
    reasons = []
    if open_doors:
        reasons.append(f"The sandbox does not stop a cell that tries to {', '.join(open_doors)}.")
    if report["broken"]:
        reasons.append(f"Confined, it could not {', '.join(report['broken'])}.")
    return SelfTest(not reasons, probes, unproven, time.monotonic() - started, " ".join(reasons))


def _attack(folder: Path, port: int) -> Json:
    with spawn(
        ["-B", "-m", "engine.sandbox.probes", str(folder), str(port)],
        variables=(),
        settings={"TAPROOT_SELFTEST": "secret"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            said, complaints = process.communicate(timeout=TIMEOUT)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        lines = complaints.decode(errors="replace").strip().splitlines()
        raise ValueError(f"exit status {process.returncode}, {lines[-1] if lines else 'no message'}")
    return json.loads(said)


def _main(folder: Path, port: int) -> None:
    """Be the throwaway process: probe, confine, probe again, print the report."""
    places = {name: folder / name for name in ("before", "after", "scratch")}
    for place in places.values():
        place.mkdir()
    for name in ("before", "after"):
        for victim in ("read", "write", "delete", "chmod"):
            (places[name] / victim).write_text("secret")
    before = _outcomes(_probes(places["before"], port))
    sandbox.confine(
        sandbox.Policy(
            read=sandbox.default_read_paths(),
            write=places["scratch"],
            data_bytes=64 * MIB,
            address_bytes=256 * MIB,
            file_bytes=MIB,
            cpu_seconds=10,
        )
    )
    after = _outcomes(_probes(places["after"], port))
    needed = _outcomes(_needed(places["scratch"]))
    report = {
        "probes": [[name, before[name], after[name]] for name in before],
        "broken": [name for name, worked in needed.items() if not worked],
    }
    print(json.dumps(report))


def _outcomes(probes: dict[str, Callable[[], object]]) -> dict[str, bool]:
    return {name: _worked(probe) for name, probe in probes.items()}


def _worked(probe: Callable[[], object]) -> bool:
    try:
        probe()
    except (OSError, MemoryError, RuntimeError):
        return False
    return True


def _probes(outside: Path, port: int) -> dict[str, Callable[[], object]]:
    """Return what a cell must not be able to do. A probe raises when it is stopped."""
    parent = os.getppid()
    probes: dict[str, Callable[[], object]] = {
        "read a foreign file": lambda: (outside / "read").read_text(),
        "list a foreign folder": lambda: list(outside.iterdir()),
        "change a foreign file": lambda: (outside / "write").write_text("gone"),
        "delete a foreign file": lambda: (outside / "delete").unlink(),
        "change the mode of a foreign file": lambda: (outside / "chmod").chmod(0o777),
        "connect by TCP": lambda: socket.create_connection(("127.0.0.1", port), 5).close(),
        "open a UDP socket": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close(),
        "open a unix socket": lambda: socket.socket(socket.AF_UNIX).close(),
        "start a program": _start_a_program,
        "split into two processes": _fork,
        "signal the app": lambda: os.kill(parent, 0),
    }
    if sys.platform.startswith("linux"):  # elsewhere the host watches memory, the kernel does not
        probes["take 300 MiB of memory"] = lambda: bytearray(300 * MIB)
    return probes


def _start_a_program() -> None:
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", ":"], {})
    os.waitpid(pid, 0)


def _fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def _needed(scratch: Path) -> dict[str, Callable[[], object]]:
    """Return what a cell must be able to do."""
    return {
        "write in its scratch folder": lambda: (scratch / "note").write_text("mine"),
        "read a library": lambda: Path(os.__file__).read_bytes(),
        "start a thread": _thread,
    }


def _thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        _main(Path(sys.argv[1]), int(sys.argv[2]))
    else:
        print(selftest())
