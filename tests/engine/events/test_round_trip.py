"""Every class of facts to JSON and back, and what is said of payloads that are none of theirs."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given

from engine.events import KINDS, Event, Fact, Misfit, Note, Unreadable, event, kinds, older, read
from engine.store.log.hash_chain import canonical
from engine.store.log.trace import brief
from engine.types import Message, Usage
from tests.engine.events.facts import BLANK, fact
from tests.engine.events.strategies import facts


@given(facts())
def test_every_fact_comes_back_from_its_json(told: Fact) -> None:
    payload = told.to_payload()
    assert read(told.KIND, json.loads(canonical(payload))) == told
    assert type(told).from_payload(payload) == told
    assert read(told.KIND, payload).to_payload() == payload


@pytest.mark.parametrize("cls", KINDS.values())
def test_every_class_says_what_it_is_and_has_a_step_for_each_version(cls: type[Fact]) -> None:
    assert cls.__doc__ and not cls.__doc__.startswith(f"{cls.__name__}(")
    assert cls.__dataclass_params__.frozen and fields(cls)  # type: ignore[attr-defined]
    assert len(older.STEPS.get(cls, ())) == cls.VERSION - 1 and cls.UNMARKED <= cls.VERSION
    assert set(BLANK) == set(KINDS)


def test_the_registry_holds_every_class_there_is() -> None:
    tree = ast.parse(Path(kinds.__file__).read_text())
    written = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    assert written == {cls.__name__ for cls in KINDS.values()}
    assert all(KINDS[cls.KIND] is cls for cls in KINDS.values())


def test_nested_values_are_typed() -> None:
    told = fact("turn_started", {"messages": [{"role": "user", "content": "When?"}]})
    assert told == kinds.TurnStarted(1, (Message("user", "When?"),))
    reply = fact("turn_finished", {"usage": {"calls": 1, "seconds": 2.5, "of_a_later_version": 1}})
    assert isinstance(reply, kinds.ReplyWritten) and reply.usage == Usage(calls=1, seconds=2.5)
    call = fact("call_started", {"prompts": ["a"], "spans": [[[0, 1, 2]]], "quotes": [[3, 4]]})
    assert isinstance(call, kinds.CallMade) and (call.spans, call.quotes) == ((((0, 1, 2),),), ((3, 4),))
    assert call.to_payload()["spans"] == [[[0, 1, 2]]]


def test_a_field_with_a_default_is_left_out_while_it_has_it() -> None:
    assert Note("text", "info").to_payload() == {"text": "text", "level": "info"}
    assert Note("more time", "limit", 90.0).to_payload()["seconds"] == 90.0


@pytest.mark.parametrize(
    ("kind", "payload", "problem"),
    [
        ("from_tomorrow", {"x": 1}, "this Taproot does not know the kind"),
        ("note", ["text"], "its payload is no object"),
        ("note", {"level": "info"}, "'text' is missing"),
        ("note", {"text": 5, "level": "info"}, "'text' is no text"),
        ("note", {"text": {"$blob": "0"}, "level": "info"}, "'text' is no text"),
        ("note", {"text": "t", "level": "loud"}, "'level' is none of info, warning, stop, limit"),
        ("note", {"text": "t", "level": ["info"]}, "'level' is none of info, warning, stop, limit"),
        ("note", {"text": "t", "level": "info", "seconds": "9"}, "'seconds' is no number"),
        (
            "note",
            {"text": "t", "level": "info", "colour": 1},
            "it holds 'colour', which no known version wrote",
        ),
        ("cell_started", {"cell": True, "turn": 1, "code": ""}, "'cell' is no whole number"),
        ("cell_started", {"cell": 1.0, "turn": 1, "code": ""}, "'cell' is no whole number"),
        ("output", {"cell": 1, "output": "text"}, "'output' is no object"),
        ("turn_started", {"turn": 1, "messages": [{"role": "user"}]}, "'messages' is no Message"),
        ("turn_started", {"turn": 1, "messages": "all"}, "'messages' is no list"),
        ("run_finished", {**BLANK["run_finished"], "forced": 1}, "'forced' is neither true nor false"),
        ("call_started", {**BLANK["call_started"], "quotes": [[1]]}, "'quotes' has not 2 parts"),
        ("call_finished", {"cell": 1, "call": 1}, "'answers' is missing"),
        ("call_finished", {**BLANK["call_finished"], "answers": 7}, "'answers' is no list"),
        (
            "draft",
            {"turn": 1, "text": "t", "version": 3},
            "it is of the version 3, and this Taproot knows up to 2",
        ),
        (
            "draft",
            {"turn": 1, "text": "t", "version": "x"},
            "it is of the version 'x', and this Taproot knows",
        ),
    ],
)
def test_what_does_not_fit_is_said_and_keeps_its_payload(kind: str, payload: object, problem: str) -> None:
    found = read(kind, payload)
    assert isinstance(found, Unreadable) and found.problem.startswith(problem)
    assert found.sentence.startswith(f"An event of the kind '{kind}' cannot be read: {problem}")
    told = Event("r", 1, 0.0, "0", found)
    assert told.kind == kind and told.payload == (payload if isinstance(payload, dict) else {})
    assert brief("0", found)["k"] == "note" and "cannot be read" in brief("0", found)["h"]


def test_what_does_not_fit_is_not_written() -> None:
    with pytest.raises(Misfit, match="note: 'level' is none of"):
        replace(Note("t", "info"), level="loud").to_payload()


def test_a_later_version_says_so_and_is_made_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True, slots=True)
    class Loud(Fact):
        """A note of a later version."""

        KIND: ClassVar[str] = "note"
        VERSION: ClassVar[int] = 3

        text: str
        loudness: int

    def second(payload: dict) -> dict:
        return {"text": payload["text"], "loudness": {"info": "1", "warning": "2"}[payload["level"]]}

    def third(payload: dict) -> dict:
        return {**payload, "loudness": int(payload["loudness"])}

    monkeypatch.setitem(event.KINDS, "note", Loud)
    monkeypatch.setitem(older.STEPS, Loud, (second, third))
    assert Loud("t", 2).to_payload() == {"text": "t", "loudness": 2, "version": 3}
    assert read("note", {"text": "t", "loudness": 2, "version": 3}) == Loud("t", 2)
    assert read("note", {"text": "t", "loudness": "2", "version": 2}) == Loud("t", 2)
    assert read("note", {"text": "t", "level": "warning"}) == Loud("t", 2)
    assert isinstance(read("note", {"text": "t", "loudness": 2, "version": 4}), Unreadable)


def test_an_event_is_one_json_object() -> None:
    told = Event("r", 3, 1.5, "0.1", Note("text", "info"))
    assert told.to_json() == {
        **{"run": "r", "seq": 3, "ts": 1.5, "node": "0.1", "kind": "note"},
        "payload": {"text": "text", "level": "info"},
    }
