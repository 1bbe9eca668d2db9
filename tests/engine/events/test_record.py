"""The record of a run: what its events come to, also where it was resumed, forked, cut off or cannot be read in whole."""

from __future__ import annotations

from typing import Any

import pytest

from engine.compare import compare
from engine.errors import InputError
from engine.events import Event, read
from engine.events.record import RunRecord, record_of
from engine.exchange.export import read_record as record_to_export
from engine.exchange.report import report
from engine.replay import ReplayError, read_record
from tests.engine.events.facts import fact

Story = list[tuple[str, str, dict[str, Any]]]
BEGINNING: Story = [("0", "run_started", {"question": "How many?"}), ("0", "node_started", {})]
SAID = {"role": "system", "content": "Write a cell."}, {"role": "user", "content": "How many?"}


def events(*story: tuple[str, str, dict[str, Any]]) -> list[Event]:
    """The events of a run that began; each comes 10 seconds after the one before it."""
    told = [*BEGINNING, *story]
    return [
        Event("r", at, 10.0 * at, node, fact(kind, given)) for at, (node, kind, given) in enumerate(told, 1)
    ]


def unreadable(made: list[Event], *numbers: int) -> list[Event]:
    """The events, those with these numbers of a kind that is not known."""
    return [Event(e.run, e.seq, e.ts, e.node, read("poem", {})) if e.seq in numbers else e for e in made]


def made(*story: tuple[str, str, dict[str, Any]]) -> RunRecord:
    return record_of(events(*story))


def cell(number: int, turn: int = 1, code: str = "1") -> tuple[str, str, dict[str, Any]]:
    return "0", "cell_started", {"cell": number, "turn": turn, "code": code}


def end(number: int, status: str = "ok", **given: Any) -> tuple[str, str, dict[str, Any]]:
    return "0", "cell_finished", {"cell": number, "status": status, **given}


TURN = ("0", "turn_started", {"turn": 1, "messages": [*SAID]})
REPLY = ("0", "turn_finished", {"turn": 1, "text": "I count."})


def test_nodes_turns_cells_and_calls_hold_their_events() -> None:
    run = made(
        TURN,
        REPLY,
        cell(1),
        ("0", "output", {"cell": 1, "output": {"output_type": "stream"}}),
        (
            "0",
            "call_started",
            {"call": 1, "prompts": ["a", "b"], "hashes": ["", ""], "children": ["0.1", "0.2"]},
        ),
        ("0.1", "node_started", {"parent": "0", "kind": "llm"}),
        ("0.1", "node_finished", {"answer": "yes"}),
        ("0", "call_finished", {"call": 1, "answers": ["yes", "no"], "confidences": [None, None]}),
        end(1, final={"content": "2"}),
        ("0", "note", {"text": "careful"}),
        ("0", "node_finished", {"answer": "2"}),
        ("0", "run_finished", {"answer": "2"}),
    )
    assert (run.id, run.began, run.status, run.answer, run.problems) == ("r", 10.0, "answered", "2", [])
    turn = run.root.turns[1]
    assert (turn.text, turn.anew, [message.content for message in turn.messages][1]) == (
        "I count.",
        True,
        "How many?",
    )
    assert (turn.began, turn.ended, run.root.began) == (30.0, 40.0, 20.0)
    (one,) = turn.cells
    assert run.root.cells == run.root.counted == [one] and one.final == {"content": "2"}
    assert (one.number, one.seq, one.ts, one.outputs) == (1, 5, 50.0, [{"output_type": "stream"}])
    assert one.calls[1].made.children == ("0.1", "0.2") and one.calls[1].answered.answers == ("yes", "no")
    assert [(child.id, child.answer) for child in run.children("0")] == [("0.1", "yes")]
    assert [node.id for node in run.sessions()] == ["0"] and run.root.notes[0].text == "careful"


def test_a_final_answer_with_a_flaw_was_not_taken() -> None:
    run = made(TURN, REPLY, cell(1), end(1, final={"content": "2"}, flaw="it is none"))
    assert run.root.cells[0].final is None and run.root.cells[0].ended.final == {"content": "2"}


def test_where_the_record_ends_nothing_has_an_end() -> None:
    run = made(TURN, ("0", "draft", {"text": "I co"}), ("0", "draft", {"at": 4, "text": "unt"}))
    assert (run.status, run.root.status, run.root.turns[1].text) == ("running", "interrupted", "I count")
    run = made(TURN, REPLY, cell(1))
    assert (run.root.cells[0].status, run.root.cells[0].ended, run.root.turns[1].text) == (
        "running",
        None,
        "I count.",
    )


def test_a_void_cell_ran_anew_as_the_next_one_and_finds_the_same_time() -> None:
    run = made(TURN, REPLY, cell(1), end(1, "interrupted"), end(1, "void"), cell(2), end(2), cell(3), end(3))
    void, anew, next_ = run.root.cells
    assert [end.status for end in void.ends] == ["interrupted", "void"] and void.void
    assert (void.ts, anew.ts, next_.ts) == (50.0, 50.0, 100.0)
    assert run.root.turns[1].counted == run.root.counted == [anew, next_]
    assert made(TURN, REPLY, cell(1), end(1, "void"), cell(2, code="2")).root.cells[1].ts == 70.0


def test_a_resumed_run_is_open_again_with_its_nodes_and_has_the_settings_of_now() -> None:
    story: Story = [
        ("0", "run_started", {"model": {"name": "small"}, "settings": {"depth": 1}}),
        ("0", "node_started", {}),
        ("0.1", "node_started", {"parent": "0", "kind": "llm"}),
        ("0.1", "node_finished", {"answer": "yes"}),
        ("0", "node_finished", {"status": "stopped"}),
        ("0", "run_finished", {"status": "interrupted"}),
        ("0", "run_resumed", {"nodes": ["0", "0.7"], "model": {"name": "large"}, "settings": {"depth": 2}}),
    ]
    told = [Event("r", at, 1.0, node, fact(kind, given)) for at, (node, kind, given) in enumerate(story, 1)]
    before, run = record_of(told[:-1]), record_of(told)
    assert (before.status, before.root.status, before.settings) == ("interrupted", "stopped", {"depth": 1})
    assert (run.status, run.root.ended, run.nodes["0.1"].answer) == ("running", None, "yes")
    assert (run.settings, run.model, run.model_name) == ({"depth": 2}, {"name": "large"}, "small, then large")
    assert run.started.settings == {"depth": 1}


def test_of_a_turn_that_was_asked_for_again_the_last_counts_and_the_replies_before_are_kept() -> None:
    again = ("0", "turn_started", {"turn": 1, "messages": [SAID[1]]})
    run = made(
        TURN,
        ("0", "turn_finished", {"text": "I", "finish": "cancelled"}),
        again,
        ("0", "draft", {"text": "We"}),
    )
    turn = run.root.turns[1]
    assert (turn.text, turn.reply, len(turn.messages), turn.began) == ("We", None, 1, 50.0)
    assert [(seq, len(asked.messages)) for seq, asked in run.root.asked] == [(3, 2), (5, 1)]
    assert run.root.replies[1].text == "I" and run.root.last_turn == 1


def test_a_sub_call_that_began_again_is_what_it_was_asked_last() -> None:
    first = ("0.1", "node_started", {"parent": "0", "kind": "llm", "question": "Is it?", "cell": 1})
    turn = ("0.1", "turn_started", {"messages": [SAID[1]]})
    run = made(
        *[first, turn, ("0.1", "turn_finished", {"text": "yes"}), ("0.1", "note", {"text": "cut"})],
        ("0.1", "node_finished", {"answer": "yes"}),
        ("0.1", "node_started", {"parent": "0", "kind": "llm", "question": "Is it? Quote.", "cell": 2}),
    )
    child = run.nodes["0.1"]
    assert (child.started.question, child.began, child.status) == ("Is it? Quote.", 80.0, "interrupted")
    assert (child.turns, child.notes) == ({}, []) and child.replies[1].text == "yes"


def test_a_cell_of_a_fork_finds_the_question_of_its_place() -> None:
    told = events(("0.1", "node_started", {"parent": "0", "kind": "rlm", "question": "And this?"}))
    forked = {"run": "q", "node": "0", "cell": 2, "questions": [[1, "Who?"], [3, "How many?"]]}
    told[0] = Event("r", 1, 10.0, "0", fact("run_started", {"question": "How many?", "forked": forked}))
    run = record_of(told)
    assert [run.question_at(run.root, number) for number in (1, 2, 3, 4)] == ["Who?"] * 2 + ["How many?"] * 2
    assert run.question_at(run.nodes["0.1"], 3) == "And this?"


def test_what_cannot_be_read_is_named_and_the_rest_stays() -> None:
    told = events(TURN, REPLY, cell(1, code="print('here')"), end(1), ("0.9", "note", {"text": "of no node"}))
    run = record_of(unreadable(told, 3))
    assert "poem" in run.problems[0] and (run.root.turns[1].started, run.root.turns[1].text) == (
        None,
        "I count.",
    )
    run = record_of(unreadable(told, 3, 4))
    assert len(run.problems) == 2 and run.root.turns[1].cells == run.root.cells
    assert "print('here')" in report(run)
    assert [*record_of(unreadable(told, 5)).root.cells] == []  # its end tells of no cell


def test_without_its_beginning_each_reader_says_what_it_cannot_do() -> None:
    told = unreadable(events(TURN), 1)
    for lost in (told, []):
        with pytest.raises(ValueError, match="the beginning of the run cannot be read"):
            compare(lost, events(TURN))
        with pytest.raises(
            InputError, match="no readable beginning of this run; `show` prints what is stored"
        ):
            record_to_export(lost)
        with pytest.raises(ReplayError, match="does not say how it began, so it cannot be executed again"):
            read_record(lost)
    with pytest.raises(InputError, match="ended before its first node began; there is nothing to export"):
        record_to_export(events()[:1])
    late = [*told[:1], *events(TURN)]
    assert record_of(late).root.turns and compare(late, events(TURN)).first is None
    with pytest.raises(ReplayError):
        read_record(late)
