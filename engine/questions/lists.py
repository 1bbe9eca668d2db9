"""A list of questions at work: begun, asked row by row, stopped, and gone on with. Each row is a run of its own.

A row names its run from the run's first event on, in the same database. So a list that was killed knows which rows have
an answer, and asks only the others again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from engine.corpus import Corpus
from engine.errors import InputError, ModelError
from engine.events import RunStarted
from engine.run.node import Hooks
from engine.stop import Stop
from engine.types import Json, Settings

if TYPE_CHECKING:
    from engine.documents.ingest import CorpusInfo
    from engine.engine import Engine, Strategy
    from engine.events import Event

MOST_ROWS = 100_000
MOST_FAILURES = 3  # runs in a row that the model did not survive
DONE = ("answered", "unanswered", "refused")  # what is not asked again by itself
AGAIN = ("open", "interrupted", "failed", "refused")  # what going on asks
Row = dict[str, Any]


def begin(
    engine: Engine,
    corpus: CorpusInfo,
    questions: Sequence[str],
    *,
    each: bool,
    settings: Settings,
    title: str = "",
) -> str:
    """Store a list with all its rows, none asked yet; return its id. `each`: every question about every document.

    Raises InputError where that makes too many rows or none.
    """
    documents = range(Corpus.open(corpus.path).archive.count) if each else (None,)
    if not questions:
        raise InputError("There is no question to ask.")
    if (count := len(questions) * len(documents)) > MOST_ROWS:
        raise InputError(
            f"{len(questions):,} questions about each of {len(documents):,} documents are {count:,} rows; a list has "
            f"at most {MOST_ROWS:,}. Ask fewer questions, or about fewer documents."
        )
    rows = [(question, document) for document in documents for question in questions]
    facts = {
        "title": title,
        "corpus_name": corpus.name,
        "each": each,
        "questions": len(questions),
        "documents": corpus.documents,
        "settings": asdict(settings),
        "key": key_of(corpus.id, questions, each=each),
    }
    return engine.store.new_list(corpus.id, facts, rows)


def key_of(corpus: str, questions: Sequence[str], *, each: bool) -> str:
    """What is the same for the same questions about the same documents."""
    return hashlib.sha256(json.dumps([corpus, each, *questions]).encode()).hexdigest()


def unfinished(engine: Engine, key: str) -> str | None:
    """The newest list of this key that has rows to ask, or None."""
    for row in engine.store.question_lists():
        if row["key"] == key and left(row):
            return str(row["list"])
    return None


def left(summary: Row) -> int:
    """How many rows of a list have no end yet."""
    return sum(count for status, count in summary["counts"].items() if status not in DONE)


def go_on(
    engine: Engine,
    name: str,
    corpus: CorpusInfo,
    *,
    stop: Stop,
    strategy: Callable[[CorpusInfo], Strategy],
    hooks: Hooks | None = None,
    progress: Callable[[Row], None] = lambda row: None,
) -> None:
    """Ask the rows of a list that have no answer yet, in order; `progress` gets each row when it begins and ends.

    A row that somebody else began or answered meanwhile is left to them.

    Raises InputError while another program asks it or when it was deleted, ModelError when there is no model any more,
    Cancelled on a stop. What was done is kept whatever happens.
    """
    store, hooks = engine.store, hooks or Hooks()
    settings = Settings(**store.question_list(name)["settings"])
    rows = store.list_rows(name)
    if any(row["status"] == "running" for row in rows):
        raise InputError(f"The list {name} is being asked already. Wait for its end, or stop it there.")
    archive = Corpus.open(corpus.path).archive
    failures = 0
    for row in (row for row in rows if row["status"] in AGAIN):
        stop.check()
        document = row["document"]
        part = None
        if document is not None:
            part = {"kind": "document", "document": document, "start": 0, "end": archive.chars(document)}
        taken = _Taken(stop.below())
        try:
            answer = engine.ask(
                row["question"],
                corpus,
                settings,
                hooks=_attaching(engine, name, row, hooks, progress, taken),
                stop=taken.stop,
                strategy=strategy(_alone(corpus, archive.chars(document)) if part else corpus),
                part=part,
            )
        except InputError as error:  # nothing was asked: it is empty, or does not fit the window
            store.attach_row(name, row["number"], None, str(error))
            progress({**row, "status": "refused", "problem": str(error)})
            continue
        if taken.by_another:  # the run was stopped at its beginning
            store.delete_run(answer.run)
            if taken.problem is not None:
                raise taken.problem
            continue
        progress({**row, "status": answer.status, "run": answer.run})
        stop.check()
        failures = failures + 1 if answer.status == "failed" else 0
        if failures == MOST_FAILURES:
            raise ModelError(
                f"{failures} questions in a row failed, so the list was stopped: {answer.reason}"
            )


def _alone(corpus: CorpusInfo, chars: int) -> CorpusInfo:
    """What a corpus of one of its documents would be, for the choice of a way to the answer."""
    return replace(corpus, documents=1, chars=chars)


@dataclass
class _Taken:
    """Whether a row was not to be had when its run began; `stop` ends that run. With a `problem` the list is gone."""

    stop: Stop
    by_another: bool = False
    problem: InputError | None = None


def _attaching(
    engine: Engine, name: str, row: Row, hooks: Hooks, progress: Callable[[Row], None], taken: _Taken
) -> Hooks:
    """Hooks that note the run of a row at its first event, before anything is paid for it."""

    def event(event: Event) -> None:
        if isinstance(event.fact, RunStarted):
            try:
                taken.by_another = not engine.store.attach_row(name, row["number"], event.run)
            except InputError as problem:
                taken.by_another, taken.problem = True, problem
            if taken.by_another:
                taken.stop.request()
                return
            progress({**row, "status": "running", "run": event.run})
        if not taken.by_another:
            hooks.event(event)

    return Hooks(event, hooks.token)


def table(engine: Engine, name: str) -> list[Row]:
    """The rows of a list with their answers: what `list_rows` gives, `name` of the document, and of the run its answer,
    sources, agreement, seconds, calls, tokens, forced and reason.
    """
    return rows_with_answers(engine.store, name)


def rows_with_answers(store: Any, name: str) -> list[Row]:
    """As `table`, from a store alone."""
    found = store.question_list(name)
    rows, runs = store.list_rows(name), {run["run"]: run for run in store.runs(found["corpus"])}
    archive = Corpus.open(store.corpus(found["corpus"])["path"]).archive if found["each"] else None
    return [_told(row, runs.get(row["run"], {}), archive) for row in rows]


def _told(row: Row, run: Row, archive: Any) -> Row:
    usage: Json = run.get("usage") or {}
    return {
        **row,
        "name": "" if row["document"] is None else archive.name(row["document"]),
        "answer": run.get("answer"),
        "sources": run.get("sources") or [],
        "agreement": run.get("agreement"),
        "forced": bool(run.get("forced")),
        "reason": row["problem"] or run.get("reason") or "",
        "seconds": run.get("seconds"),
        "calls": usage.get("calls"),
        "tokens": usage.get("prompt_tokens", 0) + usage.get("completion_tokens", 0) if usage else None,
    }
