"""Lists of questions of the app: one is asked at a time, in a thread; followed, stopped, gone on with, looked into."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from app.errors import Conflict, NotFound
from app.runs.service import corpus_of, to_settings
from engine.answer.agreement import sentence
from engine.bench.router import route
from engine.errors import Cancelled, InputError, TaprootError
from engine.questions import lists, reading, table
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

CLOSE_SECONDS = 20.0
ANSWER_CHARS = 600  # of an answer in the table of the page; its run has it whole
SOURCES = 3  # of a row there


class Asking:
    """Thread-safe. Tells followers {"kind": "questions", "list": id, "running": row or None} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._workbench = workbench
        self._engine = workbench.engine
        self._store = workbench.engine.store
        self._hub = workbench.hub
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = Stop()
        self._list = ""
        self._row: Json = None
        self._message = ""

    # --- start and stop ---------------------------------------------------------------------------------

    def start(self, corpus: str, text: str, *, each: bool, title: str, settings: dict[str, Json]) -> Json:
        """Begin a list: a question on each line of `text`. Raises InputError, NotFound, Conflict while one is asked."""
        read = reading.typed(text)
        chosen = to_settings(settings)
        info = self._workbench.library.info(
            corpus
        )  # the newest of its card, where that one is not stored any more
        self._engine.model  # noqa: B018  raises ModelError while there is none, before anything is stored
        with self._lock:
            self._refuse_two()
            name = lists.begin(
                self._engine,
                info,
                read.questions,
                each=each,
                settings=chosen,
                title=title or read.questions[0],
            )
            self._begin(name)
        self._tell()
        return {"list": name, "notices": read.notices}

    def resume(self, name: str) -> Json:
        """Go on with a list. Raises NotFound, Conflict while one is asked, ModelError without a model."""
        found = self._found(name)
        self._engine.model  # noqa: B018  raises ModelError
        with self._lock:
            self._refuse_two()
            self._begin(found["list"])
        return {"list": found["list"]}

    def stop(self) -> bool:
        """Stop what goes on, keeping what was answered; False when nothing does."""
        with self._lock:
            going, stop = self._thread is not None, self._stop
        stop.request()
        return going

    def close(self) -> None:
        """Stop and wait for the end."""
        thread = self._thread
        if self.stop() and thread is not None:
            thread.join(CLOSE_SECONDS)

    def _refuse_two(self) -> None:
        if self._thread is not None:
            raise Conflict("A list is being asked already. Wait for its end, or stop it.")

    def _begin(self, name: str) -> None:
        self._stop, self._list, self._row, self._message = Stop(), name, None, ""
        self._thread = threading.Thread(
            target=self._work, args=(name, self._stop), name="questions", daemon=True
        )
        self._thread.start()

    def _work(self, name: str, stop: Stop) -> None:
        message = ""

        def progress(row: lists.Row) -> None:
            with self._lock:
                self._row = {key: row[key] for key in ("number", "question", "status", "run")}
            self._tell()

        try:
            info = corpus_of(self._store, self._store.question_list(name)["corpus"])
            lists.go_on(
                self._engine,
                name,
                info,
                stop=stop,
                strategy=lambda corpus: route(self._engine, corpus),
                progress=progress,
            )
        except Cancelled:
            message = "Stopped. What was answered is kept; go on with the list whenever you like."
        except TaprootError as error:
            message = str(error)
        except Exception as error:  # a defect of ours must not leave a list that never ends
            message = f"Taproot made a mistake ({type(error).__name__}). What was answered is kept."
        finally:
            with self._lock:
                self._thread, self._row, self._message = None, None, message
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            told = {"list": self._list, "running": self._row, "message": self._message}
        self._hub.tell("questions", **told)

    # --- looking ----------------------------------------------------------------------------------------

    def running(self) -> str | None:
        """The list that is being asked, or None."""
        with self._lock:
            return self._list if self._thread is not None else None

    def overview(self) -> Json:
        """The lists, newest first, each with how many rows are `left`, and what goes on: {lists, running, message}."""
        running = self.running()
        found = [
            {**{key: row[key] for key in ("list", "title", "corpus", "corpus_name", "each", "rows", "counts", "created")},
             "left": lists.left(row)}
            for row in self._store.question_lists()
        ]  # fmt: skip
        return {"lists": found, "running": running, "message": self._message}

    def rows(self, name: str) -> list[Json]:
        """The rows of a list for the page: answers and sources cut to what a row shows. Raises NotFound."""
        made = lists.rows_with_answers(self._store, self._found(name)["list"])
        return [
            {
                **{
                    key: row[key]
                    for key in ("number", "name", "question", "status", "run", "seconds", "reason")
                },
                "answer": None if row["answer"] is None else row["answer"][:ANSWER_CHARS],
                "agreement": row["agreement"] and row["agreement"]["status"],
                "said": sentence(row["agreement"]),
                "sources": [table.source_text(source)[:200] for source in row["sources"][:SOURCES]],
                "more": max(0, len(row["sources"]) - SOURCES),
            }
            for row in made
        ]

    def table(self, name: str, kind: str) -> bytes:
        """The table of a list as "csv" or "xlsx". Raises NotFound."""
        made = lists.rows_with_answers(self._store, self._found(name)["list"])
        return table.as_xlsx(made) if kind == "xlsx" else table.as_csv(made)

    def delete(self, name: str) -> Json:
        """Delete a list with its runs. Raises NotFound, Conflict while it is asked."""
        found = self._found(name)["list"]
        with self._lock:
            if self._thread is not None and self._list == found:
                raise Conflict("This list is being asked. Stop it first, then delete it.")
            if self._list == found:
                self._list = ""
        receipt = self._store.delete_list(found)
        self._tell()
        return receipt

    def _found(self, name: str) -> dict[str, Any]:
        try:
            return self._store.question_list(name)
        except InputError as error:
            raise NotFound(f"There is no list {name!r}; it may have been deleted.") from error
