"""Two real runs with scripted replies, compared."""

from __future__ import annotations

import pytest

from engine.compare import compare
from engine.engine import Engine
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.types import Settings
from tests.engine.run.conftest import cell, folder  # noqa: F401

LOOK = cell("hits = context.grep('Halden')\nlen(hits)")
ASK = cell("said = map_query('Is Halden named?', list(context))\nprint(said)")
CHILD = cell("print(rlm_query('Who leaves?', context[0]))")


@pytest.fixture
def ran(data_dir, folder, kernels):  # noqa: F811
    """Asks with scripted replies; returns the events of the run."""

    def ask(*replies, question="How many letters mention Halden?", name="scripted", **settings):
        with Engine(data_dir, ScriptedModel(replies, name=name), kernels) as engine:
            answer = engine.ask(question, engine.add([folder]), Settings(**settings))
            return engine.store.events(answer.run)

    return ask


def test_two_runs_that_did_the_same_do_not_part(ran):
    replies = [LOOK, cell("FINAL('2', hits)")]
    found = compare(ran(*replies), ran(*replies))
    assert (found.first, found.differs, found.same_answer) == (None, (), True)
    assert [(row.left, row.right) for row in found.nodes] == [("0", "0")]
    assert [(step.left, step.right) for step in found.nodes[0].steps] == [(1, 1), (2, 2)]
    assert len(found.sources["both"]) == len(found.left.sources) > 0
    assert found.sources["left"] == found.sources["right"] == []
    assert found.left.calls == found.right.calls == 2 and found.left.tokens > 0


@pytest.mark.parametrize(
    ("given", "first", "words"),
    [
        ({"question": "How many?"}, "question", "How many?"),
        ({"name": "other"}, "model", "name other"),
        ({"depth": 0}, "settings", "depth 0"),
    ],
)
def test_runs_part_where_they_were_asked_differently(ran, given, first, words):
    replies = [LOOK, cell("FINAL('2')")]
    found = compare(ran(*replies), ran(*replies, **given))
    assert found.first.what == first and words in found.first.right.text
    assert found.same_answer


def test_runs_part_at_the_first_reply_that_differs(ran):
    found = compare(
        ran(LOOK, cell("FINAL('2')")), ran(LOOK, cell("x = 1\nx"), cell("print(7)"), cell("FINAL('3')"))
    )
    part = found.first
    assert (part.what, part.left.node, part.left.turn, part.left.cell) == ("reply", "0", 2, 2)
    assert "FINAL('2')" in part.left.text and "x = 1" in part.right.text
    assert {"cell", "output", "turn", "answer"} <= {*found.differs} and not found.same_answer
    assert [(step.left, step.right) for step in found.nodes[0].steps] == [
        (1, 1),
        (2, 2),
        (None, 3),
        (None, 4),
    ]


def test_turns_belong_together_by_what_they_hold(ran):
    end = cell("FINAL('2')")
    found = compare(ran(LOOK, end), ran(cell("print('before')"), LOOK, end))
    assert [(step.left, step.right) for step in found.nodes[0].steps] == [(None, 1), (1, 2), (2, 3)]
    assert found.first.what == "turn" and found.first.left.turn is None


def test_the_same_cell_with_another_output_is_named(ran):
    replies = [cell("import random\nrandom.SystemRandom().random()"), cell("FINAL('2')")]
    found = compare(ran(*replies), ran(*replies))
    assert (found.first.what, found.first.left.cell) == ("output", 1)
    assert found.first.left.text != found.first.right.text
    assert found.differs == ("output", "prompt")  # the model was told what the cell printed


def test_a_sub_call_that_answered_otherwise_is_named(ran):
    def run(said):
        yes = ScriptedReply(said, match="Dear Tom")
        others = [ScriptedReply("no", match="Dear Anna"), ScriptedReply("no", match="deposit is")]
        return ran(yes, *others, ASK, cell("FINAL('2')"))

    found = compare(run("yes"), run("perhaps"))
    part = found.first
    assert part.what == "sub-call answer"
    assert (
        (part.left.node, part.left.turn) == ("0", 1)
        and "yes" in part.left.text
        and "perhaps" in part.right.text
    )
    assert [(row.left, row.right) for row in found.nodes[1:]] == [(f"0.{n}", f"0.{n}") for n in (1, 2, 3)]
    changed = [row for row in found.nodes[1:] if row.differs]
    assert len(changed) == 1 and "reply" in changed[0].differs


def test_runs_part_within_a_child(ran):
    end = cell("FINAL('2')")
    found = compare(ran(CHILD, cell("FINAL('Anna')"), end), ran(CHILD, cell("FINAL('Tom')"), end))
    assert (found.first.what, found.first.left.node) == ("reply", "0.1")
    assert {"sub-call answer", "output"} <= {*found.nodes[0].differs}


def test_children_that_only_one_run_has_are_listed(ran):
    found = compare(ran(CHILD, cell("FINAL('Anna')"), cell("FINAL('2')")), ran(LOOK, cell("FINAL('2')")))
    assert [(row.left, row.right) for row in found.nodes] == [("0", "0"), ("0.1", None)]
    assert "calls" in found.differs and found.same_answer


def test_events_without_a_beginning_are_refused(ran):
    events = ran(cell("FINAL('2')"))
    with pytest.raises(ValueError, match="beginning"):
        compare(events, events[1:])
