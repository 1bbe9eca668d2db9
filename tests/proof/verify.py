"""What `verify` is worth: scripted runs of varied cells verify, and whatever is altered of one is caught.

    .venv/bin/python -m tests.proof.verify [--runs N] [--json]

Prints three tables: runs that verify, what catches each alteration (edited by hand, and with the hash chain and all
tables made anew by the forger), and the time of executing a run of five cells again, whole and up to each cell.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from engine.engine import Engine
from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    Fact,
    NodeEnded,
    NodeStarted,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    TurnStarted,
)
from engine.llm.scripted import ScriptedModel
from engine.replay import corpus_of, execute_again, open_worker, read_record
from engine.replay.answers import prompt_hash
from engine.replay.fork import fork
from engine.replay.verify import Verdict, verify
from tests.engine.conftest import fill
from tests.engine.replay.conftest import script
from tests.engine.run.conftest import LETTERS
from tests.proof.forger import Change, alter
from tests.proof.varied_cells import cells_of

FIVE = (
    "hits = context.grep('Halden')\nprint(len(hits))",
    "answer_of = llm_query('Say: a word')\nprint(answer_of)",
    "import time\nprint('took', time.perf_counter(), 's for 37 letters')",
    "n = sum(range(200_000))\nprint(n)",
    "FINAL(f'{len(hits)} letters', hits)",
)


@contextmanager
def desk() -> Iterator[tuple[Engine, Any, Path]]:
    """An engine over a folder of letters in a temporary data folder."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        fill(root / "papers", LETTERS)
        with Engine(root / "data", ScriptedModel([])) as engine:
            yield engine, engine.add([root / "papers"]), root / "data"


def asked(engine: Engine, corpus: Any, cells: tuple[str, ...]) -> str:
    """Run these cells; return the run's id."""
    engine.use(ScriptedModel(script(*cells)))
    answer = engine.ask("How many letters mention Halden?", corpus)
    engine.use(None)
    return answer.run


def many(engine: Engine, corpus: Any, runs: int) -> dict[str, Any]:
    """Run and verify `runs` runs; count what became of their checks."""
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    failed = []
    for seed in range(runs):
        verdict = verify(engine.store, engine.kernels, asked(engine, corpus, cells_of(seed)))
        cells = [check for check in verdict.checks if check.what == "cell"]
        counts.update(check.result for check in cells)
        reasons.update(check.text for check in cells if check.result == "explained")
        if not verdict.holds:
            failed.append([seed, [c.text for c in verdict.checks if c.result == "fails"]])
    return {
        "runs": runs,
        "verified": runs - len(failed),
        "cells": dict(counts),
        "explained": dict(reasons),
        "failed": failed,
    }


# --- alterations ----------------------------------------------------------------------------------------


def swap(*classes: type[Fact], **how: tuple[str, str]) -> Change:
    """Replace one text by another in named fields of facts of these classes, at any depth."""

    def change(node: str, fact: Fact) -> Fact:
        if not isinstance(fact, classes):
            return fact
        made = {name: within(getattr(fact, name), *pair) for name, pair in how.items() if hasattr(fact, name)}
        return replace(fact, **made)

    return change


def within(value: Any, old: str, new: str) -> Any:
    """A value with one text replaced by another."""
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: within(one, old, new) for key, one in value.items()}
    return type(value)(within(one, old, new) for one in value) if isinstance(value, list | tuple) else value


def everywhere(old: str, new: str) -> Change:
    """Replace a text in every fact but the code of cells."""

    def change(node: str, fact: Fact) -> Fact:
        names = [one.name for one in fields(fact)]
        if isinstance(fact, CellStarted | CallMade | TurnStarted | NodeStarted):
            return fact
        made = {
            name: within(getattr(fact, name), old, new) for name in names if name not in ("usage", "code")
        }
        return replace(fact, **made)

    return change


def with_hashes(node: str, fact: Fact) -> Fact:
    """Another prompt with its right hash, in the call and in the leaf."""
    made = swap(CallMade, NodeStarted, prompts=("a word", "a lie"), question=("a word", "a lie"))(node, fact)
    return replace(made, hashes=tuple(map(prompt_hash, made.prompts))) if isinstance(made, CallMade) else made


def moved(node: str, fact: Fact) -> Fact:
    """A source two characters further on, with the text it had."""
    if not isinstance(fact, RunEnded) or not fact.sources:
        return fact
    first = {**fact.sources[0], "start": fact.sources[0]["start"] + 2}
    return replace(fact, sources=(first, *fact.sources[1:]))


ALTERATIONS: dict[str, Change] = {
    "output of a cell": swap(OutputWritten, output=("2\n", "3\n")),
    "output that varies, its fixed part": swap(OutputWritten, output=("37 letters", "38 letters")),
    "output that varies, its varying part": swap(OutputWritten, output=("took ", "took 1")),
    "final value of a cell": swap(CellEnded, final=("2 letters", "3 letters")),
    "variables of a cell": swap(CellEnded, variables=("int", "str")),
    "code of a cell": swap(CellStarted, code=("200_000", "200_001")),
    "reply of the model": swap(
        ReplyWritten, text=("sum(range(200_000))", "7"), code=("sum(range(200_000))", "7")
    ),
    "answer of the run": swap(RunEnded, answer=("2 letters", "3 letters")),
    "answer, wherever it stands": swap(
        RunEnded, NodeEnded, CellEnded, answer=("2 letters", "3 letters"), final=("2 letters", "3 letters")
    ),
    "prompt of a sub-call": swap(CallMade, prompts=("a word", "a lie")),
    "prompt, with its hash": with_hashes,
    "answer of a sub-call": swap(CallAnswered, answers=("a word", "a lie")),
    "answer of a sub-call, wherever it stands": everywhere("a word", "a lie"),
    "source: its text": swap(RunEnded, sources=("Halden", "Bergen")),
    "source: its place": moved,
    "agreement of the answer": swap(RunEnded, agreement=("2 letters", "3 letters")),
}


def caught(verdict: Verdict) -> list[str]:
    """What fails of a verdict: names of checks, in order, each once."""
    return [*dict.fromkeys(check.what for check in verdict.checks if check.result == "fails")]


def alterations(engine: Engine, corpus: Any, data: Path) -> list[dict[str, Any]]:
    """Alter each class of what is stored of a run of its own, by hand and anew, and see what `verify` says."""
    rows = []
    for name, change in ALTERATIONS.items():
        row: dict[str, Any] = {"altered": name}
        for how in ("by hand", "anew"):
            run = asked(engine, corpus, FIVE)
            row["events"] = alter(data, run, change, anew=how == "anew")
            row[how] = caught(verify(engine.store, engine.kernels, run))
        rows.append(row)
    run = asked(engine, corpus, FIVE)
    text = corpus_of(engine.store, read_record(engine.store.events(run))) / "text.utf8"
    good = text.read_bytes()
    for name, old, new in (
        ("document, a cited text", b"Halden", b"Bergen"),
        ("document, another text", b"450", b"451"),
    ):
        text.write_bytes(good.replace(old, new))
        found = caught(verify(engine.store, engine.kernels, run))
        rows.append({"altered": name, "events": 0, "by hand": found, "anew": found})
    text.write_bytes(good)
    return rows


# --- times ----------------------------------------------------------------------------------------------


def times(engine: Engine, corpus: Any) -> list[dict[str, Any]]:
    """Execute a run of five cells again up to each of them, and fork it there."""
    run = asked(engine, corpus, FIVE)
    record = read_record(engine.store.events(run))
    root = record.nodes["0"]
    path = corpus_of(engine.store, record)
    rows = []
    for cell in (*range(1, len(FIVE) + 1), None):
        before = [one for one in root.cells if cell is None or one.number < cell]
        recorded = sum(one.ended.seconds for one in before if one.ended)
        took = min(_again(engine, path, record, root, cell) for _ in range(5))
        row = {
            "before cell": cell or "all",
            "cells": len(before),
            "recorded ms": recorded * 1e3,
            "again ms": took * 1e3,
        }
        row["limit ms"] = recorded * 1e3 + 100 + 20 * len(before)
        if cell is not None:
            engine.use(ScriptedModel([]))
            row["fork answers"] = fork(engine, run, cell, code="FINAL('a branch of it')").answer
            engine.use(None)
        rows.append(row)
    return rows


def _again(engine: Engine, path: Path, record: Any, node: Any, cell: int | None) -> float:
    began = time.monotonic()
    with open_worker(engine.kernels, path, record, node) as worker:
        execute_again(worker, record, node, cell)
        return time.monotonic() - began


def main(arguments: list[str]) -> int:
    """Print the tables; exit status 1 when a run does not verify, or an alteration by hand is not caught."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    with desk() as (engine, corpus, data):
        found = {
            "runs": many(engine, corpus, options.runs),
            "alterations": alterations(engine, corpus, data),
            "times": times(engine, corpus),
        }
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _tables(found)
    missed = [row for row in found["alterations"] if not row["by hand"]]
    return 1 if missed or found["runs"]["failed"] else 0


def _tables(found: dict[str, Any]) -> None:
    runs = found["runs"]
    print(f"{runs['verified']} of {runs['runs']} runs verify; cells: {runs['cells']}")
    for reason, count in runs["explained"].items():
        print(f"  {count:4} explained: {reason}")
    for seed, problems in runs["failed"]:
        print(f"  seed {seed} FAILS: {problems}")
    print(f"\n{'altered':44} {'events':>6}  {'by hand, caught by':40} chain made anew, caught by")
    for row in found["alterations"]:
        hand, anew = (", ".join(row[how]) or "NOT CAUGHT" for how in ("by hand", "anew"))
        print(f"{row['altered']:44} {row['events']:6}  {hand:40} {anew}")
    print(
        f"\n{'up to cell':>10} {'cells':>5} {'recorded ms':>12} {'again ms':>9} {'limit ms':>9}  fork answers"
    )
    for row in found["times"]:
        said = row.get("fork answers", "")
        print(
            f"{row['before cell']!s:>10} {row['cells']:5} {row['recorded ms']:12.1f} {row['again ms']:9.1f} "
            f"{row['limit ms']:9.1f}  {said}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
