"""Notes while idle: on request alone, and never in the way of a question."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.errors import NotFound
from app.notes import service
from engine.errors import InputError, StoreError
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.notes.questions import QUESTIONS
from tests.app.desk import until
from tests.app.notes.conftest import NotingModel

pytestmark = pytest.mark.sandbox


def letters(workbench):
    until(lambda: any(card["name"] == "Letters" for card in workbench.library.cards()))
    return next(card for card in workbench.library.cards() if card["name"] == "Letters")


def status(workbench, card):
    return workbench.notes.overview()["cards"][card["card"]]


def test_nothing_is_noted_until_a_person_asks_for_it(bench):
    card = letters(bench)
    time.sleep(0.3)
    assert bench.engine.model.order == [] and status(bench, card)["on"] is False
    bench.notes.seconds = 3600
    said = bench.notes.set(card["card"], True)
    assert (said["on"], said["budget"], said["state"]) == (True, 500_000, "waiting")
    bench.notes.seconds = 0.05
    bench.notes._wake.set()
    until(lambda: status(bench, card)["state"] == "done")
    now = status(bench, card)
    assert (now["noted"], now["documents"]) == (3, 3) and now["tokens"] > 0
    notes = bench.notes.of(card["id"], 0)["notes"]
    assert [(note["kind"], note["text"]) for note in notes] == [("about", "a paper"), ("fact", "Anna Brisk")]
    assert notes[1]["place"] == "line 6" and notes[1]["model"] == "scripted"
    asked = bench.engine.model.notes_asked()
    bench.notes.set(card["card"], False)
    assert status(bench, card)["noted"] == 3 and bench.engine.model.notes_asked() == asked


def test_a_question_never_waits_for_a_note(bench):
    card, model = letters(bench), bench.engine.model
    model.hold.set()  # a reply to a note would never end by itself
    bench.notes.set(card["card"], True)
    assert model.awaited.wait(60)
    assert model.notes_asked() == len(QUESTIONS)
    bench.notes.seconds = 3600
    run = bench.runs.start("When does the ferry leave?", card["id"]).run
    until(lambda: bench.engine.store.run(run)["status"] == "answered")
    assert model.order == ["note"] * len(QUESTIONS) + ["run", "run"]
    assert model.cancelled_before_the_run == [True] * len(QUESTIONS)
    until(lambda: status(bench, card)["state"] == "waiting")
    assert all(stream.done for stream in model.notes)
    bench.notes.seconds = 0.05
    model.hold.clear()
    until(lambda: status(bench, card)["state"] == "done")
    assert status(bench, card)["noted"] == 3


def test_notes_wait_while_a_run_goes_on_and_until_it_has_been_quiet(bench):
    card, model = letters(bench), bench.engine.model
    run = bench.runs.start("Look for ever", card["id"]).run
    bench.notes.set(card["card"], True)
    time.sleep(0.4)
    assert model.notes_asked() == 0 and status(bench, card)["state"] == "waiting"
    assert bench.notes.quiet.seconds() == 0
    bench.runs.stop(run)
    until(lambda: status(bench, card)["state"] == "done")
    assert bench.notes.quiet.seconds() > 0


def test_without_a_model_it_says_so_and_goes_on_when_there_is_one(bench):
    card, model = letters(bench), bench.engine.model
    bench.engine.use(None)
    bench.notes.set(card["card"], True)
    until(lambda: status(bench, card)["state"] == "problem")
    assert status(bench, card)["problem"].startswith("no model is loaded yet")
    bench.engine.use(type(model)())
    until(lambda: status(bench, card)["state"] == "done")
    assert status(bench, card)["problem"] == ""


@pytest.mark.parametrize("fails", [ScriptedReply(error="The model stopped."), RuntimeError("ours")])
def test_a_model_that_fails_is_told_and_not_asked_again_at_once(bench, fails):
    def reply(request):
        if isinstance(fails, Exception):
            raise fails
        return fails

    card, model = letters(bench), ScriptedModel(reply)
    bench.engine.use(model)
    bench.notes.set(card["card"], True)
    until(lambda: status(bench, card)["state"] == "problem")
    said = "Taproot made a mistake" if isinstance(fails, Exception) else "The model stopped."
    assert status(bench, card)["problem"].startswith(said)
    asked = len(model.requests)
    time.sleep(0.4)
    assert len(model.requests) == asked
    bench.engine.use(NotingModel())
    bench.notes.set(card["card"], True)  # a person need not wait
    until(lambda: status(bench, card)["state"] == "done")


def test_notes_go_on_after_a_database_that_could_not_be_read(bench, monkeypatch):
    card, store = letters(bench), bench.engine.store
    read = store.collections

    def collections():
        if threading.current_thread().name == "notes":
            raise StoreError("The database is locked by another program.")
        return read()

    with monkeypatch.context() as patch:
        patch.setattr(store, "collections", collections)
        bench.notes.set(card["card"], True)
        until(lambda: status(bench, card)["problem"].startswith("The database is locked"))
    until(lambda: status(bench, card)["state"] == "done")


def test_a_folder_that_changed_is_noted_where_it_changed(bench, tmp_path):
    card = letters(bench)
    bench.notes.set(card["card"], True)
    until(lambda: status(bench, card)["state"] == "done")
    asked = bench.engine.model.notes_asked()
    (tmp_path / "Letters" / "ferry.txt").write_text("The ferry costs 450 crowns.\n")
    bench.library.rescan(card["card"])
    until(lambda: letters(bench)["id"] != card["id"])
    until(lambda: bench.engine.model.notes_asked() == asked + len(QUESTIONS))
    until(lambda: status(bench, card)["state"] == "done")
    assert ("fact", "450 crowns") in [
        (n["kind"], n["text"]) for n in bench.notes.of(letters(bench)["id"], 0)["notes"]
    ]


def test_the_wish_is_remembered_and_goes_with_its_card(bench, data_dir):
    card = letters(bench)
    bench.notes.set(card["card"], True, 4000)
    until(lambda: status(bench, card)["state"] in ("done", "budget"))
    assert service.Preferences(data_dir, service.FILE).get("cards") == {card["card"]: 4000}
    bench.library.delete(card["card"])
    until(lambda: service.Preferences(data_dir, service.FILE).get("cards") == {})


def test_a_card_that_is_switched_off_while_another_is_noted_is_not_noted_after_it(bench, tmp_path):
    card, model = letters(bench), bench.engine.model
    (tmp_path / "More").mkdir()
    (tmp_path / "More" / "more.txt").write_text(
        "The ferry to Halden leaves at noon, and Tom Reed waits there.\n"
    )
    bench.library.add([str(tmp_path / "More")])
    until(lambda: len(bench.library.cards()) == 2)
    more = next(one for one in bench.library.cards() if one["name"] == "More")
    bench.notes.seconds = 3600
    for one in (card, more):
        bench.notes.set(one["card"], True)
    model.hold.set()
    bench.notes.seconds = 0.05
    until(lambda: model.notes_asked() > 0)
    held = [key for key, state in bench.notes.overview()["cards"].items() if state["state"] == "working"]
    model.hold.clear()
    first, second = (card, more) if held == [card["card"]] else (more, card)
    bench.notes.set(second["card"], False)
    until(lambda: status(bench, first)["state"] == "done")
    assert status(bench, second)["noted"] == 0


def test_wishes_of_two_tabs_at_once_are_both_kept(bench, tmp_path, data_dir):
    class Slow(dict):
        """A dictionary that takes its time, so that somebody else may come meanwhile."""

        def __iter__(self):
            time.sleep(0.2)
            return super().__iter__()

        def keys(self):
            return [*self]

        def items(self):
            return [(key, self[key]) for key in self]

    card = letters(bench)
    (tmp_path / "More").mkdir()
    (tmp_path / "More" / "more.txt").write_text("The ferry leaves at noon.\n")
    bench.library.add([str(tmp_path / "More")])
    until(lambda: len(bench.library.cards()) == 2)
    bench.notes.seconds = 3600
    more = next(one for one in bench.library.cards() if one["name"] == "More")
    bench.notes._cards = Slow()
    with ThreadPoolExecutor(2) as tabs:
        both = [tabs.submit(bench.notes.set, one["card"], True, 4000) for one in (card, more)]
        assert all(one.result()["on"] for one in both)
    wishes = service.Preferences(data_dir, service.FILE).get("cards")
    assert wishes == {card["card"]: 4000, more["card"]: 4000}


@pytest.mark.parametrize("budget", [0, 999, -1, 10**10])
def test_a_budget_that_is_none_is_refused(bench, budget):
    with pytest.raises(InputError, match="a number of tokens from 1,000 to 1,000,000,000"):
        bench.notes.set(letters(bench)["card"], True, budget)
    with pytest.raises(NotFound):
        bench.notes.set("nowhere", True)
    assert status(bench, letters(bench))["on"] is False
