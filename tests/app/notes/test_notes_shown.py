"""What is shown of notes: the switch on a card, and the notes of a document."""

from __future__ import annotations

from typing import Any

import pytest

from app.notes.shown import notes_of, switch
from app.text.elements import elements, text_of

OFF = {"on": False, "budget": 500_000, "state": "", "problem": "", "noted": 0, "documents": 3}
ON = {**OFF, "on": True, "state": "waiting"}


def parts(said: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The attributes of the elements of a switch, by class or name."""
    tree = switch({"card": "k1", "name": "Letters"}, said)
    return {one[1].get("name") or one[1].get("class"): one[1] for one in elements([tree])}


def test_the_switch_shows_its_budget_only_while_it_is_on() -> None:
    for said in (ON, OFF):
        shown = parts(said)
        assert shown["on"]["defaultChecked"] is said["on"] and shown["budget"]["defaultValue"] == "500000"
    tree = switch({"card": "k1", "name": "Letters"}, OFF)
    assert [one[1].get("hidden", False) for one in elements([tree]) if one[0] == "label"] == [False, True]
    assert not [one for one in elements([switch({"card": "k1", "name": "L"}, ON)]) if one[1].get("hidden")]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (OFF, ""),
        ({**OFF, "noted": 2}, "2 of 3 documents noted"),
        (ON, "0 of 3 documents noted, goes on when nobody asks"),
        ({**ON, "state": "working", "noted": 1}, "1 of 3 documents noted …"),
        ({**ON, "state": "working", "noted": 3}, "3 of 3 documents noted"),
        ({**ON, "state": "budget", "noted": 1}, "1 of 3 documents noted, budget spent"),
        ({**ON, "state": "problem", "problem": "no model\x1b is loaded"}, "no model␛ is loaded"),
    ],
)
def test_the_switch_says_how_far_it_is(said: dict[str, Any], words: str) -> None:
    tree = switch({"card": "k1", "name": "Letters"}, said)
    assert text_of([tree]).partition("tokens")[2] == words


def test_notes_are_a_list_of_places_by_the_model_that_made_them() -> None:
    note = {
        "kind": "fact",
        "text": "<b>450</b>\x1b",
        "start": 3,
        "end": 9,
        "place": "line 6",
        "model": "tiny",
    }
    trees = notes_of([note, {**note, "kind": "about"}, {**note, "kind": "later"}])
    assert text_of(trees[:1]) == "3 notes by tiny"
    shown = [one for one in elements(trees) if one[0] == "button"]
    assert [text_of([one]) for one in shown] == [f"{kind}<b>450</b>␛" for kind in ("fact", "about", "")]
    assert (shown[0][1]["data-start"], shown[0][1]["data-end"]) == (3, 9)
    assert notes_of([]) == []
