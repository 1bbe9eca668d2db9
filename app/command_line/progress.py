"""Progress of a command on stderr: reading, loading, and what the model is doing. stdout stays clean."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import threading
import time
from types import TracebackType

from rich.status import Status

from app.ask.estimate import Estimate
from app.command_line.terminal import console, safe
from app.text.words import clock
from engine.documents.ingest import CorpusInfo
from engine.documents.writing.builder import Progress
from engine.events import CallMade, CellStarted, Event, Note, RunResumed, RunStarted, TurnStarted
from engine.run.node import Hooks
from engine.types import Json

SHOWN_SKIPPED = 5


def reporter_for(options: argparse.Namespace) -> Reporter:
    """The reporter that the options of `ask` call for."""
    return EventReporter() if options.events else Reporter(quiet=options.quiet)


class Reporter:
    """Prints one line per step; on a terminal a moving status line too. Silent when `quiet`."""

    def __init__(self, *, quiet: bool = False):
        self._console = console(error=True, quiet=quiet)
        self._status: Status | None = None
        self._tokens = 0
        self._reading_since = 0.0
        self._limit = 0.0
        self._began = 0.0

    def __enter__(self) -> Reporter:
        if self._console.is_terminal:
            self._status = self._console.status("starting")
            self._status.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status:
            self._status.stop()

    def say(self, text: str) -> None:
        """Print one line above the status."""
        self._console.print(safe(text))

    def phase(self, text: str) -> None:
        """Change the moving status line; nothing where there is no terminal."""
        if self._status:
            self._status.update(safe(text))

    def loading(self, fraction: float) -> None:
        """The model is loading; `fraction` from 0 to 1."""
        self.phase(f"loading the model: {fraction:.0%}")

    def reading(self, progress: Progress) -> None:
        """Documents are being read; the time left is reckoned from the bytes done so far."""
        now = time.monotonic()
        self._reading_since = self._reading_since or now
        eta = ""
        if progress.bytes and now - self._reading_since > 2:
            left = (now - self._reading_since) * (progress.bytes_total - progress.bytes) / progress.bytes
            eta = f", about {left:.0f} s left"
        self.phase(f"reading documents: {progress.files:,} of {progress.files_total:,}{eta}")

    def corpus(self, info: CorpusInfo) -> None:
        """What the corpus holds and what could not be read, with the reasons."""
        again = " (unchanged, read before)" if info.reused else ""
        self.say(f"{info.documents:,} documents, {info.chars:,} characters{again}")
        for notice in info.notices:
            self.say(notice)
        for entry in info.skipped[:SHOWN_SKIPPED]:
            self.say(f"  not read: {entry['path']}: {entry['reason']}")
        if (more := len(info.skipped) - SHOWN_SKIPPED) > 0:
            self.say(f"  and {more} more that could not be read")

    def expected(self, estimate: Estimate, limit: float) -> None:
        """What the question will cost, and its time limit in seconds."""
        self._limit = limit
        self.say(f"expected: {estimate.sentence}")

    def hooks(self) -> Hooks:
        """Callbacks for a run."""
        return Hooks(event=self._event, token=self._token)

    def _event(self, event: Event) -> None:
        match event.fact:
            case RunStarted() | RunResumed():
                self._began = time.monotonic()
            case TurnStarted(turn=turn):
                self._tokens = 0
                self.phase(f"node {event.node}: turn {turn}{self._time()}")
            case CellStarted(cell=cell, code=code):
                first = next(iter(code.strip().splitlines()), "")
                self.say(f"[{event.node}] cell {cell}: {first[:90]}")
            case CallMade(kind=kind, prompts=prompts):
                self.say(f"[{event.node}] {kind}_query: {len(prompts)} sub-call(s)")
            case Note(text=text):
                self.say(f"[{event.node}] {text}")

    def _token(self, node: str, delta: str) -> None:
        self._tokens += 1
        if self._tokens % 8 == 0:
            self.phase(f"node {node}: {self._tokens} tokens{self._time()}")

    def _time(self) -> str:
        """Elapsed time and the limit."""
        return f", {clock(time.monotonic() - self._began)} of {clock(self._limit)}"


class EventReporter(Reporter):
    """Prints phases and committed events as JSON lines, each written whole, for other programs to follow."""

    def __init__(self) -> None:
        super().__init__(quiet=True)
        self._lock = threading.Lock()

    def _line(self, value: Json) -> None:
        with self._lock, contextlib.suppress(BrokenPipeError):  # whoever followed has left; the run goes on
            sys.stderr.write(json.dumps(value, ensure_ascii=False) + "\n")
            sys.stderr.flush()

    def say(self, text: str) -> None:
        self._line({"say": text})

    def loading(self, fraction: float) -> None:
        self._line({"phase": "loading", "fraction": fraction})

    def reading(self, progress: Progress) -> None:
        self._line({"phase": "reading", "done": progress.files, "total": progress.files_total})

    def hooks(self) -> Hooks:
        return Hooks(event=lambda event: self._line({"event": event.to_json()}))
