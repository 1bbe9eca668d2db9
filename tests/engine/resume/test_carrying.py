"""A follow-up finds the variables of the run before, also after a restart; what is not there any more is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.bench.router import route
from engine.engine import Answer, Engine
from engine.errors import Cancelled
from engine.llm.scripted import ScriptedModel
from engine.replay.verify import verify
from engine.resume import carrying, resume
from engine.stop import Stop
from tests.engine.conftest import fill
from tests.engine.replay.test_broken_records import edit
from tests.engine.resume.conftest import Desk
from tests.engine.run.conftest import LETTERS

pytestmark = pytest.mark.sandbox


class Asking:
    """Questions to engines over one data folder; each engine is a restart of the program."""

    def __init__(self, root: Path, kernels: Any):
        self.root, self.kernels = root, kernels
        self.question = "How many letters?"
        fill(root / "papers", LETTERS)

    def __call__(self, *cells: str, follows: str | None = None, window: int = 8192) -> Answer:
        replies = iter(cells)
        self.model = ScriptedModel(
            lambda request: "yes" if request.role == "sub" else f"```repl\n{next(replies)}\n```",
            n_ctx=window,
        )
        with Engine(self.root / "data", self.model, self.kernels) as engine:
            corpus = engine.add([self.root / "papers"])
            strategy = route(engine, corpus, follows)
            answer = engine.ask(self.question, corpus, follows=follows, strategy=strategy)
            self.answer = answer.answer
            self.events = engine.store.events(answer.run)
            self.verdict = verify(engine.store, engine.kernels, answer.run)
        return answer

    @property
    def opening(self) -> str:
        return str(self.model.requests[0].messages[1].content)

    @property
    def notes(self) -> list[str]:
        return [event.fact.to_payload()["text"] for event in self.events if event.kind == "note"]


@pytest.fixture
def ask(tmp_path: Path, kernels: Any) -> Asking:
    return Asking(tmp_path, kernels)


def test_a_follow_up_finds_variables_and_functions_after_a_restart(ask: Asking) -> None:
    first = ask(
        "hits = [d.name for d in context]\ndef twice(n): return 2 * n\nsaid = llm_query('Is it?')\nprint(1)",
        "FINAL('3')",
    )
    second = ask("FINAL(f'{twice(len(hits))} {said}')", follows=first.run)
    assert second.answer == "6 yes"
    assert len(ask.model.requests) == 1  # the sub-call was not asked again
    assert "Variables of before: hits (list of 3)" in ask.opening
    assert ask.notes == ["variables of the run before were restored: hits, twice, said"]
    assert [check for check in ask.verdict.checks if check.result == "fails"] == []


def test_a_run_before_that_cannot_be_read_any_more_fails_and_the_rest_is_looked_at(ask: Asking) -> None:
    first = ask("a = 1\nFINAL('1')")
    second = ask("FINAL(str(a + 1))", follows=first.run)
    edit(ask.root / "data", first.run, "node_started", "{}")
    with Engine(ask.root / "data", None, ask.kernels) as engine:
        verdict = verify(engine.store, engine.kernels, second.run)
    assert [check.what for check in verdict.checks if check.result == "fails"] == ["cell"]
    assert [check.result for check in verdict.checks if check.what == "documents"] == ["holds"]


def test_variables_are_carried_on_through_a_session(ask: Asking) -> None:
    first = ask("a = 1\nFINAL('1')")
    second = ask("b = a + 1\nFINAL(str(b))", follows=first.run)
    third = ask("FINAL(str(a + b))", follows=second.run)
    assert (second.answer, third.answer) == ("2", "3")


def test_what_is_not_the_same_any_more_is_named_and_the_model_is_told(ask: Asking) -> None:
    first = ask("import os\nkept = 5\nnumber = 'x' * (os.getpid() % 97 + 1)\nFINAL('5')")
    second = ask("FINAL(str(kept))", follows=first.run)
    assert second.answer == "5"
    assert any("not restored: number" in note for note in ask.notes) or "number (str" in ask.opening
    assert "Variables that are gone: number" in ask.opening or "number (str" in ask.opening


def test_cells_that_take_too_long_are_not_executed_again(
    ask: Asking, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask("kept = 5\nFINAL('5')")
    monkeypatch.setattr(carrying, "MOST_SECONDS", 0.0)
    ask("FINAL(str('kept' in globals()))", follows=first.run)
    assert any("variables of the run before could not be restored" in note for note in ask.notes)
    assert "Variables of before" not in ask.opening


def test_a_run_over_other_documents_gives_no_variables(ask: Asking) -> None:
    first = ask("kept = 5\nFINAL('5')")
    (ask.root / "papers" / "more.txt").write_text("One more letter.\n")
    ask("FINAL(str(len(context)))", follows=first.run)
    assert "Variables of before" not in ask.opening and ask.notes == []


def test_a_follow_up_that_was_cut_off_goes_on_with_the_variables(ask: Asking, kernels: Any) -> None:
    first = ask("kept = 5\nFINAL('5')")
    ask("more = kept + 1\nprint(more)", "FINAL(str(more))", follows=first.run)
    with Engine(
        ask.root / "data", ScriptedModel(["```repl\nFINAL(str(kept + more))\n```"]), kernels
    ) as engine:
        desk = Desk.__new__(Desk)
        desk.engine = engine
        at = next(i for i, event in enumerate(ask.events) if event.kind == "cell_finished")
        run = desk.cut(ask.events[: at + 1])
        assert resume(engine, run).answer == "11"


@pytest.mark.parametrize("kind", ["run_started", "node_started"])
def test_a_follow_up_that_was_cut_off_before_its_first_turn_is_told_of_the_variables(
    ask: Asking, kernels: Any, kind: str
) -> None:
    first = ask("kept = 5\nFINAL('5')")
    ask("FINAL(str(kept + 2))", follows=first.run)
    model = ScriptedModel(["```repl\nFINAL(str(kept + 2))\n```"])
    with Engine(ask.root / "data", model, kernels) as engine:
        desk = Desk.__new__(Desk)
        desk.engine = engine
        at = next(i for i, event in enumerate(ask.events) if event.kind == kind)
        assert resume(engine, desk.cut(ask.events[: at + 1])).answer == "7"
    assert "Variables of before: kept (int 5)" in model.requests[0].messages[1].content


def test_a_session_that_is_too_long_for_the_window_keeps_its_variables(ask: Asking) -> None:
    follows = ask("first = 'x'\nFINAL('one')").run
    for number in range(3):
        long = " ".join(f"word{number}{n}" for n in range(200))
        follows = ask(f"more{number} = {number}\nFINAL({long!r})", follows=follows).run
    ask("FINAL(first + str(more0 + more1 + more2))", follows=follows, window=2048)
    assert ask.answer == "x3"
    assert any("earlier questions fit the window" in note for note in ask.notes)


def test_cells_of_before_cut_texts_as_they_did_whatever_the_question(ask: Asking) -> None:
    fill(ask.root / "papers", {"long.txt": "".join(f"line {n} says it\n" for n in range(1500))})
    cut = "parts = chunks(context[2])\nsaid = llm_query(parts[0])\nprint(len(parts))"
    first = ask(cut, "FINAL('3 of them')", window=2048)
    ask.question = "How many letters are there in all of these papers, taken together?"
    count = "sizes = [len(part) for part in parts]\nFINAL(f'{len(parts)} parts, {said}')"
    second = ask(count, follows=first.run, window=2048)
    assert ask.notes == ["variables of the run before were restored: parts, said"]
    assert second.answer is not None and "parts, yes" in second.answer
    third = ask("FINAL(f'{len(sizes)} sizes, {said}')", follows=second.run, window=1600)
    assert third.answer is not None and third.answer.endswith("sizes, yes")
    assert [check for check in ask.verdict.checks if check.result == "fails"] == []


def test_a_stop_ends_the_cells_of_before_at_once(ask: Asking) -> None:
    first = ask("import time\ntime.sleep(0.5)\nFINAL('3')")
    stop = Stop()
    stop.request()
    with Engine(ask.root / "data", ScriptedModel([]), ask.kernels) as engine, pytest.raises(Cancelled):
        route(engine, engine.add([ask.root / "papers"]), first.run, stop)
