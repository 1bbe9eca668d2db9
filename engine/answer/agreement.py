"""Does an answer agree with its sources? For the value and each of its items: stated there, computed from them, or not.

    stated      the value stands word for word in a cited passage, or as the same number or date in another notation
    computed    a cell made it of what is cited: how many, the sum, difference or mean, the names of the documents
    judged      yes or no: a judgement, which no passage states
    absent      none of these: it does not stand in what is cited
    uncited     there is no source that could state it
    unneeded    it says that the documents do not hold the answer

Whoever is in doubt says absent: a wrong "absent" costs a look, a wrong "stated" costs trust. Nothing here says that an
answer is right, only that its words are those of its sources. A run of an older version has no agreement: unknown. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from engine import prompt
from engine.answer import computed
from engine.answer.stated import Passage, Place, lines, places
from engine.text import notation
from engine.types import Json

Status = Literal["stated", "computed", "judged", "absent", "uncited", "unneeded"]
Parts = Sequence[
    Sequence[str]
]  # items of an answer; one of several texts holds together, as a key and its value do

MOST_ITEMS = 1000  # of an answer that are checked; with more it is not said to be stated
KEPT_ITEMS = 200
VALUE_CHARS = 200  # of a value in the record; the answer itself stands beside it
NAME_OF_ONE = "the name of a document cited"
WORK = 100_000_000  # items times characters of passages that are compared
VERDICTS = frozenset("yes no true false ja nein oui non sí si da nej да нет はい いいえ 是 否".split())

_VERDICT = re.compile(r"(yes|no|true|false)(?:[,;:–—]|\.?$|\.\s+[^\W\d])", re.IGNORECASE)
_BULLET = re.compile(r"^\s*[-*•]\s+")
_NUMBERED = re.compile(r"^\s*(\d{1,3})[.)]\s+")
_CITED = re.compile(r"(?:\s*\[\d{1,3}\])+\s*$")
_BOLD = re.compile(r"(?<![\w*])\*\*(?=\S)([^*\n]+)(?<=\S)\*\*(?![\w*])")
_SEPARATORS = re.compile(r"[\s,:;]*")


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is said of a value. `where` are its places; `cell` is the number of the root's cell that computed it.

    `how` completes the status: what was computed, or what is missing. `value` is cut at 200 characters, `items` at 200.
    """

    status: Status
    value: str = ""
    where: tuple[Place, ...] = ()
    cell: int | None = None
    how: str = ""
    items: tuple[Agreement, ...] = ()


@dataclass(frozen=True, slots=True)
class Cited:
    """What an answer cites. `passages` are those that really stand in the documents; `sources` counts the others too.

    `named`: the answer names them itself. `spans` places in `documents` (number: name) are cited, shown or not.
    """

    sources: int
    passages: Sequence[Passage] = ()
    named: bool = True
    spans: int = 0
    documents: Mapping[int, str] = field(default_factory=dict)


def judge(
    answer: str, cited: Cited, *, cell: int | None = None, codes: Sequence[str] = (), parts: Parts = ()
) -> Agreement:
    """Say whether an answer agrees with what it cites.

    `cell` is the number of the cell that finished with it, None where it was given as text; `codes` are all cells of
    its node up to that one. `parts` are the items that the value had as a list or mapping before it became text; they
    count only as far as they make up the answer.
    """
    text = _bare(answer)
    told = text[:VALUE_CHARS]
    said = text.casefold().rstrip(".")
    if said == prompt.NOT_THERE or (said.startswith(f"{prompt.NOT_THERE}:") and not cited.sources):
        return Agreement("unneeded", told)
    if not cited.sources:
        return Agreement("uncited", told)
    if said in VERDICTS or _VERDICT.match(text):
        return Agreement("judged" if cited.passages else "absent", told)
    if cell is not None and notation.quantity(text):
        way = computed.made(codes)
        spans, documents = (cited.spans, len(cited.documents)) if cited.named else (0, 0)
        if how := computed.how(text, way, cited.passages, spans, documents):
            return Agreement("computed", told, cell=cell, how=how)
        if way.operation == "count" or (way.operation not in ("", "literal") and len(cited.passages) > 1):
            return Agreement("absent", told)  # what stands there by chance is not what was computed
    found = _one([text], cited, cell)
    items = _items(text, parts)
    if found.status != "absent" or items == [[text]]:
        return found
    size = sum(len(p.text) for p in cited.passages)
    if len(items) > MOST_ITEMS or len(items) * size > WORK:
        return Agreement("absent", told, how=f"{len(items):,} items are too many to compare")
    keys = [item[0] for item in items if len(item) > 1]
    return _together(told, [_one(item, cited, cell, keys) for item in items])


def sentence(agreement: Json) -> str:
    """What a person is told of a recorded agreement, without a full stop; "" where there is nothing to say.

    `agreement` is None in records of older versions.
    """
    if not agreement:
        return ""
    items = agreement["items"]
    written = next((place["written"] for place in agreement["where"] if place["written"]), "")
    how = agreement["how"]
    match agreement["status"]:
        case "stated" if len(items) > 1:
            return f"Stated there, each of {len(items)}"
        case "stated":
            return f"Stated there, written {written}" if written else "Stated there"
        case "computed":
            by = f" by cell {agreement['cell']}" if agreement["cell"] else ""
            return f"Computed from them{by}: {how}"
        case "judged":
            return "Judged from them, stated nowhere"
        case "absent":
            return f"Not found there: {how}" if how else "Not found there"
        case "uncited":
            return "No source is named"
        case _:
            return ""


def _together(told: str, items: list[Agreement]) -> Agreement:
    kinds = {item.status for item in items}
    kept = tuple(items[:KEPT_ITEMS])
    if kinds == {"stated"}:
        return Agreement("stated", told, items=kept)
    if kinds <= {"stated", "computed"}:
        named = len(items) - sum(item.status == "stated" for item in items)
        how = f"the names of {named:,} documents cited" if named > 1 else NAME_OF_ONE
        how += "" if named == len(items) else f"; {len(items) - named:,} more stated there"
        cell = next((item.cell for item in items if item.cell), None)
        return Agreement("computed", told, cell=cell, how=how, items=kept)
    good = sum(item.status in ("stated", "computed") for item in items)
    return Agreement("absent", told, how=f"{len(items) - good} of {len(items)} items", items=kept)


def _one(texts: Sequence[str], cited: Cited, cell: int | None, keys: Sequence[str] = ()) -> Agreement:
    """Judge one item; where it has several texts, these must stand on one line, or the first name the document.

    `keys` are the first texts of all items: none of the others may stand between a key and its value.
    """
    if len(texts) > 1:
        return _pair(texts, cited, [key for key in keys if key != texts[0]])
    text = _bare(texts[0])
    told = text[:VALUE_CHARS]
    if _document(text, cited) is not None:
        return Agreement("computed", told, cell=cell, how=NAME_OF_ONE)
    found = places(text.removesuffix("."), cited.passages) or places(text, cited.passages)
    return Agreement("stated" if found else "absent", told, found)


def _pair(texts: Sequence[str], cited: Cited, others: Sequence[str]) -> Agreement:
    told = f"{texts[0]}: {', '.join(texts[1:])}"[:VALUE_CHARS]
    document = _document(texts[0], cited)
    if document is not None:
        inside = [p for p in cited.passages if p.document == document]
        found = [places(_bare(text), inside) for text in texts[1:]]
        return Agreement("stated", told, found[0]) if all(found) else Agreement("absent", told)
    for line in (line for passage in cited.passages for line in lines(passage)):
        found = [places(_bare(text), [line]) for text in texts]
        between = [place for key in others for place in places(_bare(key), [line])]
        if all(found) and not _overlap([place[0] for place in found]) and not _parted(found, between):
            return Agreement("stated", told, tuple(place[0] for place in found[1:]))
    return Agreement("absent", told)


def _parted(found: Sequence[Sequence[Place]], others: Sequence[Place]) -> bool:
    """Whether another key stands between the key and one of its values."""
    key = found[0][0]
    ranges = [(min(key.end, value[0].end), max(key.start, value[0].start)) for value in found[1:]]
    return any(start <= other.start and other.end <= end for start, end in ranges for other in others)


def _overlap(found: Sequence[Place]) -> bool:
    spans = sorted((place.start, place.end) for place in found)
    return any(a[1] > b[0] for a, b in pairwise(spans))


def _document(text: str, cited: Cited) -> int | None:
    """The one cited document of this name, or of this last part of its name."""
    name = text.strip()
    found = [n for n, full in cited.documents.items() if full == name]
    found = found or [n for n, full in cited.documents.items() if full.rsplit("/", 1)[-1] == name]
    return found[0] if len(found) == 1 else None


# --- the value --------------------------------------------------------------------------------------------


def _bare(text: str) -> str:
    """A value without emphasis, and without white space, quotes and numbers of sources around it."""
    bare = _BOLD.sub(r"\1", _CITED.sub("", text.strip()))
    while len(bare) > 2 and (bare[0] + bare[-1] in ("**", "__", "``", '""', "''", "“”", "‘’", "«»", "„“")):
        bare = bare[1:-1].strip()
    return bare


def _items(text: str, parts: Parts) -> list[list[str]]:
    """The items of an answer: those its value had, where they make up the answer; else its lines, or what ";" parts."""
    if parts and _make_up(text, parts):
        return [[*part] for part in parts]
    rows = [line for line in text.splitlines() if line.strip()]
    if len(rows) == 1:
        rows = re.split(r";\s", rows[0])
    return [_keyed(row) for row in _unlisted(rows)] or [[text]]


def _unlisted(rows: Sequence[str]) -> list[str]:
    """Rows without the signs of a list: bullets, and numbers where they run from 1. One row alone is no list."""
    if len(rows) < 2:
        return [row.strip() for row in rows]
    numbers = [_NUMBERED.match(row) for row in rows]
    if [int(found[1]) if found else 0 for found in numbers] == [*range(1, len(rows) + 1)]:
        return [_NUMBERED.sub("", row).strip() for row in rows]
    return [_BULLET.sub("", row).strip() for row in rows]


def _keyed(row: str) -> list[str]:
    """A line "key: value" as a pair."""
    key, mark, value = row.partition(": ")
    return [key.strip(), value.strip()] if mark and key.strip() and value.strip() else [row]


def _make_up(text: str, parts: Parts) -> bool:
    """Whether an answer is made of these items, in order, and of nothing else but marks between them."""
    at = 0
    for part in (part for item in parts for part in item):
        mark = _SEPARATORS.match(text, at)
        at = mark.end() if mark and not text.startswith(part, at) else at
        if not text.startswith(part, at):
            return False
        at += len(part)
    return all(parts) and not text[at:].strip(" ,:;\n")
