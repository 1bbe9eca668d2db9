"""Work that takes long: one piece of it at a time, in a thread; followed, stopped, and said why it ended before its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.errors import Conflict
from engine.errors import Cancelled, TaprootError
from engine.stop import Stop
from engine.types import Json

CLOSE_SECONDS = 20.0


class Job:
    """Thread-safe. `tell` is called when a piece of work has ended, whatever came of it.

    `busy` is said to who wants to begin meanwhile, `stopped` of work that was stopped, `kept` of what a defect leaves.
    """

    def __init__(self, name: str, tell: Callable[[], None], *, busy: str, stopped: str, kept: str):
        self._name = name
        self._tell = tell
        self._busy, self._stopped, self._kept = busy, stopped, kept
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._stop = Stop()
        self._now: Json = None
        self._message = ""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Within it nobody else can begin. Raises Conflict while something goes on."""
        with self._lock:
            if self._thread is not None:
                raise Conflict(self._busy)
            yield

    def begin(self, work: Callable[[Stop], str | None], now: Json) -> None:
        """Begin, within `alone`. `now` is how far it is: anything but None. `work` ends with Cancelled on a stop, or gives
        what is to be said of its end.
        """
        self._stop, self._now, self._message = Stop(), now, ""
        self._thread = threading.Thread(
            target=self._work, args=(work, self._stop), name=self._name, daemon=True
        )
        self._thread.start()

    def state(self) -> tuple[Json, str]:
        """How far it is, None while nothing goes on; and what is said of the last one: why it ended before its end, say."""
        with self._lock:
            return self._now, self._message

    @property
    def stopping(self) -> bool:
        """Whether what goes on was told to stop."""
        with self._lock:
            return self._thread is not None and self._stop.event.is_set()

    def update(self, now: Json) -> None:
        """Note how far it is; for `work` alone."""
        with self._lock:
            self._now = now

    def stop(self) -> bool:
        """Stop what goes on, keeping what was done; False when nothing does."""
        with self._lock:
            going, stop = self._thread is not None, self._stop
        stop.request()
        return going

    def close(self) -> None:
        """Stop and wait for the end."""
        thread = self._thread
        if self.stop() and thread is not None:
            thread.join(CLOSE_SECONDS)

    def _work(self, work: Callable[[Stop], str | None], stop: Stop) -> None:
        message = ""
        try:
            message = work(stop) or ""
        except Cancelled:
            message = self._stopped
        except TaprootError as error:
            message = str(error)
        except Exception as error:  # a defect of ours must not leave work that never ends
            message = f"Taproot made a mistake ({type(error).__name__}). {self._kept}"
        finally:
            with self._lock:
                self._thread, self._now, self._message = None, None, message
            self._tell()
