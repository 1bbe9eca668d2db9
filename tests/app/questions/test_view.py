"""Rows of a list as a person looks at them: filtered, in order, so many at a time."""

from __future__ import annotations

import json
from typing import Any

from app.questions.rows import ordered, wanted
from app.questions.view import Look, lists, one_list, parts
from app.text.elements import elements, text_of

BLANK = {
    "number": 1, "name": "", "question": "Who?", "status": "answered", "run": "r", "seconds": 1.0, "reason": "",
    "answer": "Ada", "agreement": "stated", "said": "Stated there", "sources": [], "more": 0,
}  # fmt: skip


def rows(**columns: list[Any]) -> list[dict[str, Any]]:
    """Rows of a list, numbered from 1, with these values."""
    many = len(next(iter(columns.values())))
    return [
        {**BLANK, "number": i + 1, **{name: values[i] for name, values in columns.items()}}
        for i in range(many)
    ]


def test_words_are_sorted_as_a_person_does_and_what_is_missing_comes_last_either_way() -> None:
    some = rows(answer=["Letter 10", None, "letter 9", "Émile", "eva", "Letter 009", ""])
    up, down = ([row["answer"] for row in ordered(some, "answer", down)] for down in (False, True))
    assert up == ["Émile", "eva", "letter 9", "Letter 009", "Letter 10", None, ""]
    assert down == ["Letter 10", "letter 9", "Letter 009", "eva", "Émile", None, ""]
    assert [row["number"] for row in ordered(rows(seconds=[10.0, None, 9.0]), "seconds", False)] == [3, 1, 2]
    assert [row["number"] for row in ordered(rows(seconds=[10.0, None, 9.0]), "nonsense", False)] == [1, 2, 3]


def test_a_filter_keeps_the_rows_that_hold_all_its_words_in_any_case_and_place() -> None:
    some = rows(
        question=["Who is Ada?", "Who is Bo?"], sources=[["a.txt: FENN"], []], status=["answered", "open"]
    )
    assert [row["number"] for row in wanted(some, " fenn who ", "")] == [1]
    assert [row["number"] for row in wanted(some, "who", "open")] == [2]
    assert wanted(some, "fenn bo", "") == []


def test_rows_beyond_those_that_are_shown_wait_behind_a_button() -> None:
    some = rows(question=[f"Who is {n}?" for n in range(12)])
    found = {"list": "l", "title": "T", "corpus_name": "C", "rows": 12, "left": 2, "counts": {"answered": 10}}
    state = {"running": None, "message": "", "lists": [found]}
    trees = one_list(found, state, some, Look(shown=10, column="question", down=True))
    shown = [one for one in elements(trees) if one[1].get("data-status")]
    assert [one[1]["data-key"] for one in shown] == ["12", "11", "10", "9", "8", "7", "6", "5", "4", "3"]
    assert "Show more of 2" in text_of(trees) and "10 of 12 rows answered, 2 to ask" in text_of(trees)
    assert "No row is like this." in text_of(one_list(found, state, some, Look(words="nobody")))
    chosen = {text_of(one[2:]): one[1]["data-chosen"] for one in elements(trees) if "data-chosen" in one[1]}
    assert json.loads(chosen["Show more of 2"]) == {"shown": 1010}
    assert json.loads(chosen["Question ↓"]) == {"column": "question", "down": False}
    assert json.loads(chosen["Row"]) == {"column": "number", "down": False}


def test_a_status_that_no_row_has_any_more_stays_to_be_seen_as_the_filter_that_it_is() -> None:
    found = {"list": "l", "title": "T", "corpus_name": "C", "rows": 1, "left": 0, "counts": {"answered": 1}}
    state = {"running": None, "message": "", "lists": [found]}
    trees = one_list(found, state, rows(answer=["Ada"]), Look(status="open"))
    options = [text_of([one]) for one in elements(trees) if one[0] == "option"]
    assert options == ["All rows", "Answered", "Not asked"] and "No row is like this." in text_of(trees)


def test_buttons_of_a_list_ask_for_that_list_whatever_its_name_is() -> None:
    found = {"list": "a/b?", "title": "T", "corpus_name": "C", "rows": 1, "left": 1, "counts": {}}

    def asked(running: str | None) -> list[tuple[str, str]]:
        state = {"running": running, "message": "", "lists": [found]}
        trees = parts(lists(state, "a/b?"), one_list(found, state, rows(answer=[None]), Look()))
        sent = [one[1] for one in elements(trees) if one[1].get("data-does") == "send"]
        return [(one["data-method"], one["data-to"]) for one in sent]

    assert asked(None) == [("post", "/api/questions/a%2Fb%3F/resume"), ("del", "/api/questions/a%2Fb%3F")]
    assert asked("a/b?") == [("post", "/api/questions/stop")]
