"""How long readers and writers wait at most while a large corpus is deleted with its runs.

    .venv/bin/python -m tests.proof.deletion [--megabytes 1024] [--json]

Fills a database with runs of one corpus and one run that stays, deletes the corpus, and meanwhile reads lists and the
run that stays, and appends to it, as a live run does: in this process, and reading also in another one.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.events import Fact, RunStarted
from engine.store import Store
from engine.store.log import log
from tests.engine.events.facts import fact, started

PROMPT_CHARS, REPLY_CHARS, OUTPUT_CHARS = 24_000, 800, 2_000  # of one turn
TURNS = 400  # of one run
WORD = "heliotrope-4711"


def filled(store: Store, megabytes: int) -> None:
    """Runs of the corpus "gone", of about this size together."""
    chance = random.Random(7)
    words = [chance.randbytes(chance.randint(1, 6)).hex() for _ in range(50_000)]
    folder = store.corpora_dir / "gone"
    folder.mkdir()
    (folder / "text.bin").write_text(WORD)
    store.save_corpus({"id": "gone", "name": "gone", "documents": 1, "chars": 10, "path": str(folder)})

    def text(chars: int) -> str:
        return " ".join(chance.choices(words, k=chars // 8)) + WORD

    def turns(run: str) -> list[Fact]:
        made = []
        for n in range(1, TURNS + 1):
            output = {"output_type": "stream", "name": "stdout", "text": text(OUTPUT_CHARS)}
            message = {"role": "user", "content": text(PROMPT_CHARS)}
            made += [
                fact("turn_started", {"turn": n, "messages": [message]}),
                fact("turn_finished", {"turn": n, "text": text(REPLY_CHARS)}),
                fact("cell_started", {"cell": n, "turn": n, "code": text(REPLY_CHARS)}),
                fact("output", {"cell": n, "output": output}),
                fact("cell_finished", {"cell": n}),
            ]
        return [*made, fact("run_finished", {"answer": WORD})]

    for _ in range(max(1, megabytes * 1024 * 1024 // (TURNS * (PROMPT_CHARS + 3 * OUTPUT_CHARS)))):
        run = store.new_run(begin("gone"))
        prepared = [log.prepare("0", one) for one in turns(run)]
        store._write(lambda db, run=run, prepared=prepared: [log.append(db, run, one) for one in prepared])


def begin(corpus: str) -> RunStarted:
    return started(question=f"Where is {corpus}?", corpus=corpus, corpus_name=corpus, model={"name": "m"})


class Waits:
    """Does something again and again in a thread, and keeps how long it took."""

    def __init__(self, work: Callable[[], object]):
        self._work, self._stop = work, threading.Event()
        self.milliseconds: list[float] = []
        self._thread = threading.Thread(target=self._main, daemon=True)
        self._thread.start()

    def _main(self) -> None:
        while not self._stop.is_set():
            before = time.perf_counter()
            self._work()
            self.milliseconds.append(1000 * (time.perf_counter() - before))
            time.sleep(0.002)

    def end(self) -> dict[str, float]:
        self._stop.set()
        self._thread.join()
        ordered = sorted(self.milliseconds)
        return {
            "times": len(ordered),
            "median_ms": round(ordered[len(ordered) // 2], 2),
            "p99_ms": round(ordered[int(len(ordered) * 0.99)], 1),
            "most_ms": round(ordered[-1], 1),
        }


def read(store: Store, kept: str) -> object:
    return store.sessions(None, None, 100), store.trace(kept, max(0, store.last(kept) - 50)), store.corpora()


def read_elsewhere(folder: str, kept: str) -> None:
    """In a process of its own: read until a line comes on stdin, then print what it took."""
    with Store(Path(folder)) as store:
        waits = Waits(lambda: read(store, kept))
        print("reading", flush=True)
        sys.stdin.readline()
        print(json.dumps(waits.end()), flush=True)


def measure(folder: Path, megabytes: int) -> dict[str, object]:
    """Fill, delete a run and then the corpus, and say how long everybody waited."""
    with Store(folder) as store:
        kept = store.new_run(begin("kept"))
        filled(store, megabytes)
        runs = [row["run"] for row in store.runs("gone")]
        size = (folder / "taproot.db").stat().st_size
        found: dict[str, object] = {"database_mb": round(size / 2**20)}
        found["one_run_while_a_question_goes_on"] = watched(store, kept, lambda: store.delete_run(runs[0]))
        store.append(kept, "0", fact("run_finished", {}))
        found["one_run_while_none_goes_on"] = watched(store, kept, lambda: store.delete_run(runs[1]))
        found["the_corpus_with_its_runs"] = watched(store, kept, lambda: store.delete_corpus("gone"))
        found["left_mb"] = round((folder / "taproot.db").stat().st_size / 2**20, 1)
        return found


def watched(store: Store, kept: str, work: Callable[[], dict[str, Any]]) -> dict[str, object]:
    """Delete something while others read and write, and say how long they waited."""
    command = [sys.executable, "-m", "tests.proof.deletion", "--elsewhere", str(store.folder), kept]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin and other.stdout
        other.stdout.readline()
        readers = Waits(lambda: read(store, kept))
        writers = Waits(lambda: store.append(kept, "0", fact("note", {"text": "still here"})))
        time.sleep(1)
        before = time.perf_counter()
        receipt = work()
        seconds = time.perf_counter() - before
        time.sleep(0.2)
        waited = {"reading": readers.end(), "writing": writers.end()}
        print("", file=other.stdin, flush=True)
        waited["reading_in_another_process"] = json.loads(other.stdout.readline())
    told = {name: receipt[name] for name in ("events", "bytes", "erased", "notices")}
    return {"seconds": round(seconds, 2), "receipt": told, "waited": waited}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--megabytes", type=int, default=1024)
    parser.add_argument("--elsewhere", nargs=2, metavar=("FOLDER", "RUN"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.elsewhere:
        read_elsewhere(*options.elsewhere)
        return
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder) / "data", options.megabytes), indent=1))


if __name__ == "__main__":
    main()
