"""How fast events are stored and read: `python -m tests.benchmarks.store [--json] [--folder DIR]`.

Medians of several rounds on a fresh database. A boundary event is on the disk (fsync) when `append` returns; outputs
share commits. The bare insert, the same rows through sqlite3 with the same settings, is what the hash chain, the
projections and the hand-over to the writer thread are compared with.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from engine.events import Note, OutputWritten, RunEnded, RunStarted
from engine.store import Store

ROUNDS = 5
TEXT = "The notice period is six months. " * 6  # about 200 bytes
ENDED = RunEnded("answered", "", (), None, None, 1.0, 1, "", False, (), None)


def main() -> None:
    options = argparse.ArgumentParser(description="Measure the store.")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--folder", type=Path, help="measure on the disk that holds this folder")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        figures = measure(Path(folder))
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<55} {value:>12,}")


def measure(folder: Path) -> dict[str, float]:
    """Return all figures by self-explaining names."""
    with Store(folder / "data") as store:
        run = new_run(store)

        def boundary(count: int) -> None:
            for _ in range(count):
                store.append(run, "0", Note(TEXT, "info"))

        def grouped(count: int) -> None:
            for _ in range(count):
                output = {"output_type": "stream", "name": "stdout", "text": TEXT}
                store.append(run, "0", OutputWritten(1, output))
            store.flush()

        def eight_threads() -> None:
            threads = [threading.Thread(target=boundary, args=(50,)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        figures: dict[str, float] = {
            "boundary_events_per_second": rate(300, lambda: boundary(300)),
            "bare_inserts_with_commit_per_second": rate(300, lambda: bare(folder, 300)),
            "boundary_events_of_8_threads_per_second": rate(400, eight_threads),
            "grouped_events_per_second": rate(4000, lambda: grouped(4000)),
            "blobs_of_300_kb_per_second": rate(20, lambda: write_blobs(store, run, 20)),
        }
        count = len(store.events(run))
        path = store.folder / "taproot.db"
        figures |= {
            "events_read_per_second": rate(count, lambda: store.events(run)),
            "events_verified_per_second": rate(count, lambda: store.verify_chain(run)),
            "milliseconds_to_read_the_newest_event": round(
                1e3 * median(lambda: store.events(run, count - 1)), 3
            ),
            "milliseconds_to_open_the_store": round(1e3 * median(lambda: Store(store.folder).close()), 1),
        }
        store.append(run, "0", ENDED)
        size = path.stat().st_size
        begun = time.perf_counter()
        store.delete_run(run)
        figures["megabytes_before_deletion"] = round(size / 1e6, 1)
        figures["seconds_to_delete_the_run_and_erase_it"] = round(time.perf_counter() - begun, 2)
        figures["events_in_that_run"] = count + 1
    return figures


def new_run(store: Store) -> str:
    return store.new_run(RunStarted(TEXT, "c", "c", {}, {}, "recursive", None, None, None))


def write_blobs(store: Store, run: str, count: int) -> None:
    """Append values of 300 KB, each different from all others."""
    for _ in range(count):
        store.append(run, "0", Note(f"{time.perf_counter_ns():030}" * 10_000, "info"))


def bare(folder: Path, count: int) -> None:
    """Insert rows of the same size, one commit each."""
    db = sqlite3.connect(folder / "bare.db", isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY, ts REAL, payload TEXT)")
    for _ in range(count):
        db.execute("INSERT INTO event (ts, payload) VALUES (?, ?)", (time.time(), json.dumps({"text": TEXT})))
    db.close()


def median(work: Callable[[], object]) -> float:
    """Return the median seconds of several rounds."""
    seconds = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def rate(count: int, work: Callable[[], object]) -> int:
    return round(count / median(work))


if __name__ == "__main__":
    main()
