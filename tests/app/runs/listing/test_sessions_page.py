"""The Sessions view as trees: what is found, what is said where nothing is, and whether there is more."""

from __future__ import annotations

from app.runs.listing.sessions_page import Look, sessions_page
from app.text.elements import elements, text_of
from tests.app.runs.listing.test_session_rows import ONE

TWO = [{"id": "c1", "name": "Letters"}, {"id": "c2", "name": "Min\nutes"}]


def found(trees, **wanted: str) -> list:
    return [
        one for one in elements(trees) if all(one[1].get(name) == value for name, value in wanted.items())
    ]


def test_the_number_is_told_of_a_search_alone() -> None:
    (told,) = found(sessions_page([ONE], TWO, Look("lease")), role="status")
    assert text_of([told]) == "1 session"
    (told,) = found(sessions_page([ONE], TWO, Look()), role="status")
    assert text_of([told]) == ""


def test_documents_are_offered_where_there_are_several() -> None:
    (choice,) = [one for one in elements(sessions_page([], TWO, Look())) if one[0] == "select"]
    assert not choice[1]["hidden"]
    assert [(one[1]["value"], text_of([one])) for one in choice[2:]] == [
        ("", "All documents"), ("c1", "Letters"), ("c2", "Min utes"),
    ]  # fmt: skip
    (choice,) = [one for one in elements(sessions_page([], TWO[:1], Look())) if one[0] == "select"]
    assert choice[1]["hidden"]


def test_where_there_is_nothing_it_says_why() -> None:
    assert "Nothing found" in text_of(sessions_page([], TWO, Look("moon")))
    trees = sessions_page([], TWO, Look())
    assert (
        "No question has been asked yet." in text_of(trees) and len(found(trees, **{"data-does": "ask"})) == 1
    )


def test_more_is_offered_where_as_many_were_found_as_were_asked_for() -> None:
    assert found(sessions_page([ONE], TWO, Look(limit=1)), **{"data-does": "more"})
    assert not found(sessions_page([ONE], TWO, Look(limit=2)), **{"data-does": "more"})


def test_the_session_that_was_chosen_to_be_compared_is_pressed() -> None:
    for first, pressed in (("r2", "true"), ("r1", "false"), ("", "false")):
        (button,) = found(sessions_page([ONE], TWO, Look(first=first)), **{"data-does": "compare"})
        assert (button[1]["aria-pressed"], button[1]["data-run"]) == (pressed, "r2")
