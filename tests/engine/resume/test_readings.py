"""A model that was taught short readings reads directly piece by piece, and goes on where a run was cut."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from engine.bench.methods import METHODS
from engine.engine import DIRECT
from engine.llm.forms import Quote
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.prompt import NOT_THERE
from engine.replay.verify import verify
from engine.resume import resume
from engine.types import Settings
from tests.engine.resume.conftest import Desk

pytestmark = pytest.mark.sandbox
FILLER = "The caretaker looked at the gutters for most of the morning. " * 5
TEXT = "\n\n".join(
    (
        FILLER,
        f"The toll at Morrow is 12 crowns. {FILLER}",
        FILLER,
        f"The toll at Halden is 45 crowns. {FILLER}",
    )
)
QUESTION = "What is the toll at Halden?"
SURE = {"12 crowns": -0.7, "45 crowns": -0.1}


def reads(request: Any, sure: dict[str, float] = SURE) -> ScriptedReply:
    """The amount of a piece, else its first word, of which the model is not sure."""
    found = re.search(r"\d+ crowns", request.form.text)
    said = found[0] if found else request.form.text.split()[0]
    return ScriptedReply(said, quote=said, confidence=sure.get(said, -4.0))


@pytest.fixture
def taught(desk: Desk, tmp_path) -> Desk:
    (tmp_path / "tolls").mkdir()
    (tmp_path / "tolls" / "tolls.txt").write_text(TEXT)
    desk.corpus = desk.engine.add([tmp_path / "tolls"])
    return desk


def with_model(desk: Desk, reply: Any = reads) -> ScriptedModel:
    """A small model that was taught short readings."""
    model = desk.fresh(reply)
    model.info = replace(model.info, short_readings=True, parameters=135_000_000)
    return model


def test_every_piece_is_read_by_itself_and_the_surest_answer_taken_with_its_place(taught: Desk) -> None:
    model = with_model(taught)
    answer = taught.engine.ask(QUESTION, taught.corpus, strategy=DIRECT)
    (source,) = answer.sources
    assert (answer.answer, source.status, source.start) == ("45 crowns", "exact", TEXT.index("45 crowns"))
    pieces = [request.form.text for request in model.requests]
    assert "".join(pieces) == TEXT and all(len(piece) <= 600 for piece in pieces)
    for request in model.requests:
        assert isinstance(request.form, Quote) and request.form.others == ("yes", "no")
        assert request.messages[-1].content.startswith(f"[tolls.txt]\n{request.form.text}")
    taught.engine.use(None)
    assert verify(taught.engine.store, taught.engine.kernels, answer.run).holds


def test_an_answer_that_is_not_sure_enough_is_none(taught: Desk) -> None:
    with_model(taught, lambda request: reads(request, {"45 crowns": -1.6}))
    answer = taught.engine.ask(QUESTION, taught.corpus, strategy=DIRECT)
    assert (answer.answer, answer.sources) == ("not in these documents", ())


def test_a_run_that_was_cut_reads_only_what_it_had_not_read(taught: Desk) -> None:
    asked = with_model(taught).requests
    answer = taught.engine.ask(QUESTION, taught.corpus, strategy=DIRECT)
    whole = len(asked)
    events = taught.engine.store.events(answer.run)
    ended = [number for number, event in enumerate(events) if event.kind == "turn_finished"]
    for read in (1, whole - 1, whole):
        run = taught.cut(events[: ended[read - 1] + 1])
        model = with_model(taught)
        assert resume(taught.engine, run).answer == "45 crowns"
        assert len(model.requests) == whole - read


def test_at_a_limit_the_surest_answer_so_far_is_given_and_a_note_says_how_much_was_read(taught: Desk) -> None:
    model = with_model(taught)
    few = Settings(max_tokens=300)  # the second reading goes beyond it
    answer = taught.engine.ask("What is the toll at Morrow?", taught.corpus, few, strategy=DIRECT)
    assert (answer.answer, answer.forced, len(model.requests)) == ("12 crowns", True, 2)
    notes = [e.payload["text"] for e in taught.engine.store.events(answer.run) if e.kind == "note"]
    assert any(re.fullmatch(r"2 of \d pieces were read", note) for note in notes)
    with_model(taught, lambda request: reads(request, {}))
    unsure = taught.engine.ask(QUESTION, taught.corpus, few, strategy=DIRECT)
    assert (unsure.answer, unsure.status) == (None, "unanswered") and unsure.reason


def test_retrieval_reads_its_passages_so_too_and_what_was_found_later_counts_less(taught: Desk) -> None:
    strategy, _ = METHODS["retrieval"]
    with_model(taught, lambda request: reads(request, {"12 crowns": -0.10, "45 crowns": -0.15}))
    assert taught.engine.ask(QUESTION, taught.corpus, strategy=strategy).answer == "45 crowns"


def test_a_child_at_the_depth_limit_reads_the_best_passages_of_a_long_text(taught: Desk, tmp_path) -> None:
    (tmp_path / "tolls" / "long.txt").write_text("The river was quiet on that day. " * 300)
    corpus = taught.engine.add([tmp_path / "tolls"])
    asked = f"```repl\nFINAL(rlm_query({QUESTION!r}, context))\n```"
    model = with_model(taught, lambda request: asked if request.stop_at_cell else "45 crowns")
    answer = taught.engine.ask("Tell me of tolls.", corpus, Settings(depth=0))
    (leaf,) = [request.messages[-1].content for request in model.requests if not request.stop_at_cell]
    assert "45 crowns" in leaf and len(leaf) < 3000
    assert answer.answer == "45 crowns"
    taught.engine.use(None)
    assert verify(taught.engine.store, taught.engine.kernels, answer.run).holds


def test_other_models_read_the_text_as_a_whole(taught: Desk) -> None:
    model = taught.fresh(lambda request: "45 crowns")
    assert taught.engine.ask(QUESTION, taught.corpus, strategy=DIRECT).answer == "45 crowns"
    (request,) = model.requests
    assert TEXT in request.messages[-1].content and request.form is None


def test_a_run_of_which_no_piece_is_sure_verifies_too(taught: Desk) -> None:
    with_model(taught, lambda request: reads(request, {"45 crowns": -1.6}))
    for strategy in (DIRECT, METHODS["retrieval"][0]):
        run = taught.engine.ask(QUESTION, taught.corpus, strategy=strategy).run
        assert verify(taught.engine.store, taught.engine.kernels, run).holds
    with_model(taught)
    events = taught.engine.store.events(taught.engine.ask(QUESTION, taught.corpus, strategy=DIRECT).run)
    end = replace(events[-1].fact, answer=NOT_THERE, sources=(), agreement=None)
    forged = taught.cut([event for event in events[:-1] if event.kind != "node_ended"], end)
    wrong = [
        check.what
        for check in verify(taught.engine.store, taught.engine.kernels, forged).checks
        if check.result == "fails"
    ]
    assert "answer" in wrong


def test_a_run_that_goes_on_with_another_model_takes_no_reading_of_a_piece_for_the_answer(
    taught: Desk,
) -> None:
    run = after_first_reading(taught)
    model = taught.fresh(lambda request: "45 crowns")
    assert resume(taught.engine, run).answer == "45 crowns"
    assert len(model.requests) == 1


def test_what_was_read_before_a_run_was_cut_counts_as_read(taught: Desk) -> None:
    run = after_first_reading(taught)
    with_model(taught)
    assert resume(taught.engine, run).coverage["characters_read"] == len(TEXT)


def after_first_reading(desk: Desk) -> str:
    """A run that was cut when a model that was taught short readings had read one piece."""
    with_model(desk)
    events = desk.engine.store.events(desk.engine.ask(QUESTION, desk.corpus, strategy=DIRECT).run)
    first = next(number for number, event in enumerate(events) if event.kind == "turn_finished")
    return desk.cut(events[: first + 1])
