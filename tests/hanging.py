"""A test that hangs: each thread at work says in a line where it stands, and the process of the tests ends.

Only time in which this process ran counts: on a machine that stood still for minutes no test hangs. Where Python itself
stands still, nothing counts here; `faulthandler_timeout` in pyproject.toml is for that.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep  # those of the machine, whatever a test puts in their place
from types import FrameType

import pytest

PATIENCE_SECONDS = 480.0  # of one test, with what it sets up
TICK_SECONDS = 0.5
FRAMES = 12  # of one thread that are told


@dataclass
class UnderWay:
    """A test, "" for none, and the seconds for which it has run."""

    name: str = ""
    seconds: float = 0.0


class Watch:
    """Looks at the test under way from a thread of its own; `words` is a file descriptor."""

    def __init__(self, words: int, root: Path):
        self._words, self._root = words, root
        self._now = UnderWay()
        threading.Thread(target=self._run, name="hanging", daemon=True).start()

    def begin(self, test: str) -> None:
        """A test begins, or with "" none does."""
        self._now = UnderWay(test)

    def _run(self) -> None:
        before, test = monotonic(), self._now
        while not test.name or test.seconds < PATIENCE_SECONDS or test is not self._now:
            test = self._now
            sleep(TICK_SECONDS)
            now = monotonic()
            test.seconds += min(now - before, 2 * TICK_SECONDS)
            before = now
        told = [f"\n{test.name} hangs", *stacks(self._root)]
        os.write(self._words, "\n".join([*told, ""]).encode())
        os._exit(1)


def stacks(root: Path) -> Iterator[str]:
    """A line for each thread that has code of `root` on its stack, the innermost call first."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    for ident, frame in sys._current_frames().items():
        calls = [*_calls(frame)]
        own = [
            at
            for at, (path, _, _) in enumerate(calls)
            if path.is_relative_to(root) and ".venv" not in path.parts
        ]
        if own and ident != threading.get_ident():
            told = [f"{path.name}:{line} {name}" for path, line, name in calls[: min(own[-1] + 1, FRAMES)]]
            yield f"  {names.get(ident, ident)}: {' < '.join(told)}"


def _calls(frame: FrameType | None) -> Iterator[tuple[Path, int, str]]:
    while frame is not None:
        yield Path(frame.f_code.co_filename), frame.f_lineno, frame.f_code.co_name
        frame = frame.f_back


_watch: Watch | None = None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Watch each test, from its set-up to the end of its teardown."""
    if _watch is not None:
        _watch.begin(item.nodeid)
    try:
        return (yield)
    finally:
        if _watch is not None:
            _watch.begin("")


def pytest_enter_pdb() -> None:
    """Who looks at a test in a debugger, by `--trace` or breakpoint(), has all the time there is."""
    if _watch is not None:
        _watch.begin("")


def watch(config: pytest.Config) -> None:
    """Begin to watch. While pytest is configured nothing is captured, so standard error is the real one."""
    global _watch
    if _watch is None and not config.getoption("usepdb"):
        _watch = Watch(os.dup(2), config.rootpath)
