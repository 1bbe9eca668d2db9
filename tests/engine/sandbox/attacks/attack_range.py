"""The range on which the attacks are fired, one after the other, each with and without the sandbox.

Run as `python -m tests.engine.sandbox.attacks.attack_range [GROUPS]`: fires every attack of `attacks.ATTACKS` in a
sandboxed worker and, as the control, in one without a sandbox; looks at the damage after each; prints JSON.
Started by root it becomes an ordinary user first, so that no verdict rests on root's rights or on their lack.
"""

from __future__ import annotations

import json
import os
import platform
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.kernel.host.host import Call, KernelHost, Worker, WorkerLimits
from engine.sandbox.linux.syscalls import AARCH64, X86_64
from tests.engine.sandbox.attacks.attack_targets import Files, Listeners, Victim
from tests.engine.sandbox.attacks.attacks import ATTACKS, PRELUDE, Attack
from tests.engine.sandbox.attacks.sieges import PRELUDE as SIEGE_PRELUDE
from tests.engine.sandbox.attacks.sieges import SIEGES, Siege

CELL_SECONDS = 120.0
# Limits for the attacks on limits; the others get the usual ones.
SMALL = WorkerLimits(
    data_bytes=128 << 20, address_bytes=512 << 20, file_bytes=1 << 20, open_files=64, cpu_seconds=0
)


@dataclass(frozen=True, slots=True)
class Shot:
    """What one attack did. `verdict`: "pwned", "stopped", "died" or "odd"; `detail`: the error it met.

    `damage`: what the host-side oracles saw changed. `control` and `control_damage`: the same without a sandbox.
    """

    group: str
    name: str
    verdict: str
    detail: str
    damage: list[str]
    control: str
    control_detail: str
    control_damage: list[str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one siege did: how its cell ended, how simple cells after it went ("pwned" is a cell that works), and
    what the host took: characters, outputs, formats of displays.
    """

    group: str
    name: str
    status: str
    said: str
    next_cells: list[str]
    received_chars: int
    outputs: int
    formats: list[str]


class Range:
    """Everything there is to attack, and two kernel hosts to attack from: one sandboxed, one not."""

    def __init__(self, folder: Path):
        self.token = "attack" + os.urandom(6).hex()
        self.secret = "SECRET-" + self.token
        self.files = Files(folder, self.secret)
        self.listeners = Listeners(folder, self.token)
        self.victim = Victim(self.files.home, self.secret)
        self.in_tmp = Path("/tmp", self.token)
        scratch = folder / "scratch"
        self.other_scratch = scratch / "other" / "note.txt"
        self.other_scratch.parent.mkdir(parents=True)
        self.other_scratch.write_text(self.secret)
        os.environ["TAPROOT_SECRET"] = self.secret
        self.inherited = self._inheritable()
        self.listeners.take_hits()
        self.scratch = scratch
        self.host = KernelHost(scratch, preload=False)
        self.control = KernelHost(folder / "control", preload=False, unsafe_without_sandbox=True)

    def _inheritable(self) -> list[int]:
        """Open what a careless app would leave open for its children."""
        connection = socket.create_connection(("127.0.0.1", self.listeners.ports["tcp"]))
        home = self.files.spare / "home"
        found = [
            os.open(home / ".ssh" / "id_ed25519", os.O_RDONLY),
            os.open(home, os.O_RDONLY),
            connection.detach(),
        ]
        for fd in found:
            os.set_inheritable(fd, True)
        return found

    def close(self) -> None:
        self.host.close()
        self.control.close()
        self.victim.close()

    def targets(self) -> dict[str, Any]:
        """Return what the snippets find as `T`."""
        table = X86_64 if platform.machine() == "x86_64" else AARCH64
        numbers = table | {"renameat2": 316 if table is X86_64 else 276}
        files = self.files
        return {
            "token": self.token,
            "secret": self.secret,
            "home": str(files.home),
            "key": str(files.key),
            "diary": str(files.diary),
            "empty": str(files.home / "empty"),
            "database": str(files.database),
            "corpus_file": str(files.corpus_file),
            "corpus_link": str(files.corpus_link),
            "other_scratch": str(self.other_scratch),
            "in_tmp": str(self.in_tmp),
            "victim": self.victim.process.pid,
            "victim_fd": self.victim.fd,
            "address": self.victim.address,
            "numbers": numbers,
            **self.listeners.ports,
        }

    def cell(self, attack: Attack) -> str:
        """Wrap a snippet so that it reports how it went."""
        return "\n".join(
            [
                "import json, types",
                f"T = types.SimpleNamespace(**json.loads({json.dumps(self.targets())!r}))",
                f"exec({PRELUDE!r})",
                "try:",
                f"    exec({attack.code!r})",
                "except BaseException as problem:",
                "    print('STOPPED', type(problem).__name__, problem)",
                "else:",
                "    print('PWNED')",
            ]
        )

    def damage(self) -> list[str]:
        """Ask all oracles, and repair what they found."""
        found = self.listeners.take_hits() + self.victim.harm()
        files = self.files.harm()
        if files:
            self.victim.restart()  # its folder and its open file were replaced
        for path in (self.in_tmp, Path("/dev/shm", self.token)):
            if path.exists():
                path.unlink()
                found.append(f"{path.parent} holds a new file")
        return found + files

    def fire(self, attack: Attack) -> Shot:
        """Run one attack with and without the sandbox."""
        limits = SMALL if attack.group == "limits" else WorkerLimits()
        with self.worker(self.host, limits) as worker:
            verdict, detail = shoot(worker, self.cell(attack))
            damage = self.damage()
        if attack.control == "plain":
            control, control_detail = self._plain(self.cell(attack))
        else:
            with self.worker(self.control, WorkerLimits()) as worker:
                control, control_detail = shoot(worker, self.cell(attack))
        return Shot(
            attack.group, attack.name, verdict, detail, damage, control, control_detail, self.damage()
        )

    def besiege(self, siege: Siege) -> Outcome:
        """Run one siege, then simple cells until one works."""
        received: list[int] = []
        formats: set[str] = set()

        def count(output: dict[str, Any]) -> None:
            received.append(len(json.dumps(output)))
            formats.update(output.get("data", ()))

        limits = WorkerLimits(data_bytes=512 << 20, scratch_bytes=8 << 20)
        statuses = []
        with self.host.worker(None, {"kind": "text", "text": "x"}, limits) as worker:
            result = worker.execute(
                f"{SIEGE_PRELUDE}\n{siege.code}", on_call=_answer, on_output=count, timeout=siege.seconds
            )
            time.sleep(siege.pause)
            for _ in range(4):
                status, text = _run(worker, "print('PWNED' if 6 * 7 == 42 else '')")
                works = status == "ok" and "PWNED" in text  # beside what a thread of the siege may write
                statuses.append(
                    "pwned" if works else status if status == "died" else _verdict(status, text)[1]
                )
                if works:
                    break
        said = "" if result.error is None else f"{result.error['ename']}: {result.error['evalue']}"[:200]
        return Outcome(
            siege.group,
            siege.name,
            result.status,
            said,
            statuses,
            sum(received),
            len(received),
            sorted(formats),
        )

    @contextmanager
    def worker(self, host: KernelHost, limits: WorkerLimits) -> Iterator[Worker]:
        """Make a worker that knows the corpus."""
        with host.worker(self.files.corpus, {"kind": "corpus", "documents": None}, limits) as worker:
            yield worker

    def _plain(self, code: str) -> tuple[str, str]:
        done = subprocess.run(
            [sys.executable, "-c", code],
            pass_fds=self.inherited,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return _verdict("ok", done.stdout + done.stderr)


def shoot(worker: Worker, code: str) -> tuple[str, str]:
    """Run a cell and return the verdict and what it printed last."""
    return _verdict(*_run(worker, code))


def _run(worker: Worker, code: str) -> tuple[str, str]:
    """Run a cell and return how it ended and all that it printed."""
    printed: list[str] = []

    def keep(output: dict[str, Any]) -> None:
        printed.append(output.get("text") or output.get("evalue") or "")

    result = worker.execute(code, on_call=lambda call: [], on_output=keep, timeout=CELL_SECONDS)
    return result.status, "".join(printed)


def _answer(call: Call) -> list[str]:
    return ["an answer"] * len(call.arguments.get("prompts") or call.arguments.get("questions") or [])


def _verdict(status: str, text: str) -> tuple[str, str]:
    last = (text.strip().splitlines() or [""])[-1][:200]
    if status == "died":
        return "died", last
    if last == "PWNED":
        return "pwned", ""
    if "STOPPED" in text:
        return "stopped", text[text.rindex("STOPPED") + 8 :].strip().splitlines()[0][:200]
    return "odd", f"{status}: {last}"


def peak_mib() -> int:
    """The most memory this program has held. `ru_maxrss` would do but for counting what started it as well."""
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) >> 10


def main(*groups: str) -> None:
    """Fire all attacks and lay all sieges (or only those of some groups), and print the report as JSON."""
    attacks = [attack for attack in ATTACKS if not groups or attack.group in groups]
    sieges = [siege for siege in SIEGES if not groups or siege.group in groups]
    with tempfile.TemporaryDirectory(prefix="range-", ignore_cleanup_errors=True) as folder:
        field = Range(Path(folder))
        try:
            with ThreadPoolExecutor(3) as pool:
                outcomes = pool.map(field.besiege, sieges)
                shots = [field.fire(attack) for attack in attacks]
                laid = list(outcomes)
        finally:
            field.close()
        left = sorted(path.name for path in field.scratch.iterdir())
    report = {
        "uid": os.getuid(),
        "shots": [asdict(shot) for shot in shots],
        "sieges": [asdict(outcome) for outcome in laid],
        "left_in_scratch": left,
        "peak_mib": peak_mib(),
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
