"""Kill a run with SIGKILL at random moments, let it go on, and look whether the end is as if nothing had happened.

    python -m tests.proof.resume [--kills 50] [--seed 1] [--json]

An observer lets another process ask a scripted question over a folder of letters: leaves in one batch, children with
leaves of their own, four turns. It kills that process some random time after a random number of things were asked (a third
of them once more while they go on), and starts one that resumes the run. Checked: the answer and the number of nodes are those of the
undisturbed run; in the log each reply of each node stands once; by the scripted model's own list, which it appends to a
file, nothing was asked whose reply was committed before the kill; chain and tables hold.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from engine.engine import Engine
from engine.events import Event, ReplyWritten, RunResumed, RunStarted, TurnStarted
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.resume import resume
from engine.run.node import Hooks
from engine.store import Store

ROOT = Path(__file__).resolve().parents[2]
LETTERS = 12
QUESTION = "Which letters name a ship?"
CELLS = (
    "names = [d.name for d in context]\nprint(len(names))",
    "said = map_query('Which ship is named?', list(context))\nprint(said)",
    "told = rlm_query_batched(['Look at letter %d.' % n for n in range(3)], [context[n] for n in range(3)])\nprint(told)",
    "FINAL(f'{len(names)} letters: ' + ' '.join(said) + ' ' + ' '.join(told))",
)
CHILD = (
    "own = llm_query('How is the weather? ' + context[:24])\nprint(own)",
    "FINAL(f'{own} {len(context)}')",
)
LEAF_WORDS = (
    "[",
    "How is the weather?",
)  # of prompts of sub-calls, but of no first message of a root or child
REPLY_SECONDS = 0.12


@dataclass
class Kill:
    """One run: when it was killed (how much had been asked since it began or went on, and how many seconds before), what
    was committed then, what was wrong.
    """

    after: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    committed: list[int] = field(default_factory=list)
    asked: int = 0
    problems: list[str] = field(default_factory=list)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--work", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        return work(Path(options.work[0]), *options.work[1:])
    with tempfile.TemporaryDirectory() as folder:
        kills = run(Path(folder), options.kills, options.seed)
    if options.json:
        print(json.dumps([asdict(kill) for kill in kills]))
    else:
        for kill in kills:
            when = " and ".join(
                f"{delay:.2f} s after {after} were asked ({replies} replies committed)"
                for after, delay, replies in zip(kill.after, kill.delays, kill.committed, strict=True)
            )
            print(f"killed {when}: {kill.asked} asked after; {'; '.join(kill.problems) or 'as undisturbed'}")
        bad = sum(bool(kill.problems) for kill in kills)
        print(f"{sum(len(kill.delays) for kill in kills)} kills of {len(kills)} runs, {bad} with a problem")
    return int(any(kill.problems for kill in kills))


def run(folder: Path, count: int, seed: int) -> list[Kill]:
    """Kill `count` runs over one data folder."""
    rng = random.Random(seed)
    papers = folder / "papers"
    papers.mkdir()
    for n in range(LETTERS):
        (papers / f"{n:02}.txt").write_text(f"Letter {n} says that ship {n} left the harbour.\n" * 4)
    asked = Asked(folder)
    events = Observed(folder).end()
    whole = len(asked.fresh())
    answer = fact_of(events[-1]).get("answer")
    assert answer and str(answer).startswith(f"{LETTERS} letters"), answer
    nodes = fact_of(events[-1])["nodes"]
    kills = []
    for _ in range(count):
        kill = Kill()
        kills.append(kill)
        once(folder, kill, rng, whole)
        check(folder, kill, answer, nodes)
    return kills


def once(folder: Path, kill: Kill, rng: random.Random, whole: int) -> None:
    """Ask, kill, and let the run go on until it has ended. `whole`: how much an undisturbed run asks."""

    def end(process: Observed, most: int) -> None:
        kill.after.append(rng.randrange(most))
        kill.delays.append(round(rng.uniform(0, 2 * REPLY_SECONDS), 2))
        process.kill(kill.after[-1], kill.delays[-1])
        kill.committed.append(len(committed(folder, process.run)))

    process = Observed(folder)
    end(process, whole)
    if rng.random() < 1 / 3 and row(folder, process.run)["status"] != "answered":
        end(Observed(folder, process.run), whole // 2)
    before = committed(folder, process.run)
    asked = Asked(folder)
    if row(folder, process.run)["status"] != "answered":
        Observed(folder, process.run).end()
    fresh = asked.fresh()
    kill.asked = len(fresh)
    kill.problems += [f"{what} was asked again" for what in fresh if what in before]
    kill.problems += [f"{what} was asked twice" for what, times in Counter(fresh).items() if times > 1]
    (folder / "run").write_text(process.run)


def check(folder: Path, kill: Kill, answer: str, nodes: int) -> None:
    """Look from outside at the run that was killed last."""
    name = (folder / "run").read_text()
    with Store(folder / "data") as store:
        found, events = store.run(name), store.events(name)
        kill.problems += store.verify_chain(name) + store.verify_projections(name)
    if found["answer"] != answer:
        kill.problems.append(f"the answer is {found['answer']!r} ({found['reason']})")
    if found["nodes"] != nodes:
        kill.problems.append(f"{found['nodes']} nodes, not {nodes}")
    written = Counter((e.node, e.fact.turn) for e in events if isinstance(e.fact, ReplyWritten))
    kill.problems += [f"{place} was answered {times} times" for place, times in written.items() if times > 1]
    notes = [fact_of(e)["text"] for e in events if e.kind == "note"]
    kill.problems += [f"noted: {text}" for text in notes]


def committed(folder: Path, run: str) -> set[str]:
    """What was asked and has its reply in the log, in the words of the scripted model's list."""
    with Store(folder / "data") as store:
        events = store.events(run)
    found: set[str] = set()
    told: dict[str, str] = {}
    for event in events:
        match event.fact:
            case TurnStarted(turn=turn, messages=messages):
                told[event.node] = told_as(event.node, turn, messages)
            case ReplyWritten():
                found.add(told[event.node])
    return found


def told_as(node: str, turn: int, messages: Any) -> str:
    """A leaf is known by its words, a turn by node and number."""
    leaf = len(messages) == 2 and messages[0].role == "system" and messages[1].content.startswith(LEAF_WORDS)
    return " ".join(str(messages[1].content).split()) if leaf else f"{node} turn {turn}"


def row(folder: Path, run: str) -> dict[str, Any]:
    with Store(folder / "data") as store:
        return store.run(run)


def fact_of(event: Event) -> dict[str, Any]:
    return event.fact.to_payload()


class Asked:
    """The list of the scripted model: what was asked, one a line, over all processes."""

    def __init__(self, folder: Path):
        self.path = folder / "asked"
        self._from = self.path.stat().st_size if self.path.exists() else 0

    def fresh(self) -> list[str]:
        """What was asked since this was made."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._from)
            return file.read().decode().splitlines()


class Observed:
    """A process that asks the question, or lets a run go on; `run` is known once its first event is committed."""

    def __init__(self, folder: Path, run: str = ""):
        words = [sys.executable, "-m", "tests.proof.resume", "--work", str(folder), *([run] if run else [])]
        self._folder = folder
        self._asked = Asked(folder)
        self._log = (folder / "errors").open("ab")
        self._process = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        self._out: IO[str] = self._process.stdout
        self.run = self._out.readline().strip()
        if not self.run:
            self._process.wait()
            raise RuntimeError((folder / "errors").read_text()[-2000:])

    def kill(self, after: int, delay: float) -> None:
        """SIGKILL some seconds after so much was asked; no harm where it has ended."""
        while len(self._asked.fresh()) < after and self._process.poll() is None:
            time.sleep(0.01)
        time.sleep(delay)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._out.close()
        self._log.close()

    def end(self) -> list[Event]:
        """Wait for the end; the events of the run."""
        self._process.wait()
        self._out.close()
        self._log.close()
        with Store(self._folder / "data") as store:
            return store.events(self.run)


# --- the process that is killed ---------------------------------------------------------------------------


def work(folder: Path, run: str = "") -> int:
    """Ask the question, or let a run go on, with a scripted model that appends what it is asked to a file."""
    file = os.open(folder / "asked", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def reply(request: Request) -> ScriptedReply:
        text = request.messages[-1].content
        node = request.conversation.rpartition("/")[2]
        turn = (len(request.messages) - 2) // 2
        what = " ".join(text.split()) if request.role == "sub" else f"{node} turn {turn + 1}"
        os.write(file, f"{what}\n".encode())
        if request.role == "sub":
            number = text.partition("Letter ")[2].partition(" ")[0] or "?"
            return ScriptedReply(f"ship {number}", delay=REPLY_SECONDS)
        cells = CELLS if node == "0" else CHILD
        return ScriptedReply(f"```repl\n{cells[turn]}\n```", delay=REPLY_SECONDS)

    def event(event: Event) -> None:
        if isinstance(event.fact, RunStarted | RunResumed):
            print(event.run, flush=True)

    with Engine(folder / "data", ScriptedModel(reply, n_ctx=32_768)) as engine:
        if run:
            resume(engine, run, hooks=Hooks(event))
        else:
            engine.ask(QUESTION, engine.add([folder / "papers"]), hooks=Hooks(event))
    return 0


if __name__ == "__main__":
    sys.exit(main())
