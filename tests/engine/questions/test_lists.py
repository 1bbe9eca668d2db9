"""Lists of questions at work: every row a run, stopped and gone on with, none lost and none asked twice."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.engine import RECURSIVE, Engine
from engine.errors import Cancelled, InputError, ModelError
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.questions import lists
from engine.stop import Stop
from engine.types import Settings

pytestmark = pytest.mark.sandbox


class Reader:
    """A model that answers with the line that a search finds, and counts what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fail = ""

    def __call__(self, request: Request) -> str | ScriptedReply:
        text = request.messages[-1].content
        found = re.search(r"Who is number \d+\?", text)
        self.asked.append(found[0] if found else text)
        if self.fail and self.fail in text:
            return ScriptedReply(error="The model broke.")
        return "```repl\nFINAL(context.search(question, 1)[0])\n```"


@pytest.fixture
def reader() -> Reader:
    return Reader()


@pytest.fixture
def engine(tmp_path: Path, data_dir: Path, kernels: Any, reader: Reader) -> Iterator[Engine]:
    folder = tmp_path / "people"
    folder.mkdir()
    for n in range(6):
        (folder / f"{n}.txt").write_text(f"Number {n} is Ada{n} Fenn.\n")
    with Engine(data_dir, ScriptedModel(reader), kernels) as made:
        yield made


@pytest.fixture
def corpus(engine: Engine, tmp_path: Path) -> Any:
    return engine.add([tmp_path / "people"])


QUESTIONS = [f"Who is number {n}?" for n in range(6)]


def begun(engine: Engine, corpus: Any, questions: list[str] = QUESTIONS, each: bool = False) -> str:
    return lists.begin(engine, corpus, questions, each=each, settings=Settings(), title="people.csv")


def go(engine: Engine, name: str, corpus: Any, stop: Stop | None = None, progress=lambda row: None) -> None:
    lists.go_on(engine, name, corpus, stop=stop or Stop(), strategy=lambda info: RECURSIVE, progress=progress)


def test_every_row_is_a_run_with_its_answer_and_sources(engine: Engine, corpus: Any, reader: Reader) -> None:
    name = begun(engine, corpus)
    assert engine.store.question_list(name)["counts"] == {"open": 6}
    seen: list[tuple[int, str]] = []
    go(engine, name, corpus, progress=lambda row: seen.append((row["number"], row["status"])))
    assert seen == [(n, status) for n in range(1, 7) for status in ("running", "answered")]
    table = lists.table(engine, name)
    assert [row["question"] for row in table] == QUESTIONS
    assert [row["answer"] for row in table] == [f"Number {n} is Ada{n} Fenn." for n in range(6)]
    assert all(row["sources"][0]["status"] == "exact" and row["seconds"] > 0 for row in table)
    for row in table:
        assert engine.store.run(row["run"])["question"] == row["question"]
    assert engine.store.sessions(None, None, 10) == []  # they do not crowd out what a person asked


def test_each_document_gets_a_row_and_only_itself(engine: Engine, corpus: Any) -> None:
    name = begun(engine, corpus, ["Who is it?", "Who is number 1?"], each=True)
    go(engine, name, corpus)
    table = lists.table(engine, name)
    assert [(row["name"], row["question"]) for row in table[:3]] == [
        ("0.txt", "Who is it?"),
        ("0.txt", "Who is number 1?"),
        ("1.txt", "Who is it?"),
    ]
    assert len(table) == 12 and {row["status"] for row in table} == {"answered"}
    for row in table:
        assert [source["name"] for source in row["sources"]] == [row["name"]]


def test_a_stopped_list_goes_on_where_it_was_and_pays_nothing_twice(
    engine: Engine, corpus: Any, reader: Reader
) -> None:
    name, stop = begun(engine, corpus), Stop()

    def third(row: dict[str, Any]) -> None:
        if row["number"] == 3 and row["status"] == "running":
            stop.request()

    with pytest.raises(Cancelled):
        go(engine, name, corpus, stop, third)
    counts = engine.store.question_list(name)["counts"]
    assert counts == {"answered": 2, "interrupted": 1, "open": 3}
    first = [row["run"] for row in lists.table(engine, name)[:2]]
    key = lists.key_of(corpus.id, QUESTIONS, each=False)
    assert lists.unfinished(engine, key) == name
    reader.asked.clear()
    go(engine, name, corpus)
    assert engine.store.question_list(name)["counts"] == {"answered": 6}
    assert [row["run"] for row in lists.table(engine, name)[:2]] == first
    assert Counter(reader.asked) == Counter(QUESTIONS[2:])
    assert lists.unfinished(engine, key) is None
    assert engine.store.sessions(None, None, 10) == []
    assert len(engine.store.runs()) == 7 == len(engine.store.delete_list(name)["runs"])


def test_a_deleted_run_is_asked_again_and_a_deleted_list_takes_its_runs(engine: Engine, corpus: Any) -> None:
    name = begun(engine, corpus, QUESTIONS[:3])
    go(engine, name, corpus)
    engine.store.delete_run(lists.table(engine, name)[1]["run"])
    assert [row["status"] for row in lists.table(engine, name)] == ["answered", "open", "answered"]
    go(engine, name, corpus)
    assert engine.store.question_list(name)["counts"] == {"answered": 3}
    other = begun(engine, corpus, ["Who is it?"])
    receipt = engine.store.delete_list(name)
    assert len(receipt["runs"]) == 3 and engine.store.runs() == []
    assert [row["list"] for row in engine.store.question_lists()] == [other]
    assert engine.store.check() == []
    engine.store.delete_corpus(corpus.id)
    assert engine.store.question_lists() == []


def test_a_question_that_does_not_fit_is_told_and_the_others_go_on(engine: Engine, corpus: Any) -> None:
    name = begun(engine, corpus, ["word " * 9000, *QUESTIONS[:2]])
    go(engine, name, corpus)
    first, *others = lists.table(engine, name)
    assert first["status"] == "refused" and "ask a shorter question" in first["reason"]
    assert [row["status"] for row in others] == ["answered", "answered"]


def test_a_model_that_fails_again_and_again_ends_the_list(
    engine: Engine, corpus: Any, reader: Reader
) -> None:
    reader.fail = "Who is"
    name = begun(engine, corpus)
    with pytest.raises(
        ModelError, match="3 questions in a row failed, so the list was stopped: The model broke"
    ):
        go(engine, name, corpus)
    assert engine.store.question_list(name)["counts"] == {"failed": 3, "open": 3}
    reader.fail = ""
    assert lists.left(engine.store.question_list(name)) == 6
    go(engine, name, corpus)
    assert engine.store.question_list(name)["counts"] == {"answered": 6}


def test_too_many_rows_and_a_list_at_work_are_refused(engine: Engine, corpus: Any) -> None:
    with pytest.raises(InputError, match="20,000 questions about each of 6 documents are 120,000 rows"):
        begun(engine, corpus, [f"Who is {n}?" for n in range(20_000)], each=True)
    name = begun(engine, corpus)

    def again(row: dict[str, Any]) -> None:
        if row["status"] == "running":
            with pytest.raises(InputError, match="is being asked already"):
                go(engine, name, corpus)
            raise KeyboardInterrupt

    go_on = pytest.raises((KeyboardInterrupt, Cancelled))
    with go_on:
        go(engine, name, corpus, progress=again)


def test_a_list_that_is_deleted_between_two_rows_ends_and_leaves_no_run(engine: Engine, corpus: Any) -> None:
    name = begun(engine, corpus)

    def second(row: dict[str, Any]) -> None:
        if row["number"] == 2 and row["status"] == "answered":
            engine.store.delete_list(name)

    with pytest.raises(InputError, match="it was deleted while it was asked"):
        go(engine, name, corpus, progress=second)
    assert engine.store.runs() == [] and engine.store.check() == []


def test_two_that_begin_between_two_rows_pay_no_row_twice(
    engine: Engine, corpus: Any, reader: Reader
) -> None:
    name = begun(engine, corpus)

    def second(row: dict[str, Any]) -> None:
        if row["number"] == 2 and row["status"] == "answered":
            go(engine, name, corpus)  # another one, at the moment when no row is at work

    go(engine, name, corpus, progress=second)
    assert engine.store.question_list(name)["counts"] == {"answered": 6}
    assert len(engine.store.runs()) == 6 and engine.store.check() == []


def test_a_row_that_somebody_goes_on_with_is_left_to_them(engine: Engine, corpus: Any) -> None:
    name, other = begun(engine, corpus), begun(engine, corpus, QUESTIONS[:1])
    go(engine, other, corpus)
    (begun_elsewhere,) = engine.store.runs()

    def second(row: dict[str, Any]) -> None:
        if row["number"] == 2 and row["status"] == "answered":
            assert engine.store.attach_row(name, 4, begun_elsewhere["run"])

    go(engine, name, corpus, progress=second)
    rows = engine.store.list_rows(name)
    assert {row["status"] for row in rows} == {"answered"} and rows[3]["run"] == begun_elsewhere["run"]
