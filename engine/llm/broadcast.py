"""A stream that one thread fills and any number of threads read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from engine.llm.base import Reply


class LiveStream:
    """The Stream of every model here. The model calls `push`, then `finish` or `fail` once."""

    def __init__(self, on_cancel: Callable[[], None]):
        self._on_cancel = on_cancel
        self._changed = threading.Condition()
        self._deltas: list[str] = []
        self._reply: Reply | None = None
        self._error: Exception | None = None
        self._again: str | None = None  # what came since `restart`, as long as it says what was said before

    @property
    def started(self) -> bool:
        """Whether any text was handed out."""
        return bool(self._deltas)

    @property
    def text(self) -> str:
        """All text handed out so far."""
        return "".join(self._deltas)

    @property
    def done(self) -> bool:
        """Whether the reply, or an error, is there."""
        return self._reply is not None or self._error is not None

    def __iter__(self) -> Iterator[str]:
        position = 0
        while True:
            with self._changed:
                self._changed.wait_for(lambda at=position: len(self._deltas) > at or self.done)  # type: ignore[misc]
                if position == len(self._deltas):
                    if self._error is not None:
                        raise self._error
                    return
                fresh = self._deltas[position:]
            position += len(fresh)
            yield from fresh

    def result(self) -> Reply:
        """Wait for the whole reply. Raises what the model failed with."""
        with self._changed:
            self._changed.wait_for(lambda: self.done)
            if self._error is not None:
                raise self._error
            assert self._reply is not None
            return self._reply

    def cancel(self) -> None:
        """Ask the model to end this reply now. Safe from any thread; without effect once it has ended."""
        if not self.done:
            self._on_cancel()

    def restart(self) -> None:
        """The reply will be written again from its start; what readers have seen is not handed out again."""
        with self._changed:
            self._again = ""

    def push(self, delta: str) -> None:
        """Hand out more text."""
        with self._changed:
            if self._again is not None:
                delta = self._unseen(delta)
            if delta and not self.done:
                self._deltas.append(delta)
                self._changed.notify_all()

    def _unseen(self, delta: str) -> str:
        """Return what readers have not seen of a reply written again; from where it differs, all of it."""
        assert self._again is not None
        self._again += delta
        seen = self.text
        if seen.startswith(self._again):
            return ""
        same = next((i for i, (a, b) in enumerate(zip(seen, self._again, strict=False)) if a != b), len(seen))
        unseen, self._again = self._again[same:], None
        return unseen

    def finish(self, reply: Reply) -> None:
        """End with a reply. The first of `finish` and `fail` counts."""
        with self._changed:
            if not self.done:
                self._reply = reply
                self._changed.notify_all()

    def fail(self, error: Exception) -> None:
        """End with an error that readers will see raised."""
        with self._changed:
            if not self.done:
                self._error = error
                self._changed.notify_all()
