"""The rows of a document as trees: numbers, pages, and marks that are cut to the characters."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from app.errors import NotFound
from app.library.service import Library
from app.library.shown import text
from app.text.elements import Tree, elements, text_of
from engine.errors import InputError
from tests.app.library.opened import add
from tests.engine.conftest import fill
from tests.engine.documents.test_formats import pdf

HOSTILE = "<img src=x onerror=alert(1)> ${1} {{2}}"
LINES = [
    "the naïve 🌳🌲 tree",
    "",
    HOSTILE,
    f"{'long ' * 900}end",
    *(f"line {n} of 🌳 it" for n in range(5, 400)),
]
TEXT = "\n".join(LINES)


@pytest.fixture
def corpus(library: Library, tmp_path: Path) -> str:
    fill(tmp_path / "texts", {"a.txt": TEXT})
    return add(library, tmp_path / "texts")["id"]


def part(tree: Any, kind: str) -> list[Any] | None:
    """The element of a row that has this class."""
    return next((one for one in elements([tree]) if one[1].get("class") == kind), None)


def marks(rows: list[Tree], kind: str) -> list[str]:
    """The texts that are marked with a class, in order."""
    return [
        text_of(one[2:]) for one in elements(rows) if one[0] == "mark" and kind in one[1]["class"].split()
    ]


def test_rows_have_the_numbers_of_their_lines_and_all_of_their_text(library: Library, corpus: str) -> None:
    rows = text.rows(library.documents, corpus, 0, 0, 10, "", None)
    numbers = [text_of(part(row, "number")[2:]) for row in rows]
    assert numbers == ["1", "2", "3", "4", "", "", "5", "6", "7", "8"]  # line 4 is cut into three rows
    assert [row[1]["data-row"] for row in rows] == [str(n) for n in range(10)]
    texts = [text_of(part(row, "text")[2:]) for row in rows]
    assert texts[:3] == LINES[:3] and "".join(texts[3:6]) == LINES[3]


def test_matches_are_numbered_and_the_span_lies_over_them(library: Library, corpus: str) -> None:
    start = TEXT.index("🌲")
    (row,) = text.rows(library.documents, corpus, 0, 0, 1, "TREE", (start, start + 4))
    assert part(row, "text")[2:] == [
        "the naïve 🌳",
        ["mark", {"class": "span"}, "🌲 "],
        ["mark", {"class": "hit span", "data-hit": "0"}, "tr"],
        ["mark", {"class": "hit", "data-hit": "0"}, "ee"],
    ]


def test_every_character_is_marked_as_the_places_say(library: Library, corpus: str) -> None:
    dice = random.Random(7)
    for _ in range(30):
        query = dice.choice(("long", "it", "🌳 it line", "e", "g l"))
        start = dice.randrange(len(TEXT))
        span = (start, min(len(TEXT), start + dice.randrange(200)))
        first = dice.randrange(300)
        found = library.documents.rows(corpus, 0).rows(first, 20)
        hits = library.documents.hits(corpus, 0, query)
        assert hits
        for row, tree in zip(
            found, text.rows(library.documents, corpus, 0, first, 20, query, span), strict=True
        ):
            at = row.start
            for piece in part(tree, "text")[2:]:
                kinds = set() if isinstance(piece, str) else set(piece[1]["class"].split())
                for letter in text_of([piece]):
                    assert letter == TEXT[at]
                    in_hit = {number for number, (a, b) in enumerate(hits) if a <= at < b}
                    assert kinds == {
                        *(["hit"] if in_hit else []),
                        *(["span"] if span[0] <= at < span[1] else []),
                    }
                    assert not in_hit or int(piece[1]["data-hit"]) in in_hit
                    at += 1
            assert at == row.start + len(row.text)


def test_a_match_over_two_rows_is_one_match_in_both(library: Library, corpus: str) -> None:
    rows = text.rows(library.documents, corpus, 0, 6, 20, "8 of 🌳 it line 9", None)
    parts = [one for one in elements(rows) if one[0] == "mark"]
    assert [text_of(one[2:]) for one in parts] == ["8 of 🌳 it", "line 9"]
    assert {one[1]["data-hit"] for one in parts} == {"0"}


def test_text_of_a_document_stays_text(library: Library, corpus: str) -> None:
    (row,) = text.rows(library.documents, corpus, 0, 2, 1, "", None)
    assert part(row, "text")[2:] == [HOSTILE]
    assert {one[0] for one in elements([row])} == {"div", "span"}


def test_the_first_row_of_a_page_says_so(library: Library, tmp_path: Path) -> None:
    fill(tmp_path / "leases", {"lease.pdf": pdf("The first page.", "The second.")})
    corpus = add(library, tmp_path / "leases")["id"]
    rows = text.rows(library.documents, corpus, 0, 0, 100, "", None)
    assert [text_of(one[2:]) for row in rows if (one := part(row, "page-mark"))] == ["Page 1", "Page 2"]
    head = text.head(library.documents.text(corpus, 0))
    assert head["line"] == "Line or p. 2" and "2 pages" in head["facts"]


def test_rows_beyond_the_end_are_none_and_a_document_that_is_not_there_is_refused(
    library: Library, corpus: str
) -> None:
    assert text.rows(library.documents, corpus, 0, 10**9, 10, "long", (0, 5)) == []
    with pytest.raises(NotFound):
        text.rows(library.documents, corpus, 7, 0, 10, "", None)


def test_the_nearest_match_is_that_at_the_span_or_below_the_top(library: Library, corpus: str) -> None:
    find = library.documents.find
    hits = find(corpus, 0, "line")["hits"]
    assert find(corpus, 0, "line", char=hits[4][1] - 1)["nearest"] == 4
    assert find(corpus, 0, "line", char=hits[4][1])["nearest"] == 5
    assert find(corpus, 0, "line", row=hits[7][2])["nearest"] == 7
    assert find(corpus, 0, "line", row=10**9)["nearest"] == 0 == find(corpus, 0, "", row=3)["nearest"]
    assert find(corpus, 0, "line", char=len(TEXT))["nearest"] == 0


def test_how_many_matches_there_are_is_said() -> None:
    some, none = {"hits": [[0, 1, 0]] * 1200, "more": True}, {"hits": [], "more": False}
    assert text.how_many(some, "e") == "1,200+" and text.how_many({**some, "more": False}, "e") == "1,200"
    assert text.how_many(none, "e") == "not found" and text.how_many(none, " ") == ""


@pytest.mark.parametrize(
    ("written", "row"),
    [("1", 0), (" 5 ", 6), ("1,0", 11), ("9999999", 400), ("p. 2", None), ("page2", None), ("P 3", None)],
)
def test_a_line_or_page_is_gone_to_as_a_person_writes_it(
    library: Library, corpus: str, written: str, row: int | None
) -> None:
    found = library.documents.text(corpus, 0, to=written, count=1)
    assert found["at"] == (row if row is not None else 0)  # there are no pages: a page leads to the top


@pytest.mark.parametrize("written", ["", "soon", "0", "1 p", "p.", "-1", "x" * 100])
def test_what_is_no_line_is_refused_with_a_sentence(library: Library, corpus: str, written: str) -> None:
    with pytest.raises(InputError, match=r"is no line\. Write a number\."):
        library.documents.text(corpus, 0, to=written)
