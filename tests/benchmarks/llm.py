"""What the model process saves and costs: `python -m tests.benchmarks.llm [--json] [--model GGUF] [--rounds N]`.

Without `--model` a small model with random weights is made, so speeds compare ways of asking on this machine and
say nothing about real models. Counts of evaluated tokens do not depend on the machine.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from engine.llm.base import Reply, Request
from engine.llm.local import LocalModel
from engine.types import Message, Usage
from tests.engine.llm.make_gguf import random_model

TURNS = 10
BURST = 16
SYSTEM = Message("system", "Answer from the text only. " * 6)
OUTPUT = "clause 12, page 3: six months. " * 6
SHARED = "The tenant may end the contract at the end of any month. " * 6


def main() -> None:
    """Run all measurements and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description="Benchmarks of the model process")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--model", type=Path, help="a GGUF file instead of the random one")
    parser.add_argument("--rounds", type=int, default=3, help="how often each measurement is taken")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.model or random_model(Path(folder) / "random.gguf", layers=4, width=256, n_ctx=8192)
        figures = measure(path, arguments.rounds)
    if arguments.json:
        print(json.dumps(figures, indent=1))
    else:
        for key, value in figures.items():
            print(f"{key.replace('_', ' '):60} {value}")


def measure(path: Path, rounds: int) -> dict[str, Any]:
    """Take all figures for one model."""
    figures: dict[str, Any] = {"model": path.name, "seconds_to_start": round(starting(path, rounds), 3)}
    with LocalModel(path) as model:
        for name, keep, between in [
            ("kept", True, 0),
            ("kept_with_2_sub_calls_between_turns", True, 2),
            ("written_anew", False, 0),
        ]:
            totals = [conversation(model, f"{name} {n}", keep, between) for n in range(rounds)]
            prompt = statistics.median(usage.prompt_tokens for usage, _ in totals)
            reused = statistics.median(usage.reused_tokens for usage, _ in totals)
            figures[f"share_of_prompt_tokens_evaluated_in_{TURNS}_turns_{name}"] = round(
                1 - reused / prompt, 3
            )
            figures[f"seconds_to_first_text_in_turn_{TURNS}_{name}"] = round(
                statistics.median(seconds for _, seconds in totals), 3
            )
        bursts = [burst(model, f"burst {n}") for n in range(rounds)]
        figures[f"seconds_for_{BURST}_sub_calls"] = round(statistics.median(s for s, _ in bursts), 3)
        figures[f"prompt_tokens_evaluated_for_{BURST}_sub_calls"] = bursts[-1][1]
        stops = [cancelling(model) for _ in range(rounds)]
        figures["milliseconds_from_cancel_to_end"] = round(1000 * statistics.median(stops), 2)
    return figures


def starting(path: Path, rounds: int) -> float:
    """Return the median seconds until a model is ready."""
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        LocalModel(path).close()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def conversation(model: LocalModel, key: str, keep: bool, between: int) -> tuple[Usage, float]:
    """Hold a conversation; return its usage and the seconds to the first text of its last turn.

    `keep`: under one key, so that its tokens are kept; else every turn is a conversation of its own that shares
    no beginning with the others. `between`: sub-calls after each turn.
    """
    total, seconds = Usage(), 0.0
    messages: tuple[Message, ...] = ()
    for turn in range(TURNS):
        opening = Message("system", f"{key if keep else f'{turn} {key}'}. {SYSTEM.content}")
        if messages:
            messages = (opening, *messages[1:])
        else:
            messages = (opening, Message("user", "How long is the notice?"))
        reply, seconds = timed(model, Request(messages, 32, conversation=key if keep else "", pinned=keep))
        total += reply.usage
        messages = (*messages, Message("assistant", reply.text), Message("user", f"Output {turn}: {OUTPUT}"))
        for number in range(between):
            prompt = Message("user", f"{key} {turn} {number} {SHARED}")
            model.submit(Request((prompt,), 16, conversation=f"{key} {turn} {number}")).result()
    return total, seconds


def timed(model: LocalModel, request: Request) -> tuple[Reply, float]:
    """Return a reply and the seconds to its first text."""
    begun = time.perf_counter()
    stream = model.submit(request)
    next(iter(stream), "")
    first = time.perf_counter() - begun
    return stream.result(), first


def burst(model: LocalModel, key: str) -> tuple[float, int]:
    """Ask many sub-calls with one beginning at once; return the seconds and the prompt tokens evaluated."""
    prompts = [Message("user", f"{key} {SHARED} Question {number}: {OUTPUT}") for number in range(BURST)]
    begun = time.perf_counter()
    streams = [model.submit(Request((p,), 64, conversation=f"{key} {n}")) for n, p in enumerate(prompts)]
    usage = sum((stream.result().usage for stream in streams), Usage())
    return time.perf_counter() - begun, usage.prompt_tokens - usage.reused_tokens


def cancelling(model: LocalModel) -> float:
    """Cancel the reading of a long prompt; return the seconds until its stream ended."""
    text = f"{time.time()} {SHARED}" * (model.info.n_ctx // (2 * model.count(SHARED)))
    stream = model.submit(Request((Message("user", text),), 8))
    time.sleep(0.2)
    begun = time.perf_counter()
    stream.cancel()
    stream.result()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
