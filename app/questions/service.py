"""Lists of questions of the app: one is asked at a time, in a thread; followed, stopped, gone on with, looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.errors import Conflict, NotFound
from app.live.job import Job
from app.questions import view
from app.questions.view import Look
from app.runs.service import corpus_of
from engine.answer.agreement import sentence
from engine.bench.router import route
from engine.errors import InputError
from engine.questions import lists, reading, table
from engine.stop import Stop
from engine.types import Json, Settings

if TYPE_CHECKING:
    from app.workbench import Workbench

ANSWER_CHARS = 600  # of an answer in the table of the page; its run has it whole
SOURCES = 3  # of a row there


class Asking:
    """Thread-safe. Tells followers {"kind": "questions", "list": id, "running": row or None} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._workbench = workbench
        self._engine = workbench.engine
        self._store = workbench.engine.store
        self._hub = workbench.hub
        self._list = ""
        self._job = Job(
            "questions",
            self._tell,
            busy="A list is being asked already. Wait for its end, or stop it.",
            stopped="Stopped. What was answered is kept; go on with the list whenever you like.",
            kept="What was answered is kept.",
        )
        self.stop, self.close = self._job.stop, self._job.close

    # --- start and stop ---------------------------------------------------------------------------------

    def start(self, corpus: str, text: str, *, each: bool, title: str) -> Json:
        """Begin a list: a question on each line of `text`. Raises InputError, NotFound, Conflict while one is asked."""
        read = reading.typed(text)
        info = self._workbench.library.info(
            corpus
        )  # the newest of its card, where that one is not stored any more
        self._engine.model  # noqa: B018  raises ModelError while there is none, before anything is stored
        with self._job.alone():
            name = lists.begin(
                self._engine,
                info,
                read.questions,
                each=each,
                settings=Settings(),
                title=title or read.questions[0],
            )
            self._begin(name)
        self._tell()
        return {"list": name, "notices": read.notices}

    def resume(self, name: str) -> Json:
        """Go on with a list. Raises NotFound, Conflict while one is asked, ModelError without a model."""
        found = self._found(name)
        self._engine.model  # noqa: B018  raises ModelError
        with self._job.alone():
            self._begin(found["list"])
        return {"list": found["list"]}

    def _begin(self, name: str) -> None:
        self._list = name
        self._job.begin(lambda stop: self._ask(name, stop), {"list": name, "row": None})

    def _ask(self, name: str, stop: Stop) -> None:
        def progress(row: lists.Row) -> None:
            shown = {key: row[key] for key in ("number", "question", "status", "run")}
            self._job.update({"list": name, "row": shown})
            self._tell()

        info = corpus_of(self._store, self._store.question_list(name)["corpus"])
        lists.go_on(
            self._engine,
            name,
            info,
            stop=stop,
            strategy=lambda corpus: route(self._engine, corpus),
            progress=progress,
        )

    def _tell(self) -> None:
        now, message = self._job.state()
        self._hub.tell("questions", list=self._list, running=now and now["row"], message=message)

    # --- looking ----------------------------------------------------------------------------------------

    def running(self) -> str | None:
        """The list that is being asked, or None."""
        now, _ = self._job.state()
        return now["list"] if now else None

    def overview(self) -> Json:
        """The lists, newest first, each with how many rows are `left`, and what goes on: {lists, running, message}."""
        now, message = self._job.state()
        found = [
            {**{key: row[key] for key in ("list", "title", "corpus", "corpus_name", "each", "rows", "counts", "created")},
             "left": lists.left(row)}
            for row in self._store.question_lists()
        ]  # fmt: skip
        return {"lists": found, "running": now and now["list"], "message": message}

    def shown(self, chosen: str, look: Look) -> Json:
        """What the page shows: {list, lists, running: names of lists; trees: of `app.questions.view`}.

        `list` is the one that was chosen, where it is there; else the one that is asked, or the newest.
        """
        state = self.overview()
        known = {found["list"]: found for found in state["lists"]}
        name = chosen if chosen in known else state["running"] or next(iter(known), None)
        found = known.get(name or "")
        main = view.one_list(found, state, self.rows(found["list"]), look) if found else view.nothing()
        trees = view.parts(view.lists(state, name), main)
        return {"list": name, "lists": [*known], "running": state["running"], "trees": trees}

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
        now, _ = self._job.state()
        if now and now["list"] == found:
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
