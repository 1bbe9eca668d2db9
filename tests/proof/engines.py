"""The same questions, the same GGUF, three engines: ours, `rlms` and `dspy.RLM`; then the time each takes for a turn.

    python -m tests.proof.engines --python PYTHON [--model GGUF] [--questions 10] [--lengths 0.5,4] [--json]

PYTHON is that of an environment of its own that holds `rlms==0.1.3 dspy "llama-cpp-python[server]"`. The other two get the
model through an OpenAI-compatible server of llama-cpp-python, which this starts on loopback, with the window of ours.
The default model was trained to write our cells and not theirs, so what it reaches with them says little about them: the
second table has all three run the same four turns with a model that answers at once.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from engine.bench import grade
from engine.bench.bench import Bench
from engine.bench.plan import Plan
from engine.bench.suites import suites
from engine.engine import Engine
from engine.llm import open_model
from engine.llm.gguf.fit import Wish
from models import default
from tests.benchmarks import run as turns
from tests.benchmarks.instant_server import InstantServer

DRIVER = Path(__file__).with_name("other_engines.py")
OTHERS = ("rlms", "dspy")
SUITES = ("needle", "documents", "count")
SECONDS = 1500  # for one engine's questions of one length
ROUNDS = 10


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--python", required=True, help="Python of an environment that holds the other engines"
    )
    parser.add_argument("--model", help="a GGUF file (default: the one that comes with Taproot)")
    parser.add_argument("--questions", type=int, default=10, help="of each suite and length")
    parser.add_argument("--lengths", default="0.5,4", help="in windows of the model")
    parser.add_argument("--suites", default=",".join(SUITES))
    parser.add_argument("--window", type=int, default=4096)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only-turns", action="store_true", help="leave out the questions")
    chosen = parser.parse_args()
    chosen.model = chosen.model or str(default.provide())
    lengths = tuple(float(one) for one in chosen.lengths.split(","))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        table = [] if chosen.only_turns else quality(place, chosen, lengths)
        times = per_turn(place, chosen.python)
    if chosen.json:
        print(json.dumps({"questions": table, "milliseconds_per_turn": times}))
        return
    for row in table:
        print(
            f"{row['suite']:10} {row['windows']:>5g}  {row['engine']:8} right {row['right']:>3}/{row['n']:<3} "
            f"{row['seconds']:>8.2f} s  failures {row['failures']:>3}  {row['example']}"
        )
    for name, value in times.items():
        print(f"{name:40} {value:>8} ms")


# --- questions ------------------------------------------------------------------------------------------


def quality(place: Path, chosen: argparse.Namespace, lengths: tuple[float, ...]) -> list[dict[str, Any]]:
    """One row for each suite, length and engine."""
    table: list[dict[str, Any]] = []
    plan = Plan(tuple(chosen.suites.split(",")), ("rlm",), lengths, chosen.questions)
    wish = Wish(window=chosen.window)
    with Engine(place / "data", lambda: open_model(chosen.model, wish=wish)) as engine:
        bench = Bench(engine)
        bench.run(plan)
        trials = engine.store.trials(bench.series)
        ratio = bench.chars_per_token
    with server(chosen.python, chosen.model, chosen.window, place / "server.log") as url:
        for planned in plan.rows():
            mine = [t for t in trials if (t["suite"], t["windows"]) == (planned.suite, planned.windows)]
            table.append(row("taproot", planned.suite, planned.windows, mine))
            chars = suites.chars_of(planned.windows, chosen.window, ratio)
            block = suites.block(planned.suite, 0, planned.windows, chars, 0)
            asked = block.questions[: chosen.questions]
            cases = [{"question": q.text, "text": whole(block.haystacks[q.haystack])} for q in asked]
            for name in OTHERS:
                print(f"{name}: {planned.suite} at {planned.windows:g} windows", file=sys.stderr)
                given = others(chosen.python, name, url, cases, place / "cases.json")
                for question, result in zip(asked, given, strict=False):
                    result["score"] = grade.score(
                        result["answer"], question.reference, question.kind, question.others
                    )
                table.append(row(name, planned.suite, planned.windows, given))
    return table


def row(engine: str, suite: str, windows: float, results: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of one engine; a failure is an error, or no answer at all."""
    failed = [r for r in results if r.get("error") or r["answer"] in (None, "", "None")]
    return {
        "suite": suite,
        "windows": windows,
        "engine": engine,
        "n": len(results),
        "right": sum(r["score"] == 1 for r in results),
        "seconds": round(statistics.mean(r["seconds"] for r in results), 3) if results else 0.0,
        "failures": len(failed),
        "example": " ".join((failed[0].get("error") or "no answer").split())[:100] if failed else "",
    }


def whole(texts: dict[str, str]) -> str:
    """A haystack as one text; of several files each is headed by its name."""
    if len(texts) == 1:
        return next(iter(texts.values()))
    return "\n\n".join(f"{name}:\n{text}" for name, text in texts.items())


def others(
    python: str, name: str, url: str, cases: list[Any], file: Path, warm_up: int = 0
) -> list[dict[str, Any]]:
    """What another engine answers; it is ended when it takes too long, and the rest counts as failed."""
    file.write_text(json.dumps(cases))
    clean = {
        **os.environ,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
        "DSPY_CACHEDIR": str(file.parent),
    }
    words = [python, str(DRIVER), name, url, str(file), str(warm_up)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, env=clean, timeout=SECONDS)
        out, problem = done.stdout, done.stderr[-300:] if done.returncode else ""
    except subprocess.TimeoutExpired as late:
        out = (late.stdout or b"").decode() if isinstance(late.stdout, bytes) else late.stdout or ""
        problem = f"not done after {SECONDS} s"
    found = [json.loads(line[2:]) for line in out.splitlines() if line.startswith("@@")]
    missing = {"answer": None, "seconds": 0.0, "error": problem or "the engine ended early", "score": 0.0}
    return found + [dict(missing) for _ in range(len(cases) - len(found))]


@contextmanager
def server(python: str, model: str, window: int, log: Path) -> Iterator[str]:
    """The OpenAI-compatible server of llama-cpp-python with this model, on loopback; its base URL."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [
        python,
        "-m",
        "llama_cpp.server",
        "--model",
        model,
        "--model_alias",
        "model",
        "--n_ctx",
        str(window),
    ]
    words += [
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--n_threads",
        str(max(1, (os.cpu_count() or 2) - 1)),
    ]
    url = f"http://127.0.0.1:{port}/v1"
    with log.open("w") as out, subprocess.Popen(words, stdout=out, stderr=out) as process:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            for _ in range(600):
                if process.poll() is not None:
                    sys.exit(f"the server did not start:\n{log.read_text()[-2000:]}")
                try:
                    opener.open(f"{url}/models", timeout=5).close()
                    break
                except OSError:
                    time.sleep(0.2)
            yield url
        finally:
            process.terminate()


# --- the time of a turn ---------------------------------------------------------------------------------


def per_turn(place: Path, python: str) -> dict[str, float]:
    """Milliseconds for each of four turns with a model that answers at once, the median of ten runs."""
    text = place / "ferries.txt"
    text.write_text(turns.ferries())
    ours = turns.own_runs(place / "turns", text, ROUNDS)
    found = {"taproot (sandboxed, every step committed)": milliseconds(ours)}
    case = [{"question": turns.QUESTION, "text": turns.ferries()}] * ROUNDS
    for name, reply in (("rlms", turns.reply), ("dspy", dspy_reply)):
        with InstantServer(reply) as instant:
            results = others(python, name, instant.url, case, place / "turns.json", warm_up=3)
        wrong = [r for r in results if r["answer"] != turns.ANSWER]
        if wrong:
            sys.exit(f"{name} went wrong in the scripted run: {wrong[0]}")
        found[
            f"{name} (in a process of its own, no sandbox)"
            if name == "dspy"
            else f"{name} (in its own process)"
        ] = milliseconds([r["seconds"] for r in results])
    return found


def milliseconds(seconds: list[float]) -> float:
    """Of one turn of four, the median."""
    return round(1e3 * statistics.median(seconds) / len(turns.TURNS), 1)


CELLS = (
    "print(len(context))\nprint(context[:200])",
    "lines = [line for line in context.splitlines() if 'late' in line]\nprint(len(lines), lines[:3])",
    "verdict = llm_query(f'Which ferry is late?\\n{lines[0]}')\nprint(verdict)",
    "SUBMIT(answer=verdict)",
)


def dspy_reply(messages: list[dict[str, Any]]) -> str:
    """The same four turns in the form that dspy asks for; a sub-call is what does not ask for a form."""
    said = "\n".join(str(m["content"]) for m in messages)
    if "[[ ##" not in said:
        return turns.ANSWER
    done = sum(cell.splitlines()[0] in said for cell in CELLS[:3])
    return f"[[ ## reasoning ## ]]\nI look.\n\n[[ ## code ## ]]\n```python\n{CELLS[done]}\n```\n\n[[ ## completed ## ]]"


if __name__ == "__main__":
    main()
