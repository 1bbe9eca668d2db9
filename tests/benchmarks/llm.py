"""What the model host saves and costs: `python -m tests.benchmarks.llm [PART...] [--json] [--model GGUF]`.

Parts: `burst` (16 sub-calls with a shared start, against llama-cpp-python's `Llama` one at a time, fresh and with
its own prefix cache, and against `llama_cpp.server` asked by 16 threads), `turns` (ten turns of a root with a burst between them, against the same), `share` (part of
the wall time in which llama.cpp computes), `differ` (replies that batches change), `start`, `threads` (tokens a second
by number of threads, on idle cores and beside two busy loops, with and without our limit on spinning). Without `--model` the
0.6B dense shape with random weights is made once and kept in the temporary folder. Ways of asking are compared in
interleaved pairs with the same threads, batch and attention; on a machine that does other work, trust the ratios of
CPU seconds more than those of wall time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from engine.llm.base import Reply, Request
from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.types import Message, Usage
from tests.benchmarks import llama_server
from tests.engine.llm.gguf.shapes import DENSE_06B, dense_model

BURST, SHARED, OWN, NEW = 16, 300, 100, 64  # sub-calls; tokens
TURNS, ADDED, REPLY = 10, 200, 24
SHARE_TURNS, SHARE_REPLY = 20, 150
N_CTX = 8192
TALK = "\nTell the whole story of this contract, at great length and in many sentences."
WORDS = "the tenant may end the contract at the end of any month if notice was given in writing before it "


def main() -> None:
    """Run the parts asked for and print one table or one JSON object."""
    parser = argparse.ArgumentParser(description="Benchmarks of the model host")
    parts: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
        "burst": burst,
        "turns": turns,
        "share": share,
        "differ": differ,
        "start": start,
        "threads": threads,
    }
    parser.add_argument("parts", nargs="*", choices=[*parts, []], default=[])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--model", type=Path, help="a GGUF file with a ChatML template instead of random weights"
    )
    parser.add_argument("--pairs", type=int, default=5, help="how often each comparison is made")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.model is None:
        arguments.model = Path(tempfile.gettempdir()) / "taproot-dense-0.6b-q4_k_m.gguf"
        if not arguments.model.exists():
            made = dense_model(arguments.model.with_suffix(".new"), DENSE_06B, kind="q4_k_m")
            made.rename(arguments.model)
    figures: dict[str, Any] = {
        "model": arguments.model.name,
        "threads": arguments.threads,
        "load_average_at_start": round(os.getloadavg()[0], 1),
    }
    for part in arguments.parts or parts:
        figures |= parts[part](arguments)
    figures["load_average_at_end"] = round(os.getloadavg()[0], 1)
    if arguments.json:
        print(json.dumps(figures, indent=1))
    else:
        for key, value in figures.items():
            print(f"{key.replace('_', ' '):72} {value}")


# --- a burst of sub-calls -----------------------------------------------------------------------------------


def burst(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare 16 sub-calls with a shared start: all at once here and on a server, one after the other in `Llama`."""
    seen: dict[str, list[dict[str, Any]]] = {"host": [], "fresh": [], "cached": [], "server": []}
    with _open(arguments) as model:
        shared = _text(model, SHARED, 0)
        texts = [f"{shared} {_text(model, OWN - 20, 7 * n + 3)}{TALK}" for n in range(BURST)]
    for pair in range(arguments.pairs):
        for way in seen if pair % 2 else reversed(seen):
            if way == "host":
                seen[way].append(_host_burst(arguments, texts))
            elif way == "server":
                with llama_server.serving(arguments.model, n_ctx=N_CTX, threads=arguments.threads) as (
                    address,
                    pid,
                ):
                    seen[way].append(llama_server.ask_all(address, pid, texts, NEW))
            else:
                prompts = [{"text": _chatml(text), "count": NEW} for text in texts]
                seen[way].append(_alone(arguments, prompts, fresh=way == "fresh"))
    figures: dict[str, Any] = {}
    for way, found in seen.items():
        figures[f"burst_{way}_seconds"] = [round(one["seconds"], 2) for one in found]
        figures[f"burst_{way}_new_tokens_per_cpu_second"] = round(
            statistics.median(one["written"] / one["cpu_seconds"] for one in found), 1
        )
        figures[f"burst_{way}_new_tokens"] = found[0]["written"]
        figures[f"burst_{way}_prompt_tokens_evaluated"] = found[0]["evaluated"]
    for way in ("fresh", "cached", "server"):
        for unit in ("seconds", "cpu_seconds"):
            ratios = [  # by the token, for a reply may end before its limit
                (a[unit] / a["written"]) / (b[unit] / b["written"])
                for a, b in zip(seen[way], seen["host"], strict=True)
            ]
            figures[f"burst_{way}_{unit}_over_host_median_of_pairs"] = round(statistics.median(ratios), 2)
            figures[f"burst_{way}_{unit}_over_host_range"] = [round(min(ratios), 2), round(max(ratios), 2)]
    return figures


def _host_burst(arguments: argparse.Namespace, texts: list[str]) -> dict[str, Any]:
    with _open(arguments) as model:
        wall, cpu = time.perf_counter(), _cpu(model)
        streams = [
            model.submit(Request((Message("user", text),), NEW, conversation=f"run/{n}"))
            for n, text in enumerate(texts)
        ]
        usage = sum((stream.result().usage for stream in streams), Usage())
        figures = {"seconds": time.perf_counter() - wall, "cpu_seconds": _cpu(model) - cpu}
        return {**figures, "evaluated": usage.evaluated_tokens, "written": usage.completion_tokens}


# --- a conversation -----------------------------------------------------------------------------------------


def turns(arguments: argparse.Namespace) -> dict[str, Any]:
    """Compare ten turns of a root conversation with two sub-calls between turns."""
    figures: dict[str, Any] = {}
    prompts: list[dict[str, Any]] = []
    firsts, new, evaluated, held = [], 0, 0, 0
    with _open(arguments) as model:
        messages: tuple[Message, ...] = (Message("user", _text(model, 3 * ADDED, 1)),)
        so_far = _chatml(messages[0].content)
        for turn in range(TURNS):
            reply, first = _timed(model, Request(messages, REPLY, conversation="run/0", pinned=True))
            prompts.append({"text": so_far, "count": REPLY})
            firsts.append(first)
            new += reply.usage.prompt_tokens - held
            evaluated += reply.usage.evaluated_tokens
            held = reply.usage.prompt_tokens + reply.usage.completion_tokens - 1
            output = _text(model, ADDED, 20 + turn)
            messages = (*messages, Message("assistant", reply.text), Message("user", output))
            so_far += f"{reply.text}<|im_end|>\n<|im_start|>user\n{output}<|im_end|>\n<|im_start|>assistant\n"
            texts = [_text(model, OWN, 60 + 2 * turn + n) for n in range(2)]
            streams = [
                model.submit(Request((Message("user", text),), REPLY, conversation=f"run/{turn}.{n}"))
                for n, text in enumerate(texts)
            ]
            for stream in streams:
                stream.result()
            prompts += [{"text": _chatml(text), "count": REPLY} for text in texts]
    alone = _alone(arguments, prompts, fresh=False)["first_seconds"][:: 1 + 2]
    figures["turns_prompt_tokens_evaluated_over_new_ones"] = round(evaluated / new, 4)
    figures["turns_seconds_to_first_token_host"] = [round(first, 2) for first in firsts]
    figures["turns_seconds_to_first_token_llama_shared_with_sub_calls"] = [round(one, 2) for one in alone]
    figures["turns_sum_of_first_token_llama_over_host"] = round(sum(alone) / sum(firsts), 2)
    return figures


def share(arguments: argparse.Namespace) -> dict[str, Any]:
    """Which part of the wall time llama.cpp computes, over 20 turns; counting and streaming included."""
    with _open(arguments) as model:
        messages: tuple[Message, ...] = (Message("user", _text(model, 2 * ADDED, 3)),)
        before, begun = model.counts()["compute_seconds"], time.perf_counter()
        for turn in range(SHARE_TURNS):
            model.fits(messages)
            request = Request(messages, SHARE_REPLY, conversation="run/0", pinned=True, stop_at_cell=True)
            stream = model.submit(request)
            text = "".join(stream)
            messages = (*messages, Message("assistant", text), Message("user", _text(model, 40, 5 + turn)))
        wall = time.perf_counter() - begun
        counts = model.counts()
    return {
        f"share_of_wall_time_computing_over_{SHARE_TURNS}_turns": round(
            (counts["compute_seconds"] - before) / wall, 4
        ),
        "share_tokens_per_second_writing_alone": round(counts["alone_tokens"] / counts["alone_seconds"], 1),
        "share_tokens_per_second_reading": round(counts["read_tokens"] / counts["read_seconds"], 1),
    }


def differ(arguments: argparse.Namespace) -> dict[str, Any]:
    """Which share of greedy replies is not the one of strict mode when they are written in a batch."""
    with _open(arguments) as model:
        texts = [_text(model, 120, 9 * n) for n in range(BURST)]
        requests = [
            Request((Message("user", text),), 32, conversation=f"run/{n}") for n, text in enumerate(texts)
        ]
        together = [stream.result().text for stream in [model.submit(request) for request in requests]]
        alone = [model.submit(request).result().text for request in requests]
    with _open(arguments, strict=True) as model:
        strict = [model.submit(request).result().text for request in requests]
    return {
        "differ_share_of_replies_in_a_batch_of_16": _share_unlike(together, strict),
        "differ_share_of_replies_one_after_the_other": _share_unlike(alone, strict),
    }


def start(arguments: argparse.Namespace) -> dict[str, Any]:
    """Seconds until the model is ready, and milliseconds from a cancellation to the end of the stream."""
    begun = time.perf_counter()
    with _open(arguments) as model:
        seconds = time.perf_counter() - begun
        stops = []
        for n in range(5):
            stream = model.submit(Request((Message("user", _text(model, 2000, n)),), 8))
            time.sleep(0.3)
            begun = time.perf_counter()
            stream.cancel()
            stream.result()
            stops.append(time.perf_counter() - begun)
    return {
        "start_seconds": round(seconds, 2),
        "start_milliseconds_from_cancel_to_end": round(1000 * statistics.median(stops), 1),
    }


def threads(arguments: argparse.Namespace) -> dict[str, Any]:
    """Tokens a second, written alone and read, by threads; medians of interleaved rounds."""
    spinning = {key: value for key, value in LocalModel.settings.items() if key != "GOMP_SPINCOUNT"}
    ways = {"spin_limit": LocalModel.settings, "spinning_freely": spinning}
    seen: dict[str, list[tuple[float, float]]] = {}
    for _ in range(arguments.pairs):
        for busy in (0, 2):
            hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
            try:
                for count in sorted({1, arguments.threads}):
                    for name, settings in ways.items():
                        if count > 1 or name == "spin_limit":  # one thread waits for nobody
                            key = f"{count}_threads_{name}_{busy}_busy_loops"
                            seen.setdefault(key, []).append(_rates(arguments, count, settings))
            finally:
                for hog in hogs:
                    hog.kill()
                    hog.wait()
    figures: dict[str, Any] = {}
    for key, rates in seen.items():
        for way, index in (("writing", 0), ("reading", 1)):
            figures[f"{way}_tokens_per_second_{key}"] = round(
                statistics.median(one[index] for one in rates), 1
            )
    return figures


def _rates(arguments: argparse.Namespace, count: int, settings: dict[str, str]) -> tuple[float, float]:
    class Set(LocalModel):
        """A model whose process gets these variables."""

    Set.settings = settings
    with Set(arguments.model, wish=Wish(window=2048, threads=count, gpu_layers=0)) as model:
        before = model.counts()
        model.submit(Request((Message("user", _text(model, 100, 1) + TALK),), 24)).result()
        after = model.counts()
    alone, read = (
        (after[f"{kind}_tokens"] - before[f"{kind}_tokens"])
        / max(1e-9, after[f"{kind}_seconds"] - before[f"{kind}_seconds"])
        for kind in ("alone", "read")
    )
    return alone, read


# --- helpers ------------------------------------------------------------------------------------------------


def _open(arguments: argparse.Namespace, **options: Any) -> LocalModel:
    wish = Wish(window=N_CTX, threads=arguments.threads, gpu_layers=0)
    return LocalModel(arguments.model, wish=wish, **options)


def _text(model: LocalModel, tokens: int, start: int) -> str:
    """A text of exactly so many tokens, different for each `start`."""
    text = f"{start} " + WORDS[start % 60 :] + WORDS * (1 + tokens // 20)
    low, high = 0, len(text)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if model.count(text[:middle]) < tokens else (low, middle)
    return text[:low]


def _chatml(text: str) -> str:
    return f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"


def _alone(arguments: argparse.Namespace, prompts: list[dict[str, Any]], *, fresh: bool) -> dict[str, Any]:
    job = {
        "model": str(arguments.model),
        "n_ctx": N_CTX,
        "threads": arguments.threads,
        "flash": False,
        "fresh": fresh,
        "prompts": prompts,
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        file.write(json.dumps(job))
        file.flush()
        command = [sys.executable, "-m", "tests.benchmarks.llama_alone", file.name]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _timed(model: LocalModel, request: Request) -> tuple[Reply, float]:
    begun = time.perf_counter()
    stream = model.submit(request)
    next(iter(stream), "")
    first = time.perf_counter() - begun
    return stream.result(), first


def _cpu(model: LocalModel) -> float:
    times = psutil.Process(model.pid).cpu_times()
    return times.user + times.system


def _share_unlike(found: list[str], expected: list[str]) -> float:
    return round(sum(a != b for a, b in zip(found, expected, strict=True)) / len(expected), 3)


if __name__ == "__main__":
    main()
