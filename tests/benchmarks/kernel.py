"""How fast cells and workers are: `python -m tests.benchmarks.kernel [--json] [--rounds N]`.

Medians over rounds, with the real sandbox. A worker counts as ready when its first cell can run; the same without a
sandbox shows what the sandbox costs, and a bare Python interpreter shows what starting afresh would cost.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine.kernel.host.host import KernelHost, Worker

TEXT: dict[str, Any] = {"kind": "text", "text": "The notice period is six months.\n" * 100}
FRESH = "import ipykernel.inprocess.ipkernel, numpy, matplotlib.pyplot"
NODES = 8


def main() -> None:
    options = argparse.ArgumentParser(description="Measure the kernel.")
    options.add_argument("--json", action="store_true", help="print one JSON object")
    options.add_argument("--rounds", type=int, default=20, help="rounds of each measurement")
    chosen = options.parse_args()
    figures = measure(chosen.rounds)
    if chosen.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name.replace('_', ' '):<60} {value:>12,}")


def measure(rounds: int) -> dict[str, float]:
    """Return all figures; the names say what they are and in which unit."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        with KernelHost(Path(folder)) as host:
            figures["milliseconds_start_returns_after"] = milliseconds(time.perf_counter() - begun)
            host.worker(None, TEXT).close()
            figures["milliseconds_to_first_worker_with_new_font_list"] = milliseconds(
                time.perf_counter() - begun
            )
            figures |= workers(host, rounds)
            with host.worker(None, TEXT) as worker:
                figures |= cells(worker, rounds)
        begun = time.perf_counter()
        with KernelHost(Path(folder)) as host:
            host.worker(None, TEXT).close()
            figures["milliseconds_to_first_worker"] = milliseconds(time.perf_counter() - begun)
        with KernelHost(Path(folder), unsafe_without_sandbox=True) as host:
            host.worker(None, TEXT).close()
            figures["milliseconds_to_ready_worker_without_sandbox"] = ready(host, rounds)
    python = [sys.executable, "-c", FRESH]
    figures["milliseconds_to_import_the_same_in_a_fresh_python"] = median(
        3, lambda: subprocess.run(python, check=True)
    )
    return figures


def workers(host: KernelHost, rounds: int) -> dict[str, float]:
    """Time making workers, one after the other and many at once, and weigh them."""
    figures = {"milliseconds_to_ready_worker": ready(host, rounds)}

    def first_cell() -> None:
        with host.worker(None, TEXT) as worker:
            run(worker, "len(context)")

    figures["milliseconds_for_worker_first_cell_and_close"] = median(rounds, first_cell)
    made: list[Worker] = []

    def make() -> None:
        worker = host.worker(None, TEXT)
        run(worker, "len(context)")
        made.append(worker)

    begun = time.perf_counter()
    threads = [threading.Thread(target=make) for _ in range(NODES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures[f"milliseconds_for_{NODES}_workers_at_once"] = milliseconds(time.perf_counter() - begun)
    own = [psutil.Process(worker.pid).memory_full_info().uss / 2**20 for worker in made]
    figures["mebibytes_of_own_memory_per_worker"] = round(statistics.median(own), 1)
    for worker in made:
        worker.close()
    return figures


def ready(host: KernelHost, rounds: int) -> float:
    made: list[Worker] = []
    result = median(rounds, lambda: made.append(host.worker(None, TEXT)), after=lambda: made.pop().close())
    return result


def cells(worker: Worker, rounds: int) -> dict[str, float]:
    """Time cells of several kinds."""
    calls = 1000
    begun = time.perf_counter()
    run(worker, f"for i in range({calls}):\n    llm_query('q')")
    round_trips = calls / (time.perf_counter() - begun)
    return {
        "milliseconds_per_cheap_cell": median(10 * rounds, lambda: run(worker, "1 + 1")),
        "milliseconds_per_syntax_error": median(rounds, lambda: run(worker, "x = (1,, 2)")),
        "milliseconds_per_runtime_error": median(rounds, lambda: run(worker, "1 / 0")),
        "milliseconds_per_plot": median(
            rounds,
            lambda: run(worker, "plt.plot([1, 2, 3]);"),
            first=lambda: run(worker, "import matplotlib.pyplot as plt\nplt.plot([1]);"),
        ),
        "llm_query_round_trips_per_second": round(round_trips),
        "milliseconds_from_interrupt_to_end": median(rounds, lambda: interrupt(worker)),
        "milliseconds_to_restart_after_death": median(
            5, lambda: run(worker, "1"), before=lambda: run(worker, "import os; os._exit(1)")
        ),
    }


def interrupt(worker: Worker) -> float:
    """Interrupt an endless loop; return the seconds it took to end."""
    sent: list[float] = []

    def stop() -> None:
        sent.append(time.perf_counter())
        worker.interrupt()

    timer = threading.Timer(random.uniform(0.1, 0.2), stop)
    timer.start()
    run(worker, "while True: pass")
    return time.perf_counter() - sent[0]


def run(worker: Worker, code: str) -> None:
    worker.execute(code, on_call=lambda call: ["answer"], on_output=lambda output: None, timeout=60)


def nothing() -> None:
    pass


def median(
    rounds: int,
    work: Callable[[], Any],
    *,
    first: Callable[[], object] = nothing,
    before: Callable[[], object] = nothing,
    after: Callable[[], object] = nothing,
) -> float:
    """Return the median milliseconds of `work`, or of the seconds it returns."""
    first()
    seconds = []
    for _ in range(rounds):
        before()
        begun = time.perf_counter()
        result = work()
        spent = time.perf_counter() - begun
        seconds.append(result if isinstance(result, float) else spent)
        after()
    return milliseconds(statistics.median(seconds))


def milliseconds(seconds: float) -> float:
    return round(1e3 * seconds, 2)


if __name__ == "__main__":
    main()
