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

from engine.events import RunStarted
from engine.store import Store
from tests.engine.events.facts import fact, started

NOTE_CHARS = 24_000  # of one event
NOTES = 400  # of one run
WORD = "heliotrope-4711"


def filled(store: Store, megabytes: int) -> None:
    """Runs of the corpus "gone", of about this size together."""
    chance = random.Random(7)
    words = [chance.randbytes(chance.randint(1, 6)).hex() for _ in range(50_000)]
    folder = store.corpora_dir / "gone"
    folder.mkdir()
    (folder / "text.bin").write_text(WORD)
    store.save_corpus({"id": "gone", "name": "gone", "documents": 1, "chars": 10, "path": str(folder)})
    for _ in range(max(1, megabytes * 1024 * 1024 // (NOTE_CHARS * NOTES))):
        run = store.new_run(begin("gone"))
        for _ in range(NOTES):
            text = " ".join(chance.choices(words, k=NOTE_CHARS // 8)) + WORD
            store.append(
                run,
                "0",
                fact(
                    "output", {"cell": 1, "output": {"output_type": "stream", "name": "stdout", "text": text}}
                ),
            )
        store.append(run, "0", fact("run_finished", {"answer": WORD}))


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
    """Fill, delete, and say how long everybody waited."""
    with Store(folder) as store:
        kept = store.new_run(begin("kept"))
        filled(store, megabytes)
        size = (folder / "taproot.db").stat().st_size
        command = [sys.executable, "-m", "tests.proof.deletion", "--elsewhere", str(folder), kept]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
            assert other.stdin and other.stdout
            other.stdout.readline()
            readers = Waits(lambda: read(store, kept))
            writers = Waits(lambda: store.append(kept, "0", fact("note", {"text": "still here"})))
            time.sleep(1)
            quiet = max(readers.milliseconds), max(writers.milliseconds)
            before = time.perf_counter()
            receipt = store.delete_corpus("gone")
            seconds = time.perf_counter() - before
            time.sleep(0.2)
            waited = {"reading": readers.end(), "writing": writers.end()}
            print("", file=other.stdin, flush=True)
            waited["reading_in_another_process"] = json.loads(other.stdout.readline())
        return {
            "database_mb": round(size / 2**20),
            "left_mb": round((folder / "taproot.db").stat().st_size / 2**20, 1),
            "delete_seconds": round(seconds, 2),
            "erased": receipt["erased"],
            "notices": receipt["notices"],
            "most_ms_before": {"reading": round(quiet[0], 1), "writing": round(quiet[1], 1)},
            "while_deleting": waited,
        }


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
