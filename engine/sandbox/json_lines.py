"""JSON lines between the app and the model process: one object per line, ASCII, one writer at a time."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO

from engine.types import Json

MAX_LINE = 512 << 20  # bytes; a corpus of 64 MB escaped


class Writer:
    """Writes whole lines from any thread."""

    def __init__(self, file: IO[bytes]):
        self._file = file
        self._lock = threading.Lock()

    def send(self, value: Json) -> None:
        """Write one value. Raises OSError when the other side is gone or the writer closed."""
        line = json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
        with self._lock:
            if self._file.closed:
                raise BrokenPipeError("the writer was closed")
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        """Close the file. What the other side was too dead to take is dropped."""
        with self._lock, suppress(OSError):
            self._file.close()


def lines_of(file: IO[bytes]) -> Iterator[Json]:
    """Yield the values of a file until it ends. Raises ValueError for a line that is no JSON."""
    while True:
        line = file.readline(MAX_LINE)
        if not line.endswith(b"\n"):
            return
        yield json.loads(line)
