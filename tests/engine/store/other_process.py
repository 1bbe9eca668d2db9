"""A second program on the same data folder: `python -m tests.engine.store.other_process FOLDER write|hold|open ...`.

write   append events for ever; print the run, then each number after its commit
some N  append N events to a run of its own, finish it, print the run
hold    begin a run and wait for a line on stdin
limit N as `write`, but no file may grow above N bytes; print the sentence that stops it, then what is readable
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from engine.errors import StoreError
from engine.store import Store
from tests.engine.events.facts import fact
from tests.engine.store.conftest import begin


def main(folder: str, what: str, count: str = "0") -> None:
    with Store(Path(folder)) as store:
        run = begin(store)
        if what == "some":
            for number in range(int(count)):
                store.append(run, "0", fact("note", {"text": f"{number}", "level": "info"}))
            store.append(run, "0", fact("run_finished", {"status": "answered", "answer": "42"}))
            print(run)
        elif what == "hold":
            print(run, flush=True)
            sys.stdin.readline()
        elif what == "write":
            print(run, flush=True)
            write_for_ever(store, run)
        elif what == "limit":
            store._writer._group_seconds = 300.0  # an output shares the commit of the note after it
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(count), int(count)))
            try:
                write_for_ever(store, run)
            except StoreError as error:
                print(error)
                print(len(store.events(run)), store.check())


def write_for_ever(store: Store, run: str) -> None:
    while True:
        store.append(
            run, "0", fact("output", {"cell": 1, "output": {"output_type": "stream", "text": "x" * 200}})
        )
        event = store.append(run, "0", fact("note", {"text": "x" * 2000, "level": "info"}))
        print(event.seq, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
