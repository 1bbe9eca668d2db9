"""Is an answer right? Normalised equality, numbers as numbers, lists as sets; long or hedging answers are wrong."""

from __future__ import annotations

import re
from typing import Any

from engine.bench.grade import MOST, NOT_THERE, normal, numbers, score, stands

NONE = re.compile(NOT_THERE, re.I)


def right(answer: str | None, reference: Any, kind: str, others: tuple[str, ...] = ()) -> bool:
    """Whether `answer` says what `reference` says.

    `kind`: "text" (the reference and little else), "number", "set" (all and nothing else), "pairs" (each key
    with its value, no other), "all" (each of several texts), "lines" (each line and no other), "contains" (names the
    reference), "none" (says that it is not there).
    """
    if not answer or not answer.strip():
        return False
    if kind == "none":
        return NONE.search(answer) is not None
    if NONE.search(answer):
        return False
    if kind == "number":
        found = numbers(answer)
        return len(found) == 1 and abs(found[0] - float(reference)) < 0.005 and len(answer) <= 60
    if kind == "set":
        given = {normal(part) for part in re.split(r"[\n,;]+", answer) if part.strip()}
        wanted = {normal(part) for item in reference for part in re.split(r"[\n,;]+", str(item))}
        return given == wanted
    if kind == "pairs":
        given = dict(line.rsplit(": ", 1) for line in answer.splitlines() if ": " in line)
        return {normal(k): normal(v) for k, v in given.items()} == {
            normal(k): normal(v) for k, v in reference.items()
        }
    if kind == "all":
        return score(answer, reference, "all", others) == 1
    if kind == "lines":
        return {*map(normal, answer.splitlines())} == {*map(normal, reference)}
    if kind == "contains":
        return normal(reference) in normal(answer)
    return _same_text(normal(answer), normal(str(reference)), [normal(o) for o in others])


def _same_text(answer: str, reference: str, others: list[str]) -> bool:
    if answer == reference:
        return True
    if len(answer) > MOST * max(len(reference), 4) or not stands(reference, answer):
        return False
    return not any(other not in reference and stands(other, answer) for other in others if other)
