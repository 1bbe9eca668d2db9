"""Is an answer right? Normalised equality, numbers as numbers, lists as sets; long or hedging answers are wrong."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

NONE = re.compile(
    r"\bnot (?:in|found in|mentioned in|stated in) (?:these|the) documents?\b|\bnot found\b", re.I
)
MOST = 3  # an answer may be this many times as long as the reference


def normal(text: str) -> str:
    """Case, accents of width, quotes, white space and closing punctuation do not count."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"[\"'“”‘’`]", "", text)
    return re.sub(r"\s+", " ", text).strip(" .;:!")


def numbers(text: str) -> list[float]:
    """The numbers of a text; thousands may be set apart with commas."""
    return [float(n.replace(",", "")) for n in re.findall(r"-?\d[\d,]*(?:\.\d+)?", text)]


def right(answer: str | None, reference: Any, kind: str, others: tuple[str, ...] = ()) -> bool:
    """Whether `answer` says what `reference` says.

    `kind`: "text" (the reference and little else), "number", "set" (all and nothing else), "pairs" (each key
    with its value, no other), "contains" (names the reference), "none" (says that it is not there).
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
    if kind == "contains":
        return normal(reference) in normal(answer)
    return _same_text(normal(answer), normal(str(reference)), [normal(o) for o in others])


def _same_text(answer: str, reference: str, others: list[str]) -> bool:
    if answer == reference:
        return True
    if len(answer) > MOST * max(len(reference), 4):
        return False
    if not re.search(rf"(?<!\w){re.escape(reference)}(?!\w)", answer):
        return False
    return not any(
        other not in reference and re.search(rf"(?<!\w){re.escape(other)}(?!\w)", answer)
        for other in others
        if other
    )
