"""What the endpoints of the Gradio API do: ask, also about a path, add, list. No word of Gradio."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import Conflict, NotFound
from app.library.jobs import OVER, Job
from app.programs.following import begun
from app.programs.openai.requests import clean
from app.programs.tools import Tools
from engine.engine import Answer
from engine.errors import InputError, LockedError, TaprootError
from engine.paths import expanded
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

LOOK_SECONDS = 0.2  # between two looks at how far a reading is
BUFFER = 1 << 20
News = AsyncGenerator[str | Json, None]  # what happens, a line each, and at last the result


class Calls:
    """Thread-safe. Whoever leaves a call before its end stops what it began; close it (`contextlib.aclosing`).

    `sent` is the folder in which files that a client sends arrive. All raise TaprootError with what to do.
    """

    def __init__(self, workbench: Workbench, sent: Path):
        self._workbench = workbench
        self._library = workbench.library
        self._tools = Tools(workbench)
        self._sent = sent.resolve()

    async def ask(
        self, question: str, corpus: str, model: str, follows: str, limits: dict[str, Json]
    ) -> News:
        """Ask about a corpus or a path of this machine; the result is the object of `ask --json`."""
        if not question.strip():
            raise InputError("the question is empty; write what you want to know")
        if expanded(corpus).is_absolute():
            async with aclosing(self.add([corpus], [], "")) as reading:
                async for one in reading:
                    if isinstance(one, str):
                        yield one
                    else:
                        corpus = one["card"]
        if model:
            path = await asyncio.to_thread(self._use, model)
            async for line in self._tools.loading():
                yield line
            if self._workbench.models.choices()[1] != path:
                raise Conflict(f"The model {Path(path).name} is not in use; the Models page says why.")
        async with aclosing(self._tools.ask(corpus, question, follows or None, limits)) as news:
            async for one in news:
                yield one if isinstance(one, str) else {f.name: one[f.name] for f in fields(Answer)}

    async def add(self, paths: list[str], files: list[Json], name: str) -> News:
        """Read paths of this machine in place, or files that were sent, into a corpus."""
        if paths and files:
            self._forget(files)
            raise InputError("Add either paths of this machine or files, not both at once.")
        begin: Callable[[], Job] = partial(self._library.add, [*map(clean, paths)], clean(name))
        if files:
            begin = partial(self._receive, files, clean(name))
        job, told = await begun(begin, self._stop), ""
        try:
            while job.state not in OVER:
                line = (
                    f"reading {job.files:,} of {job.files_total:,}: {job.current}" if job.files_total else ""
                )
                if line != told:
                    yield (told := line)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._stop(job)
        if job.state != "done":
            raise LockedError(job.message) if job.locked else InputError(job.message)
        yield await asyncio.to_thread(self._read, job)

    def runs(self, limit: int, corpus: str) -> list[Json]:
        """The newest runs, of one corpus or all; an object each as `runs --json` lists them."""
        card = self._tools.card(corpus) if corpus else None
        rows = self._workbench.engine.store.runs()
        mine = [row for row in rows if card is None or row["corpus"] in card["versions"]]
        return [{key: value for key, value in row.items() if key != "owner"} for row in mine[: max(0, limit)]]

    def corpora(self) -> list[Json]:
        """What can be asked about."""
        return self._tools.list_corpora()["corpora"]

    # --- parts ------------------------------------------------------------------------------------------------

    def _stop(self, job: Job) -> None:
        if job.state not in OVER:
            with suppress(NotFound):
                self._library.jobs.stop(job.job)

    def _use(self, model: str) -> str:
        """Begin to load a model that is not in use; its path."""
        models = self._workbench.models
        offered, using = models.choices()
        paths = [path for _, path in offered]
        found = [path for path in paths if model in (path, Path(path).name, Path(path).stem)]
        if not found:
            some = ", ".join(Path(path).name for path in paths)
            there = f"there are {some}" if some else "add one on the Models page first"
            raise NotFound(f"There is no model {model[:200]!r} here; {there}.")
        if found[0] != using:
            models.load(found[0])
        return found[0]

    def _receive(self, files: list[Json], name: str) -> Job:
        """Take files that have arrived into the library."""
        upload = self._library.begin_upload()["upload"]
        try:
            for number, file in enumerate(files, 1):
                path = self._arrived(file)
                called = clean(str(file.get("orig_name") or path.name))
                with (
                    path.open("rb") as data,
                    self._library.uploads.receive(upload, called, number, path.stat().st_size) as receiver,
                ):
                    shutil.copyfileobj(data, receiver, BUFFER)
            return self._library.finish_upload(upload, name)
        except (TaprootError, OSError):
            with suppress(TaprootError):
                self._library.drop_upload(upload)
            raise
        finally:
            self._forget(files)

    def _forget(self, files: list[Json]) -> None:
        """Remove what has arrived; files with one name and content lie in one place."""
        for file in files:
            with suppress(TaprootError, OSError, ValueError):
                self._arrived(file).unlink()

    def _arrived(self, file: Json) -> Path:
        path = Path(str(file.get("path") if isinstance(file, dict) else file)).resolve()
        if self._sent not in path.parents or not path.is_file():
            raise InputError("This file was not sent: wrap its path in gradio_client's handle_file().")
        return path

    def _read(self, job: Job) -> Json:
        card = self._library.card(str(job.card))
        row = self._workbench.engine.store.corpus(card["id"])
        return {
            "corpus": card["id"],
            "card": card["card"],
            "name": card["name"],
            "documents": row["documents"],
            "characters": row["chars"],
            "notices": row["notices"],
            "skipped": row["skipped"],
            "message": job.message,
        }
