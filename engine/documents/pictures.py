"""Pages of PDF files as images, drawn in a parser process behind the same walls as the reading of their text."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, cast

from engine.corpus.contents import files
from engine.documents.formats.passwords import is_locked
from engine.documents.formats.pdf.wanted import Wanted, Within
from engine.documents.parser_pool import MEMORY as UNPACKING
from engine.documents.parser_pool import PARSER, SECONDS_PER_MB
from engine.documents.writing.earlier import GIVEN, Kept
from engine.errors import InputError, LockedError
from engine.sandbox import frames
from engine.sandbox.spawn import spawn

MEMORY = 1 << 30  # bytes of the process
SECONDS = 20.0  # for one page
LARGEST = 64 << 20  # bytes of one image


@dataclass(frozen=True, slots=True)
class Picture:
    """A page as PNG. `marked`: the stretch of text that was to be highlighted is."""

    png: bytes
    marked: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a PDF was read: a file by its name and hash (SHA-256), and where in that, None for itself."""

    file: str
    sha256: str
    within: Within | None = None


def origins(path: Path) -> dict[int, list[Origin]]:
    """Where the documents of the corpus in `path` that are PDFs were read, by their numbers. An attachment may have several
    places. A corpus of an older version tells of none. Raises StoreError.
    """
    found: dict[int, list[Origin]] = {}
    try:
        given = json.loads((path / GIVEN).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return found
    for (file, sha256), entry in zip(files(path), given, strict=True):
        kept = Kept(sha256, *entry)
        for inside, _, of, size, own, kind, document in kept.parts:
            if kind == "pdf" and of == 1 and document >= 0:
                itself = (
                    not inside and size == kept.facts[0]
                )  # a compressed file gives another of the same name
                within = None if itself else Within(file, inside, size, own)
                found.setdefault(document, []).append(Origin(file, sha256, within))
    return found


def picture(
    data: bytes,
    wanted: Wanted,
    passwords: Sequence[str] = (),
    seconds: float = SECONDS,
    within: Within | None = None,
) -> Picture:
    """Draw a page of a PDF, or of one `within` these bytes. Raises InputError with the reason when it cannot be drawn, or its
    LockedError. What has to be unpacked may take as much longer as when it was read.
    """
    memory, more = (UNPACKING, asdict(within)) if within else (MEMORY, None)
    seconds += SECONDS_PER_MB * len(data) / (1 << 20) if within else 0
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
            frames.write(send, {"memory": memory, "passwords": [*passwords]})
            frames.read_header(receive)
            frames.write(send, {"picture": asdict(wanted), "within": more, "size": len(data)}, data)
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
