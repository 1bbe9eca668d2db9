"""Measure a whole run: 4 turns and 1 sub-call over 1 MB of text, with a model that answers at once.

    python -m tests.benchmarks.run [--json] [--rounds 15] [--folder DIR] [--rlms PYTHON]

What is left is the engine itself: prompts, parsing, cells in a sandboxed worker forked for each run, the sub-call,
citations, and 30 events committed with an fsync each. With `--rlms` (the Python of a virtual environment that holds
`rlms[ipython]`) the reference engine makes the same run with the same replies: in the app's own process, in
IPython in the app's own process, and in an ipykernel of its own. It has no sandbox and keeps no record.

Waiting for a busy machine dominates such short runs; on Linux, root may start it with `chrt --rr 5` in front.
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
from pathlib import Path
from typing import Any

from engine.engine import Engine
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.benchmarks.instant_server import InstantServer

QUESTION = "Which ferry is late?"
CHARACTERS = 1_000_000
WARM_UP = 3
GOAL_MILLISECONDS = 110
TURNS = (
    "I look at the text first.\n```repl\nprint(len(context))\nprint(context[:200])\n```",
    "```repl\nlines = [line for line in context.splitlines() if 'late' in line]\nprint(len(lines), lines[:3])\n```",
    "```repl\nverdict = llm_query(f'Which ferry is late?\\n{lines[0]}')\nprint(verdict)\n```",
    "```repl\nanswer['content'] = verdict\nanswer['ready'] = True\n```",
)
ANSWER = f"Ferry {12_345 % 997} of row 12345"
REFERENCES = (
    ("in_its_own_process", "local", "-"),
    ("ipython_in_its_own_process", "ipython", "in_process"),
    ("ipykernel_in_a_subprocess", "ipython", "subprocess"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a whole run.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=15, help="runs that count, after 3 that do not")
    parser.add_argument("--folder", type=Path, help="measure on the disk that holds this folder")
    parser.add_argument("--rlms", metavar="PYTHON", help="Python of an environment that holds rlms[ipython]")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        figures = measure(Path(folder), chosen.rounds, chosen.rlms)
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<62} {value:>12,}" if isinstance(value, int | float) else f"{name:<62} {value:>12}")


def measure(folder: Path, rounds: int, rlms: str | None) -> dict[str, Any]:
    """Return all figures by self-explaining names."""
    text = folder / "ferries.txt"
    text.write_text(ferries())
    load = os.getloadavg()[0]
    ours = own_runs(folder, text, rounds)
    figures: dict[str, Any] = {
        "run": "4 turns, 1 sub-call, 1 MB of text, a model that answers at once",
        "runs_counted": rounds,
        "cores": os.cpu_count(),
        "load_average_before": round(load, 2),
        "milliseconds_median": milliseconds(ours),
        "milliseconds_best": round(1e3 * min(ours), 1),
        "milliseconds_goal": GOAL_MILLISECONDS,
        "goal_met": milliseconds(ours) <= GOAL_MILLISECONDS,
    }
    if rlms is None:
        return figures | {"rlms": "not measured; give --rlms PYTHON"}
    for name, environment, mode in REFERENCES:
        theirs = reference_runs(rlms, text, environment, mode, rounds)
        figures[f"rlms_{name}_milliseconds_median"] = milliseconds(theirs)
        figures[f"rlms_{name}_milliseconds_best"] = round(1e3 * min(theirs), 1)
        ratio = statistics.median(theirs) / statistics.median(ours)
        figures[f"rlms_{name}_times_as_long"] = round(ratio, 2)
    return figures


def own_runs(folder: Path, text: Path, rounds: int) -> list[float]:
    """Seconds of each run of the real engine: sandboxed worker, SQLite with its default settings."""
    seconds = []
    model = ScriptedModel(scripted)
    with Engine(folder / "data", model) as engine:
        corpus = engine.add([text])
        for _ in range(WARM_UP + rounds):
            begun = time.perf_counter()
            answer = engine.ask(QUESTION, corpus)
            seconds.append(time.perf_counter() - begun)
            if answer.answer != ANSWER or answer.nodes != 2 or answer.usage.calls != 5:
                sys.exit(f"the run went wrong: {answer}")
            model.requests.clear()
    return seconds[WARM_UP:]


def reference_runs(python: str, text: Path, environment: str, mode: str, rounds: int) -> list[float]:
    """Seconds of each run of the reference engine in a process of its own environment."""
    driver = Path(__file__).with_name("reference_runs.py")
    with InstantServer(lambda messages: reply(messages)) as server:
        words = [server.url, str(text), ANSWER, environment, mode, str(WARM_UP), str(rounds)]
        clean = {**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        done = subprocess.run([python, str(driver), *words], capture_output=True, text=True, env=clean)
    if done.returncode:
        sys.exit(f"the reference engine failed ({environment}, {mode}):\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def reply(messages: list[dict[str, Any]]) -> str:
    """The scripted reply: a sub-call is one message alone; a turn is told by the scripted replies before it."""
    if len(messages) == 1:
        return ANSWER
    return TURNS[sum(m["content"] in TURNS for m in messages if m["role"] == "assistant")]


def scripted(request: Request) -> str:
    """The same for our own engine, whose sub-calls have instructions of their own but no cell."""
    if not request.stop_at_cell:
        return ANSWER
    return reply([{"role": m.role, "content": m.content} for m in request.messages])


def ferries() -> str:
    """1 MB of lines, each different; one of them says what the question asks for."""
    lines, size, row = [], 0, 0
    while size < CHARACTERS:
        state = "late" if row == 12_345 else "on time"
        lines.append(
            f"Row {row}: ferry {row % 997} left the harbour at {row % 24}:{row % 60:02} and is {state}."
        )
        size += len(lines[-1]) + 1
        row += 1
    return "\n".join(lines)[:CHARACTERS]


def milliseconds(seconds: list[float]) -> float:
    return round(1e3 * statistics.median(seconds), 1)


if __name__ == "__main__":
    main()
