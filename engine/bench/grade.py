"""Is an answer right? One grader for all suites and methods.

Case, width of letters, quotes, white space, thousands separators and closing punctuation do not count. An answer
that is over three times as long as its reference, or that names a wrong candidate beside the right one, is wrong:
a model that lists everything it saw has not answered.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from engine.types import Json

NOT_THERE = (
    r"\bnot (?:in|found in|mentioned in|stated in) (?:these|the) documents?\b|\bnot found\b"  # as a pattern
)
NONE = re.compile(rf"{NOT_THERE}|^none\b", re.I)
MOST = 3  # an answer may be this many times as long as the reference
KEY_CHARS = 40  # beside each of several values an answer may say what it is the value of


def score(answer: str | None, reference: Json, kind: str, others: tuple[str, ...] = ()) -> float:
    """How right an answer is: 1 right, 0 wrong; between them only for "pairs", the F1 of those named.

    `kind` "value": `reference` is a text. "all": a list of texts, and each must stand there. "number": one number.
    "counts": {label: number}, and each label must be followed by its number. "pairs": a list of two names each.
    `others` are candidates that must not stand in the answer.
    """
    if not answer or not answer.strip() or NONE.search(answer):
        return 0.0
    text = normal(answer)
    match kind:
        case "value":
            return float(_holds(text, [reference], others, 0))
        case "all":
            return float(_holds(text, reference, others, KEY_CHARS))
        case "number":
            found = numbers(text)
            return float(found == [float(reference)] and len(text) <= 60)
        case "counts":
            return float(
                _counts(text, list(reference)) == {normal(k): float(v) for k, v in reference.items()}
            )
        case "pairs":
            return _f1(_pairs(answer), {frozenset(map(normal, pair)) for pair in reference})
    raise ValueError(f"{kind!r} is no kind of reference")


def normal(text: str) -> str:
    """A text without what does not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[\"'“”‘’`*]", "", text)
    return re.sub(r"\s+", " ", text).strip(" .;:!")


def numbers(text: str) -> list[float]:
    """The numbers of a text; thousands may be set apart with commas."""
    return [float(n.replace(",", "")) for n in re.findall(r"(?<![\w.])-?\d[\d,]*(?:\.\d+)?", text)]


def stands(value: str, text: str) -> bool:
    """Whether a value stands in a text as words of its own; both as `normal` gives them."""
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text) is not None


def _holds(text: str, wanted: list[str], others: tuple[str, ...], beside: int) -> bool:
    values = [normal(value) for value in wanted]
    longest = MOST * max(4, sum(len(value) + beside for value in values))
    wrong = [normal(other) for other in others]
    return (
        len(text) <= longest
        and all(stands(value, text) for value in values)
        and not any(stands(other, text) for other in wrong if other not in values)
    )


def _counts(text: str, labels: list[str]) -> dict[str, float] | None:
    """The first number after each label, up to the next label; None when one has none."""
    places = []
    for label in map(normal, labels):
        found = re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text)
        if found is None:
            return None
        places.append((found.start(), label))
    places.sort()
    given: dict[str, float] = {}
    for (start, label), (end, _) in pairwise([*places, (len(text), "")]):
        found_numbers = numbers(text[start + len(label) : end])
        if len(found_numbers) != 1:
            return None
        given[label] = found_numbers[0]
    return given


def _pairs(answer: str) -> set[frozenset[str]]:
    """The pairs that an answer names: names two by two within a line, a bracket or between semicolons."""
    found: set[frozenset[str]] = set()
    for part in re.split(r"[\n;()\[\]]+", answer):
        names = [normal(name) for name in re.findall(r"[A-Z][\w-]+ [A-Z][\w-]+", part)]
        found |= {frozenset((*names[i : i + 2], "?")[:2]) for i in range(0, len(names), 2)}
    return found


def _f1(given: set[frozenset[str]], wanted: set[frozenset[str]]) -> float:
    right = len(given & wanted)
    return 2 * right / (len(given) + len(wanted)) if right else 0.0
