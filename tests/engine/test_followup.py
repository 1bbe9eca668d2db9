"""Follow-up questions: what was asked before reaches the model, within bounds, and only then."""

from __future__ import annotations

import pytest

from engine import prompt
from engine.engine import Engine
from engine.errors import InputError
from engine.llm.scripted import ScriptedModel
from engine.types import Settings

pytestmark = pytest.mark.sandbox


def cell(code):
    return f"```repl\n{code}\n```"


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "papers"
    root.mkdir()
    (root / "notes.md").write_text("The deposit is 450 crowns.\n")
    return root


@pytest.fixture
def asked(data_dir, folder, kernels):
    """Ask in one engine: asked(question, reply, follows=run) -> the answer; asked.model keeps the requests."""
    replies: list[str] = []
    model = ScriptedModel(lambda request: replies.pop(0), n_ctx=4096)
    with Engine(data_dir, model, kernels) as engine:
        corpus = engine.add([folder])

        def ask(question, reply="42", follows=None, code=""):
            replies.append(cell(code or f"FINAL({reply!r})"))
            return engine.ask(question, corpus, Settings(), follows=follows)

        ask.model, ask.engine = model, engine
        yield ask


def opening(ask, index=-1):
    return ask.model.requests[index].messages[1].content


def test_a_first_question_has_a_session_of_its_own_and_nothing_before_it(asked):
    run = asked("What is the deposit?").run
    row = asked.engine.store.run(run)
    assert (row["session"], row["follows"]) == (run, None)
    assert "Asked before" not in opening(asked)


def test_earlier_questions_and_answers_stand_before_the_question(asked):
    first = asked("What is the deposit?", "450 crowns\nin cash").run
    second = asked("Who pays it?", "the tenant", first).run
    third = asked("When?", "in May", second).run
    text = opening(asked)
    assert "- What is the deposit? Answer: 450 crowns in cash\n- Who pays it? Answer: the tenant\n" in text
    assert text.index("Asked before") < text.index("Question: When?")
    rows = [asked.engine.store.run(run) for run in (second, third)]
    assert [(row["session"], row["follows"]) for row in rows] == [(first, first), (first, second)]
    assert asked.engine.store.check() == []


def test_a_follow_up_of_an_older_run_does_not_see_the_later_ones(asked):
    first = asked("What is the deposit?", "450 crowns").run
    asked("Who pays it?", "the tenant", first)
    asked("How much is half of it?", "225", first)
    assert "450 crowns" in opening(asked) and "tenant" not in opening(asked)


def test_cells_find_what_was_asked_before(asked):
    first = asked("What is the deposit?", "450 crowns").run
    second = asked("Who pays it?", "the tenant", first).run
    told = asked(
        "When?", follows=second, code="print(earlier)\nearlier[0] = None\nFINAL(earlier[-1][0] + question)"
    )
    assert told.answer == "Who pays it?When?"
    assert asked("Alone?", code="FINAL(len(earlier))").answer == "0"


def test_long_answers_are_shortened_and_the_oldest_left_out(asked):
    follows = None
    for number in range(12):
        follows = asked(
            f"Question number {number}?", f"{number} " + " ".join(map(str, range(700))), follows
        ).run
    text = opening(asked)
    assert "Question number 10?" in text and "Question number 0?" not in text
    section = text[text.index("Asked before") : text.index("\nContext:")]
    assert asked.model.count(section) <= 4096 // 8 + 20
    notes = [e.payload["text"] for e in asked.engine.store.events(follows) if e.kind == "note"]
    assert any("of 11 earlier questions fit" in note for note in notes)


def test_an_unknown_run_to_follow_is_refused_and_nothing_is_stored(asked):
    with pytest.raises(InputError, match="There is no run"):
        asked("And then?", follows="nothing")
    assert asked.engine.store.runs() == []


def test_without_exchanges_the_section_is_empty():
    assert prompt.recent([], len, 100) == ()
    assert prompt.recent([("q", "a" * 50)], len, 10) == ()
