"""The strict grader of exams."""

from __future__ import annotations

import pytest

from models.default.grade import right


@pytest.mark.parametrize(
    ("answer", "reference", "kind", "others", "good"),
    [
        ("six months", "six months", "text", (), True),
        ("Six months.", "six months", "text", (), True),
        ("The notice is six months", "six months", "text", (), True),
        ("six months or three months", "six months", "text", ("three months",), False),
        ("There are many clauses, and one of them says six months", "six months", "text", (), False),
        ("sixty months", "six", "text", (), False),
        ("1,200 EUR", "1200 EUR", "text", (), True),
        ("not in these documents", "six months", "text", (), False),
        ("", "six months", "text", (), False),
        (None, "six months", "text", (), False),
        ("4", 4, "number", (), True),
        ("4 of 7", 4, "number", (), False),
        ("1,810.50", 1810.5, "number", (), True),
        ("b.txt, a.txt", ["a.txt", "b.txt"], "set", (), True),
        ("a.txt, b.txt, c.txt", ["a.txt", "b.txt"], "set", (), False),
        ("a.txt: 3 days\nb.txt: 4 days", {"a.txt": "3 days", "b.txt": "4 days"}, "pairs", (), True),
        ("a.txt: 3 days", {"a.txt": "3 days", "b.txt": "4 days"}, "pairs", (), False),
        ("not in these documents", "not in these documents", "none", (), True),
        ("six months", "not in these documents", "none", (), False),
    ],
)
def test_the_grader(
    answer: str | None, reference: object, kind: str, others: tuple[str, ...], good: bool
) -> None:
    assert right(answer, reference, kind, others) is good
