"""llama-cpp-python's own server for comparison, without the AMX buffer type, which crashes with quantised weights.

`python -m tests.benchmarks.llama_server --model FILE ...` takes the options of `python -m llama_cpp.server`.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

START_SECONDS = 120.0


@contextmanager
def serving(model: Path, *, n_ctx: int, threads: int) -> Iterator[tuple[str, int]]:
    """Run the server; gives its address and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "--model": model,
        "--host": "127.0.0.1",
        "--port": port,
        "--n_ctx": n_ctx,
        "--n_threads": threads,
        "--n_threads_batch": threads,
        "--interrupt_requests": False,
        "--verbose": False,
    }
    words = [str(word) for pair in options.items() for word in pair]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.llama_server", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}/v1"
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(f"{address}/models"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("llama_cpp.server does not start")
            time.sleep(0.2)
        yield address, process.pid
    finally:
        process.terminate()
        process.wait()


def ask_all(address: str, pid: int, texts: Sequence[str], new: int) -> dict[str, Any]:
    """Ask everything at once, a thread for each; return wall and CPU seconds and the tokens written."""
    before, begun = _cpu(pid), time.perf_counter()
    with ThreadPoolExecutor(len(texts)) as pool:
        written = list(pool.map(lambda text: _ask(address, text, new), texts))
    return {
        "seconds": time.perf_counter() - begun,
        "cpu_seconds": _cpu(pid) - before,
        "written": sum(written),
        "evaluated": None,  # it does not say
    }


def _ask(address: str, text: str, new: int) -> int:
    body = {"messages": [{"role": "user", "content": text}], "max_tokens": new, "temperature": 0.0}
    request = urllib.request.Request(
        f"{address}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        return int(json.load(answer)["usage"]["completion_tokens"])


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except OSError:
        return False


def _cpu(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


if __name__ == "__main__":
    from llama_cpp import llama_cpp
    from llama_cpp.server.__main__ import main

    from engine.llm.local.load.buffer_types import AMX, leave_out

    llama_cpp.llama_backend_init()
    leave_out([AMX])
    main()
