"""Measure what the app costs while nobody asks it anything: processor time and wake-ups of each of its processes.

    python -m tests.benchmarks.idle [--json] [--seconds 30]

The real app is started on a fresh data folder. Once its model is loaded and the sample corpus read, it is watched first
without a page, then with its page open in Chromium, whose own processes are not counted. Percent are of one core;
wake-ups are voluntary context switches.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import sync_playwright

from tests.app.command import Taproot
from tests.app.conftest import ARGUMENTS, NAMES

PROGRAM = (
    "import sys; sys.path.insert(0, '.'); from app.command_line.main import run; sys.exit(run(sys.argv[1:]))"
)
GOALS = {"no page": 1.0, "page open": 2.0}  # percent of a core, all processes together
READY_SECONDS = 120.0
SETTLE_SECONDS = 5.0  # what a start or a page leaves behind is over by then


@dataclass(frozen=True, slots=True)
class Used:
    """What a process used in a while: percent of one core and voluntary context switches a second."""

    name: str
    percent: float
    wakes: float


def main() -> None:
    """Print one line for each process, or one object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long to watch each time")
    options = parser.parse_args()
    found = measure(options.seconds)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for state, part in found.items():
        print(f"{state}: {part['percent']:.2f} % of a core (goal: under {GOALS[state]:g} %)")
        for one in part["processes"]:
            print(f"  {one['percent']:6.2f} %  {one['wakes']:8.1f} wake-ups a second  {one['name']}")


def measure(seconds: float) -> dict[str, Any]:
    """Start the app and watch it without and with a page."""
    with tempfile.TemporaryDirectory() as folder, idle_app(Path(folder) / "data") as app:
        found = {"no page": summary(watch(app.process.pid, seconds))}
        with sync_playwright() as playwright:
            program = next(path for name in NAMES if (path := shutil.which(name)))
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            app.visit(browser)
            time.sleep(SETTLE_SECONDS)
            found["page open"] = summary(watch(app.process.pid, seconds))
            browser.close()
    return found


@contextmanager
def idle_app(data: Path) -> Iterator[Taproot]:
    """The app with its model loaded and its sample read, and nothing left to do."""
    app = Taproot(data, program=(sys.executable, "-c", PROGRAM))
    try:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        deadline = time.monotonic() + READY_SECONDS
        while not settled(opener, app.url):
            assert time.monotonic() < deadline, "the app was not ready"
            time.sleep(0.2)
        time.sleep(SETTLE_SECONDS)
        yield app
    finally:
        app.end()


def watch(pid: int, seconds: float) -> list[Used]:
    """What a process and its children use from now on, for `seconds`."""
    root = psutil.Process(pid)
    tree = [root, *root.children(recursive=True)]
    before = [_counts(process) if process.is_running() else (0.0, 0) for process in tree]
    time.sleep(seconds)
    used = []
    for process, first in zip(tree, before, strict=True):
        with contextlib.suppress(psutil.Error, OSError):  # it ended meanwhile
            after, name = _counts(process), name_of(process)
            used.append(
                Used(name, 100 * (after[0] - first[0]) / seconds, round((after[1] - first[1]) / seconds, 2))
            )
    return used


def summary(used: list[Used]) -> dict[str, Any]:
    """All processes and their sum."""
    return {
        "percent": round(sum(one.percent for one in used), 3),
        "wakes": round(sum(one.wakes for one in used), 1),
        "processes": [
            {"name": one.name, "percent": round(one.percent, 3), "wakes": one.wakes} for one in used
        ],
    }


def _counts(process: psutil.Process) -> tuple[float, int]:
    """Processor seconds of a process, and the voluntary context switches of all its threads."""
    times = process.cpu_times()
    wakes = 0
    for status in Path(f"/proc/{process.pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                wakes += int(line.split()[1])
    return times.user + times.system, wakes


def name_of(process: psutil.Process) -> str:
    """What a process of the app does, in a word."""
    words = " ".join(process.cmdline())
    if "engine.llm." in words:
        return "model"
    return "zygote" if "zygote" in words else "app"


def settled(opener: urllib.request.OpenerDirector, url: str) -> bool:
    """Whether the model of the app is loaded and the sample read."""
    base = url.partition("/?")[0]
    opener.open(url, timeout=30).close()
    try:
        models = json.load(opener.open(f"{base}/api/models", timeout=30))
        corpora = json.load(opener.open(f"{base}/api/corpora", timeout=30))
    except urllib.error.HTTPError:  # the splash
        return False
    busy = any(job["state"] not in ("done", "failed", "stopped") for job in corpora["jobs"])
    return models["loaded"] is not None and not busy


if __name__ == "__main__":
    main()
