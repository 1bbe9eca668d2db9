"""Kill `ask` at random moments and look, from outside, whether anything that was shown is lost.

    python -m tests.proof.kill9 [--kills 30] [--seed 1] [--json]

An observer starts the real command with `--events`, reads the lines it shows, kills the process with SIGKILL
in a given phase (ingest, load, prefill, cell, sub-call), and then checks: every event that was shown is in the
database unchanged, the database is intact, the hash chain holds, the run counts as interrupted, every corpus
folder opens, and no process is left. After all kills the same folder must answer a question, and hold no stray
files of the dead.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from engine.corpus import Corpus
from engine.store import Store
from tests.engine.llm.gguf.make_gguf import random_model

ROOT = Path(__file__).resolve().parents[2]
PHASES = ("ingest", "load", "prefill", "cell", "sub-call")
SPAN = {
    "ingest": 0.8,
    "load": 0.5,
    "prefill": 0.8,
    "cell": 0.6,
    "sub-call": 0.6,
}  # seconds after its first sign
LEFT_SECONDS = 60.0  # how long its processes may take to end, on a machine that is busy
LAST_QUESTION = "Does it still work?"
SCRIPT = [
    {"match": LAST_QUESTION, "text": "```repl\nFINAL(f'yes, {len(context)} letters')\n```"},
    {"match": "Question: Is this about", "text": "yes", "delay": 0.3},
    {
        "match": "Question:",
        "text": "```repl\nimport time\nfor n in range(8):\n    print('step', n)\n    time.sleep(0.1)\n```",
    },
    {"match": "['yes'", "text": "nothing more is to come while it is observed", "delay": 600},
    {"match": "Output:", "text": "```repl\nmap_query('Is this about a ferry?', context[:3])\n```"},
]


@dataclass
class Kill:
    """One kill: where it fell, what had been shown, and what was wrong afterwards (nothing, one hopes)."""

    phase: str
    delay: float
    shown: int = 0
    last: str = ""
    processes: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills = run(Path(folder), options.kills, options.seed)
    if options.json:
        print(json.dumps([asdict(k) for k in kills]))
    else:
        for kill in kills:
            verdict = "; ".join(kill.problems) or "nothing lost"
            print(
                f"{kill.phase:<10} +{kill.delay:.2f} s  {kill.shown:>3} events shown, last {kill.last:<14} "
                f"{kill.processes} processes  {verdict}"
            )
        bad = sum(bool(k.problems) for k in kills)
        print(f"{options.kills} kills, {sum(k.shown for k in kills)} events shown, {bad} with a problem")
    return int(any(k.problems for k in kills))


def run(folder: Path, count: int, seed: int) -> list[Kill]:
    """Kill `count` times, in all phases by turns, over one data folder."""
    rng = random.Random(seed)
    (folder / "script.jsonl").write_text("\n".join(json.dumps(line) for line in SCRIPT))
    random_model(folder / "model.gguf", layers=10, width=512, n_ctx=8192)
    write_documents(folder / "small", 40, "small")
    kills = []
    for number in range(count):
        phase = PHASES[number % len(PHASES)]
        papers = folder / "small"
        if phase == "ingest":
            papers = folder / f"papers-{number}"
            write_documents(papers, 3000, f"round {number}")
        kill = Kill(phase, round(rng.uniform(0, SPAN[phase]), 3))
        once(folder, papers, kill)
        kills.append(kill)
    kills.append(survive(folder))
    return kills


def survive(folder: Path) -> Kill:
    """Ask to the end, with new documents, in the folder that all kills went through."""
    verdict = Kill("afterwards", 0.0)
    write_documents(folder / "last", 7, "last")
    done = subprocess.run(
        command(folder, folder / "last", LAST_QUESTION, f"scripted:{folder / 'script.jsonl'}", "--json"),
        capture_output=True,
        text=True,
    )
    if done.returncode or json.loads(done.stdout)["answer"] != "yes, 7 letters":
        verdict.problems.append(f"asking failed with status {done.returncode}: {done.stdout}{done.stderr}")
    data = folder / "data"
    strays = [*(data / "corpora").glob(".new-*"), *(data / "scratch").glob("[0-9]*-*")]
    verdict.problems += [f"{stray} is left" for stray in strays]
    return verdict


def command(folder: Path, papers: Path, question: str, model: str, *options: str) -> list[str]:
    """The words that start `ask`."""
    words = [sys.executable, str(ROOT / "launch.py"), "ask", str(papers), question]
    return [*words, "--model", model, "--data", str(folder / "data"), *options]


def write_documents(folder: Path, count: int, word: str) -> None:
    folder.mkdir()
    for n in range(count):
        (folder / f"{n}.txt").write_text(f"Letter {n}, {word}.\n\n" + f"The ferry {n} leaves at noon.\n" * 20)


def once(folder: Path, papers: Path, kill: Kill) -> None:
    """Start the command, wait for the phase, kill, and check."""
    local = kill.phase in ("load", "prefill")
    model = folder / "model.gguf" if local else f"scripted:{folder / 'script.jsonl'}"
    process = subprocess.Popen(
        command(folder, papers, "Is there a ferry?", str(model), "--events"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    family = {process.pid: psutil.Process(process.pid)}
    lines: list[str] = []
    reached = threading.Event()
    reader = threading.Thread(target=follow, args=(process, kill.phase, lines, reached))
    reader.start()
    while not (reached.is_set() and len(family) > 1) and process.poll() is None:
        note_family(family, process.pid)
        reached.wait(0.01)
    deadline = time.monotonic() + kill.delay
    while time.monotonic() < deadline and process.poll() is None:
        note_family(family, process.pid)
        time.sleep(0.005)
    note_family(family, process.pid)
    if process.poll() is not None:
        kill.problems.append(f"it ended by itself with status {process.returncode}: {lines[-1:]}")
    process.send_signal(signal.SIGKILL)
    process.wait()
    reader.join()
    kill.processes = len(family)
    check(folder / "data", lines, kill)
    check_gone(folder, family, kill)


def follow(process: subprocess.Popen[str], phase: str, lines: list[str], reached: threading.Event) -> None:
    """Collect what is shown; notice the first sign of the phase."""
    signs = {
        "ingest": '"phase": "reading"',
        "load": '"phase": "loading"',
        "prefill": '"turn_started"',
        "cell": '"cell_started"',
        "sub-call": '"call_started"',
    }
    for line in process.stderr or ():
        lines.append(line)
        if signs[phase] in line:
            reached.set()


def note_family(family: dict[int, psutil.Process], pid: int) -> None:
    try:
        for child in psutil.Process(pid).children(recursive=True):
            family.setdefault(child.pid, child)
    except psutil.NoSuchProcess:
        pass


def check(data: Path, lines: list[str], kill: Kill) -> None:
    """Compare what was shown with what is stored."""
    shown = []
    for line in lines:
        if line.endswith("\n") and line.startswith("{"):
            value = json.loads(line)
            if "event" in value:
                shown.append(value["event"])
    kill.shown = len(shown)
    kill.last = shown[-1]["kind"] if shown else "-"
    if not (data / "taproot.db").exists():
        if shown:
            kill.problems.append("events were shown and there is no database")
        return
    with sqlite3.connect(data / "taproot.db") as db:
        verdict = db.execute("PRAGMA integrity_check").fetchone()[0]
    db.close()
    if verdict != "ok":
        kill.problems.append(f"integrity_check: {verdict}")
    with Store(data) as store:
        kill.problems += store.check()
        stored = {e.seq: e for e in store.events(shown[0]["run"])} if shown else {}
        for event in shown:
            found = stored.get(event["seq"])
            if found is None or (found.kind, found.payload) != (event["kind"], event["payload"]):
                kill.problems.append(f"event {event['seq']} ({event['kind']}) was shown and is not stored")
        kill.problems += [
            f"{r['run']} is still {r['status']}" for r in store.runs() if r["status"] == "running"
        ]
        known = [Path(row["path"]) for row in store.corpora()]
    for path in {*known, *(data / "corpora").glob("[0-9a-f]*")}:
        try:
            kill.problems += [f"{path} holds no text"] * (not Corpus.open(path).total_chars)
        except Exception as error:
            kill.problems.append(f"the corpus {path} does not open: {error!r}")


def check_gone(
    folder: Path, family: dict[int, psutil.Process], kill: Kill, seconds: float = LEFT_SECONDS
) -> None:
    """All processes of the command end soon after it, also those that were never seen as its children."""
    deadline = time.monotonic() + seconds
    while left := [*alive(folder, family)]:
        if time.monotonic() >= deadline:
            for process, command in left:
                kill.problems.append(f"process {process.pid} is left: {command}")
                process.kill()
            return
        time.sleep(0.05)


def alive(folder: Path, family: dict[int, psutil.Process]) -> Iterator[tuple[psutil.Process, list[str]]]:
    """The processes of the command that there are, with their command lines."""
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
            of_it = process == family.get(process.pid) or str(folder) in f"{process.cwd()} {command}"
            if of_it and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                yield process, command
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue


if __name__ == "__main__":
    sys.exit(main())
