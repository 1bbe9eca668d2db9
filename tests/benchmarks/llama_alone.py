"""The way others ask: llama-cpp-python's `Llama`, one request after the other. Used by `tests.benchmarks.llm`.

`python -m tests.benchmarks.llama_alone JOB.json` prints one JSON object: wall and CPU seconds, tokens evaluated.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> None:
    """Do one job of a file and print its figures."""
    from llama_cpp import Llama

    job = json.loads(Path(sys.argv[1]).read_text())
    llama = Llama(
        job["model"],
        n_ctx=job["n_ctx"],
        n_threads=job["threads"],
        n_threads_batch=job["threads"],
        n_batch=512,
        flash_attn=job["flash"],
        verbose=False,
    )
    counted = Counted(llama)
    wall, cpu = time.perf_counter(), time.process_time()
    firsts = [ask(llama, counted, prompt, job) for prompt in job["prompts"]]
    figures = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "evaluated": counted.tokens,
        "first_seconds": firsts,
    }
    print(json.dumps(figures))


class Counted:
    """Counts the tokens that a `Llama` evaluates."""

    def __init__(self, llama: Any):
        self.tokens = 0
        self._eval = llama.eval
        llama.eval = self.eval

    def eval(self, tokens: Any) -> None:
        """Count, then evaluate."""
        tokens = list(tokens)
        self.tokens += len(tokens)
        self._eval(tokens)


def ask(llama: Any, counted: Counted, prompt: dict[str, Any], job: dict[str, Any]) -> float:
    """Complete one prompt; returns the seconds to its first text."""
    tokens = llama.tokenize(prompt["text"].encode(), add_bos=False, special=True)
    if job["fresh"]:
        llama.reset()
    begun = time.perf_counter()
    first = 0.0
    pieces = llama.create_completion(
        tokens, max_tokens=prompt["count"], temperature=0.0, stream=True, repeat_penalty=1.0
    )
    for _ in pieces:
        first = first or time.perf_counter() - begun
    counted.tokens -= prompt["count"] - 1  # those it wrote; the last is not evaluated
    return first


if __name__ == "__main__":
    main()
