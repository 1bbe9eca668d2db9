"""Rows that earlier versions stored, read as today's facts."""

from __future__ import annotations

import json

import pytest

from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    DraftSaved,
    Fact,
    NodeStarted,
    ReplyWritten,
    RunEnded,
    RunStarted,
    Unreadable,
    older,
    read,
)
from tests.engine.store.stored import STORED, rows

LACKS = {  # what the first release did not write, by class
    RunStarted: {
        "session": None,
        "follows": None,
        "earlier": None,
        "part": None,
        "seal": None,
        "forked": None,
    },
    NodeStarted: {"piece_chars": None},
    RunEnded: {"forced": None, "passages": None, "agreement": None},
    DraftSaved: {"at": 0},
    ReplyWritten: {"confidence": None},
    CallMade: {"quotes": None},
    CellEnded: {"changes": None, "readings": None},
    CallAnswered: {"confidences": (None,), "quoted": None},
}


@pytest.mark.parametrize("cls", LACKS)
def test_rows_of_the_first_release_get_what_they_lack(cls: type[Fact]) -> None:
    stored = [json.loads(payload) for kind, payload in rows("first_release") if kind == cls.KIND]
    assert stored and not any(set(payload) & set(LACKS[cls]) for payload in stored)
    for payload in stored:
        if set(LACKS[cls]) & older.schema_of(cls).required:
            with pytest.raises(ValueError, match="is missing"):
                cls.from_payload(payload)
        told = cls.from_payload(older.renew(cls, payload))
        assert {name: getattr(told, name) for name in LACKS[cls]} == LACKS[cls]
        assert all(told.to_payload()[name] == value for name, value in payload.items() if name != "usage")


def test_every_step_has_rows_that_need_it() -> None:
    assert set(LACKS) == set(older.STEPS)


def test_a_run_that_knew_of_limits_but_not_of_agreement_keeps_what_it_knew() -> None:
    (payload,) = [json.loads(p) for kind, p in rows("answered") if kind == RunEnded.KIND]
    del payload["agreement"]
    told = read(RunEnded.KIND, payload)
    assert isinstance(told, RunEnded) and (told.forced, told.agreement) == (False, None)


def test_a_draft_of_the_first_release_holds_all_that_was_written() -> None:
    text = ""
    for kind, payload in rows("first_release"):
        match read(kind, json.loads(payload)):
            case DraftSaved(turn=1) as draft:
                text = draft.onto(text)
    assert text.startswith("```repl\nwho = rlm_query(") and text.count("```repl") == 1


@pytest.mark.parametrize("answers", [7, True, {"a": 1}, [7]])
def test_an_older_row_that_no_step_can_take_is_unreadable_alone(answers: object) -> None:
    payload = next(json.loads(p) for kind, p in rows("first_release") if kind == CallAnswered.KIND)
    told = read(CallAnswered.KIND, {**payload, "answers": answers})
    assert isinstance(told, Unreadable) and told.sentence


@pytest.mark.parametrize("problem", [KeyError("a"), TypeError("b"), IndexError(), RecursionError()])
def test_any_exception_of_a_step_is_of_its_event_alone(
    problem: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(payload: dict) -> dict:
        raise problem

    monkeypatch.setitem(older.STEPS, DraftSaved, (step,))
    kinds = {
        kind: type(read(kind, json.loads(p)))
        for kind, p in rows("first_release")
        if kind in (DraftSaved.KIND, RunStarted.KIND)
    }
    assert kinds == {DraftSaved.KIND: Unreadable, RunStarted.KIND: RunStarted}


@pytest.mark.parametrize("name", STORED)
def test_every_stored_row_is_read_and_what_later_ones_hold_comes_back(name: str) -> None:
    for kind, payload in rows(name):
        told = read(kind, json.loads(payload))
        assert not isinstance(told, Unreadable), told.sentence
        if name != "first_release":
            assert told.to_payload() | {"version": 0} == json.loads(payload) | {"version": 0}
