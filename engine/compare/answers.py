"""Whether two answers say the same: case, widths, quotes, white space, the order of a list, and how a number or date is
written do not count.
"""

from __future__ import annotations

import re

from engine.bench.grade import normal, score
from engine.text import notation

ITEM = re.compile(r"^\s*(?:[-*•]|\d{1,3}[.)])\s+")  # the mark before an item of a list
SHORT = 60  # characters of an answer that is one value


def same_answer(one: str | None, other: str | None) -> bool:
    """Whether two answers say the same; no answer is the same as no answer."""
    if one is None or other is None:
        return one is other
    if normal(one) == normal(other):
        return True
    mine, theirs = _items(one), _items(other)
    if len(mine) != len(theirs) or len(mine) == 0:
        return False
    if len(mine) == 1:
        return _same_value(one, other)
    left = [*theirs]
    for item in mine:
        found = next((at for at, their in enumerate(left) if _same_value(item, their)), None)
        if found is None:
            return False
        del left[found]
    return True


def holds(answer: str | None, accepted: str | None) -> bool:
    """Whether an answer gives the accepted one: it says the same, or says it in a sentence of its own that is not much
    longer and, where a number is accepted, names no other.
    """
    if answer is None or accepted is None or same_answer(answer, accepted):
        return same_answer(answer, accepted)
    items, given = _items(accepted), _items(answer)
    if len(items) > 1:
        sentence = not {*map(normal, given)} & {*map(normal, items)}  # else it is a list, and another one
        return sentence and score(answer, items, "all") == 1.0
    wanted = notation.quantity(accepted.strip())
    if wanted is not None:
        found = {amount for _, _, amount in notation.quantities(answer, answer)}
        bare = not (wanted[1] or wanted[2])
        alone = len(answer) <= SHORT + len(accepted) and found == {wanted[0]}
        return alone and (bare or score(answer, accepted, "value") == 1.0)
    return score(answer, accepted, "value") == 1.0


def _same_value(one: str, other: str) -> bool:
    """The same words, or the same number with its unit, or the same day."""
    mine, theirs = one.strip(), other.strip()
    if normal(mine) == normal(theirs):
        return True
    one_number, other_number = notation.quantity(mine), notation.quantity(theirs)
    if one_number is not None and other_number is not None:
        return one_number[0] == other_number[0] and {*one_number[1:]} == {*other_number[1:]}
    days = notation.date(mine), notation.date(theirs)
    return days[0] is not None and days[0] == days[1]


def _items(text: str) -> list[str]:
    """The items of a list: its lines, else what semicolons or commas set apart; a text that is no list is one item."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        parts = re.split(r";|, (?=\D)", text.strip())
        lines = [part for part in parts if part.strip()]
    return [ITEM.sub("", line).strip() for line in lines]
