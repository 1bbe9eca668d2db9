"""Output of a cell on its way out of the worker: bounded streams, live in small batches, only wanted formats."""

from __future__ import annotations

import io
import signal
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from engine.types import Json

BATCH_CHARS = 8 << 10
BATCH_SECONDS = 0.05
FLOOD_CHARS = 64 << 20
FLOOD_WRITES = 4 << 20
RICH_EVENTS = 200  # displays of one cell
IMAGE_CHARS = 5 << 20  # base64 characters
HTML_CHARS = 1 << 18
KEPT = ("text/plain", "text/html", "image/png", "image/jpeg")


class OutputLimit(BaseException):
    """A cell prints without end. A BaseException, so that `except Exception` in the cell does not catch it."""

    def __str__(self) -> str:
        return "this cell printed far more than can be read; print less, or only a part"


class Outputs:
    """Collects what a cell prints and shows, and hands it to `emit` as nbformat outputs.

    Of the streams' text the first half of `keep` characters goes out at once, the last half at the end of the
    cell; what lies between is counted in `dropped`. Any thread may write.
    """

    def __init__(self, emit: Callable[[dict[str, Json]], None], keep: int):
        self._emit = emit
        self._keep = keep
        self._lock = threading.RLock()
        self._batch: list[str] = []
        self._batch_name = "stdout"
        self._batch_chars = 0
        self._flushed = 0.0
        self._wake = threading.Event()
        self._open = False
        self._reset()
        # Made before there is anything to write: a session whose memory is full starts no threads.
        threading.Thread(target=self._flush_later, name="outputs", daemon=True).start()

    def _reset(self) -> None:
        self._room = self._keep // 2
        self._tail: deque[tuple[str, str]] = deque()
        self._tail_chars = 0
        self._total = self._writes = self._events = 0
        self.dropped = 0

    # --- the life of a cell -----------------------------------------------------------------------------

    def begin(self) -> None:
        """Start a cell. Text that threads wrote since the last one comes out with this one."""
        with self._lock:
            self._open = True

    def end(self) -> int:
        """Send what is left of this cell's text and return how many characters were dropped."""
        with self._lock:
            self._open = False
            self._flush()
            if self.dropped:
                self._emit(
                    {
                        "output_type": "stream",
                        "name": "stdout",
                        "text": f"\n[... {self.dropped:,} characters left out ...]\n",
                    }
                )
            for name, text in _joined(self._tail):
                self._emit({"output_type": "stream", "name": name, "text": text})
            dropped = self.dropped
            self._reset()
            return dropped

    # --- streams ----------------------------------------------------------------------------------------

    def write(self, name: str, text: str) -> None:
        """Take text of stream `name` ("stdout" or "stderr"). Raises OutputLimit for a flood."""
        with self._lock:
            self._total += len(text)
            self._writes += 1
            if self._total > FLOOD_CHARS or self._writes > FLOOD_WRITES:
                self._total = self._writes = 0
                raise OutputLimit
            head, rest = text[: self._room], text[self._room :]
            if head:
                self._room -= len(head)
                if name != self._batch_name:
                    self._flush()
                    self._batch_name = name
                self._batch.append(head)
                self._batch_chars += len(head)
                self._schedule()
            if rest:
                self._keep_tail(name, rest)

    def _keep_tail(self, name: str, text: str) -> None:
        limit = self._keep - self._keep // 2
        if len(text) > limit:
            self.dropped += len(text) - limit
            text = text[-limit:]
        self._tail.append((name, text))
        self._tail_chars += len(text)
        while self._tail_chars > limit:
            over = self._tail_chars - limit
            first_name, first = self._tail.popleft()
            if len(first) > over:
                self._tail.appendleft((first_name, first[over:]))
            cut = min(over, len(first))
            self._tail_chars -= cut
            self.dropped += cut

    def _schedule(self) -> None:
        if not self._open:
            return
        due = time.monotonic() - self._flushed > BATCH_SECONDS and self._batch[-1].endswith("\n")
        if due or self._batch_chars >= BATCH_CHARS:
            self._flush()
            return
        self._wake.set()

    def _flush_later(self) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        while True:
            self._wake.wait()
            time.sleep(BATCH_SECONDS)
            self._wake.clear()
            try:
                self.flush()
            except MemoryError:  # what waits is written with what comes next, or at the end
                continue

    def flush(self) -> None:
        """Send the text that waits, if a cell is running."""
        with self._lock:
            if self._open:
                self._flush()

    def _flush(self) -> None:
        if self._batch:
            self._emit({"output_type": "stream", "name": self._batch_name, "text": "".join(self._batch)})
            self._batch.clear()
            self._batch_chars = 0
            self._flushed = time.monotonic()

    # --- displays, results, errors ----------------------------------------------------------------------

    def publish(self, output: dict[str, Json]) -> None:
        """Send a display, result or error after the text that came before it."""
        with self._lock:
            if not self._open:
                return
            self._flush()
            self._events += 1
            if self._events <= RICH_EVENTS or output["output_type"] == "error":
                self._emit(output)
            elif self._events == RICH_EVENTS + 1:
                text = f"[... only the first {RICH_EVENTS} displays of a cell are shown ...]\n"
                self._emit({"output_type": "stream", "name": "stderr", "text": text})

    def bundle(self, data: dict[str, Any]) -> tuple[dict[str, Json], dict[str, Json]]:
        """Keep the wanted formats of a display: (data, metadata). HTML is marked as untrusted."""
        kept: dict[str, Json] = {}
        marks: dict[str, Json] = {}
        for mime in KEPT:
            value = data.get(mime)
            if not isinstance(value, str):
                continue
            if mime == "text/plain":
                kept[mime] = self._clip(value)
            elif mime == "text/html":
                if len(value) <= HTML_CHARS:
                    kept[mime], marks[mime] = value, {"untrusted": True}
            elif len(value) <= IMAGE_CHARS:
                kept[mime] = value
            else:
                kept["text/plain"] = f"[an image of {len(value):,} characters was too large to show]"
        return kept, marks

    def _clip(self, text: str) -> str:
        """Charge a result's text to the cell's room, keeping its head and its tail."""
        room = max(self._room, 2_000)
        self._room = max(0, self._room - len(text))
        if len(text) <= room:
            return text
        cut = len(text) - room
        self.dropped += cut
        half = room // 2
        return f"{text[:half]}\n[... {cut:,} characters left out ...]\n{text[-half:]}"


def _joined(parts: deque[tuple[str, str]]) -> list[tuple[str, str]]:
    runs: list[tuple[str, list[str]]] = []
    for name, text in parts:
        if runs and runs[-1][0] == name:
            runs[-1][1].append(text)
        else:
            runs.append((name, [text]))
    return [(name, "".join(texts)) for name, texts in runs]


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, outputs: Outputs, name: str, shield: AbstractContextManager[None]):
        self._outputs = outputs
        self._shield = shield
        self.name = name

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() takes a str, not {type(text).__name__}")
        with self._shield:
            self._outputs.write(self.name, str.__str__(text))
        return len(text)

    def flush(self) -> None:
        with self._shield:
            self._outputs.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        raise io.UnsupportedOperation("the output of a cell has no file descriptor")

    def close(self) -> None:
        self.flush()
