"""The way others ask: llama-cpp-python's `Llama`, one request after the other. Used by `tests.benchmarks.llm`.

`python -m tests.benchmarks.llama_alone JOB.json` prints one JSON object: wall and CPU seconds, tokens evaluated and
written, texts. AMX is left out, which crashes with quantised weights; with "plain_buffers" all extra buffer types are.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from engine.llm.local.load.buffer_types import AMX, extra, leave_out


def main() -> None:
    """Do one job of a file and print its figures."""
    from llama_cpp import Llama, llama_cpp

    job = json.loads(Path(sys.argv[1]).read_text())
    llama_cpp.llama_backend_init()
    leave_out(extra() if job.get("plain_buffers") else [AMX])
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
    replies = [ask(llama, counted, prompt, job) for prompt in job["prompts"]]
    figures = {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "evaluated": counted.tokens,
        "written": sum(reply["written"] for reply in replies),
        "first_seconds": [reply["first_seconds"] for reply in replies],
        "texts": [reply["text"] for reply in replies],
    }
    print(json.dumps(figures))


class Counted:
    """Counts the tokens that a `Llama` evaluates."""

    def __init__(self, llama: Any):
        self.tokens = self.single = 0  # all, and those evaluated one at a time: written by the model itself
        self._eval = llama.eval
        llama.eval = self.eval

    def eval(self, tokens: Any) -> None:
        """Count, then evaluate."""
        tokens = list(tokens)
        self.tokens += len(tokens)
        self.single += len(tokens) == 1
        self._eval(tokens)


def ask(llama: Any, counted: Counted, prompt: dict[str, Any], job: dict[str, Any]) -> dict[str, Any]:
    """Complete one prompt; returns its text, the tokens written and the seconds to its first text."""
    tokens = llama.tokenize(prompt["text"].encode(), add_bos=False, special=True)
    if job["fresh"]:
        llama.reset()
    begun = time.perf_counter()
    first, text, singles = 0.0, "", counted.single
    pieces = llama.create_completion(
        tokens, max_tokens=prompt["count"], temperature=0.0, stream=True, repeat_penalty=1.0
    )
    for piece in pieces:
        first = first or time.perf_counter() - begun
        text += piece["choices"][0]["text"]
    written = counted.single - singles
    counted.tokens -= written
    return {"text": text, "written": written + 1, "first_seconds": first}


if __name__ == "__main__":
    main()
