"""The grader: what counts as right, and what never does."""

from __future__ import annotations

import pytest

from engine.bench.grade import score

PAIRS = [["Ada Fen", "Ben Mor"], ["Ada Fen", "Cal Dun"], ["Ben Mor", "Cal Dun"]]


@pytest.mark.parametrize(
    "answer, right",
    [
        ("EUR 1,234", True),
        ("  eur 1234. ", True),
        ("It is EUR 1,234", True),
        ("EUR 12,345", False),
        ("1", False),
        ("", False),
        (None, False),
        ("not in these documents", False),
        ("NONE", False),
        ("EUR 1,234 or EUR 900", False),  # a wrong candidate beside the right one
        ("After reading everything I believe that it may well be EUR 1,234", False),  # far too long
    ],
)
def test_a_value(answer: str | None, right: bool) -> None:
    assert (score(answer, "EUR 1,234", "value", ("EUR 900",)) == 1) is right


@pytest.mark.parametrize(
    "answer, right",
    [
        ("rent: EUR 10, notice: 3 weeks", True),
        ("EUR 10\n3 weeks", True),
        ("EUR 10", False),
        ("EUR 10, 3 weeks, 9 days", False),
        ("EUR 10, 13 weeks", False),
        ("EUR 10, 3 weeks" + " and so on" * 40, False),
    ],
)
def test_all_of_several(answer: str, right: bool) -> None:
    assert (score(answer, ["EUR 10", "3 weeks"], "all", ("9 days",)) == 1) is right


@pytest.mark.parametrize(
    "answer, right",
    [("12", True), ("There are 12.", True), ("12 of 30", False), ("112", False), ("a dozen", False)],
)
def test_a_number(answer: str, right: bool) -> None:
    assert (score(answer, 12, "number") == 1) is right


@pytest.mark.parametrize(
    "answer, right",
    [
        ("quality: 3\ndelivery: 14\nprice: 0", True),
        ("Price 0, delivery 14 and quality 3.", True),
        ("quality 3, delivery 14", False),
        ("quality 14, delivery 3, price 0", False),
        ("quality 3 or 4, delivery 14, price 0", False),
    ],
)
def test_counts(answer: str, right: bool) -> None:
    assert (score(answer, {"quality": 3, "delivery": 14, "price": 0}, "counts") == 1) is right


def test_pairs_are_scored_by_what_is_named_and_what_is_not() -> None:
    assert score("Ada Fen and Ben Mor\nCal Dun, Ada Fen\nBen Mor - Cal Dun", PAIRS, "pairs") == 1
    assert score("(Ada Fen, Ben Mor), (Ada Fen, Cal Dun), (Cal Dun, Ben Mor)", PAIRS, "pairs") == 1
    assert score("Ada Fen and Ben Mor", PAIRS, "pairs") == pytest.approx(0.5)
    assert score(
        "Ada Fen and Ben Mor\nAda Fen and Eve Orr\nIda Law and Ben Mor", PAIRS, "pairs"
    ) == pytest.approx(1 / 3)
    assert score("nobody", PAIRS, "pairs") == 0


def test_an_unknown_kind_is_a_defect() -> None:
    with pytest.raises(ValueError, match="no kind"):
        score("x", "x", "colour")
