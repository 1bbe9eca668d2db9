"""Pages of PDF files as images, drawn in a parser process behind the same walls as the reading of their text."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import BinaryIO, cast

from engine.documents.formats.passwords import is_locked
from engine.documents.formats.pdf.wanted import Wanted
from engine.errors import InputError, LockedError
from engine.sandbox import frames
from engine.sandbox.spawn import spawn

MEMORY = 1 << 30  # bytes of the process
SECONDS = 20.0  # for one page
LARGEST = 64 << 20  # bytes of one image
PARSER = "engine.documents.parser"


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as PNG. `marked`: the stretch of text that was to be highlighted is."""

    png: bytes
    marked: bool


def picture(data: bytes, wanted: Wanted, passwords: Sequence[str] = (), seconds: float = SECONDS) -> Picture:
    """Draw a page of a PDF. Raises InputError with the reason when it cannot be drawn, or its LockedError."""
    try:
        started = spawn(["-m", PARSER], settings={"OPENBLAS_NUM_THREADS": "1"})
    except OSError as problem:
        raise InputError(
            f"The page cannot be shown: no process can be started ({problem.strerror})."
        ) from problem
    with started as process:
        send, receive = cast(BinaryIO, process.stdin), cast(BinaryIO, process.stdout)
        late = threading.Event()

        def expire() -> None:
            late.set()
            process.kill()

        alarm = threading.Timer(seconds, expire)
        alarm.daemon = True
        alarm.start()
        try:
            frames.write(send, {"memory": MEMORY, "passwords": [*passwords]})
            frames.read_header(receive)
            frames.write(send, {"picture": asdict(wanted), "size": len(data)}, data)
            header = frames.read_header(receive)
            if "reason" in header:
                reason = str(header["reason"])[:300]
                kind = LockedError if is_locked(reason) else InputError
                raise kind(f"The page cannot be shown: {reason}.")
            size = header["size"]
            if not isinstance(size, int) or not 0 < size <= LARGEST:
                raise ValueError("size")
            return Picture(frames.read_bytes(receive, size), bool(header["marked"]))
        except (frames.Broken, OSError, ValueError, KeyError, TypeError) as problem:
            said = f"it took longer than {seconds:.0f} seconds" if late.is_set() else "drawing it failed"
            raise InputError(f"The page cannot be shown: {said}.") from problem
        finally:
            alarm.cancel()
            process.kill()
            with suppress(OSError):  # what was still to be written goes nowhere
                send.close()
