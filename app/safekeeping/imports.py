"""A log of another engine that the browser sends: received beside the data, read whole, and stored or refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from app.errors import Conflict, TooLarge
from engine.exchange.incoming.reading import LARGEST, import_log, imported_before, read_log
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

BUFFER = 1 << 20  # bytes that are collected before a thread writes them


async def receive(workbench: Workbench, name: str, stream: AsyncIterator[bytes], *, again: bool) -> Json:
    """Import what a stream of bytes brings under a name; see `take`. Raises TooLarge too, and OSError for a full disk."""
    library = workbench.library
    upload = (await run_in_threadpool(library.begin_upload))[
        "upload"
    ]  # what is left of it goes at the next start
    file = library.uploads.folder / upload / "log"
    try:
        with file.open("wb") as out:
            waiting, size = bytearray(), 0
            async for chunk in stream:
                waiting += chunk
                size += len(chunk)
                if size > LARGEST:
                    raise TooLarge(
                        f"{name} has more than the {LARGEST:,} bytes of a log. Nothing was imported."
                    )
                if len(waiting) >= BUFFER:
                    await run_in_threadpool(out.write, bytes(waiting))
                    waiting.clear()
            out.write(waiting)
        return await run_in_threadpool(take, workbench, file, name, again=again)
    finally:
        library.uploads.drop(upload)


def take(workbench: Workbench, file: Path, name: str, *, again: bool) -> Json:
    """Import a log file that a person calls `name`; {"program", "runs": [{"run", "question", nodes, cells, ...}]}.

    Raises InputError that says what is wrong and where, Conflict for one that was imported before, unless `again`.
    """
    store = workbench.engine.store
    log = read_log(file, name)
    if not again and (before := imported_before(store, log)):
        raise Conflict(f"{log.name} was imported before, as {', '.join(before)}.")
    ids = import_log(store, log)
    workbench.hub.tell("sessions")
    runs = [
        {"run": id, "question": run.root.question, **run.counts()}
        for id, run in zip(ids, log.runs, strict=True)
    ]
    return {"program": log.runs[0].program, "runs": runs}
