"""Numbers of paragraphs that Word counts itself (`4.2`, `b)`, bullets): they are not in the text of the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from engine.documents.formats.office.package import attribute, local

DEEPEST = 9  # levels of a list
ROMAN = ((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))  # fmt: skip


@dataclass(slots=True)
class _Level:
    start: int = 1
    kind: str = "decimal"
    pattern: str = ""


@dataclass(slots=True)
class Numbering:
    """The lists of a document; `label` counts on with each paragraph it is asked about."""

    _levels: dict[str, dict[int, _Level]] = field(default_factory=dict)  # by list
    _same: dict[str, str] = field(default_factory=dict)  # list -> what it counts with
    _counts: dict[str, list[int | None]] = field(default_factory=dict)

    @classmethod
    def read(cls, root: Element | None) -> Numbering:
        """The lists that `word/numbering.xml` describes."""
        found, abstract = cls(), {}
        for item in root if root is not None else ():
            if local(item) == "abstractNum":
                abstract[attribute(item, "abstractNumId")] = _levels(item)
            elif local(item) == "num":
                number = attribute(item, "numId")
                base = attribute(_child(item, "abstractNumId"), "val")
                levels = dict(abstract.get(base, {}))
                changed = [child for child in item if local(child) == "lvlOverride"]
                for override in changed:
                    at, start = _int(attribute(override, "ilvl")), _child(override, "startOverride")
                    levels |= _levels(override)
                    if start is not None:
                        old = levels.get(at, _Level())
                        levels[at] = _Level(_int(attribute(start, "val")), old.kind, old.pattern)
                found._levels[number] = levels
                found._same[number] = number if changed else f"abstract {base}"
        return found

    def label(self, number: str, depth: int) -> str:
        """What stands before the next paragraph at this depth of a list; "" for a list that shows nothing."""
        levels = self._levels.get(number)
        level = levels.get(depth) if levels else None
        if levels is None or level is None or not 0 <= depth < DEEPEST:
            return ""
        counts = self._counts.setdefault(self._same[number], [None] * DEEPEST)
        before = counts[depth]
        counts[depth] = level.start if before is None else before + 1
        counts[depth + 1 :] = [None] * (DEEPEST - depth - 1)
        if level.kind == "bullet":
            return "-"

        def shown(found: re.Match[str]) -> str:
            at = int(found[1]) - 1
            of = levels.get(at, _Level())
            if at > depth:
                return ""
            count = counts[at]
            return _written(of.start if count is None else count, of.kind)

        return "" if level.kind == "none" else re.sub(r"%([1-9])", shown, level.pattern).strip()


def _levels(item: Element) -> dict[int, _Level]:
    found = {}
    for child in item:
        if local(child) == "lvl":
            start = _child(child, "start")
            found[_int(attribute(child, "ilvl"))] = _Level(
                _int(attribute(start, "val")) if start is not None else 1,
                attribute(_child(child, "numFmt"), "val") or "decimal",
                attribute(_child(child, "lvlText"), "val"),
            )
    return found


def _child(item: Element, name: str) -> Element | None:
    return next((child for child in item if local(child) == name), None)


def _int(text: str) -> int:
    return int(text) if re.fullmatch(r"\d{1,6}", text) else 0


def _written(count: int, kind: str) -> str:
    if kind in ("lowerLetter", "upperLetter") and count > 0:
        text = chr(97 + (count - 1) % 26) * min(1 + (count - 1) // 26, 20)
    elif kind in ("lowerRoman", "upperRoman") and 0 < count < 5000:
        text = ""
        for value, sign in ROMAN:
            text += sign * (count // value)
            count %= value
    else:
        return f"{count:02d}" if kind == "decimalZero" else str(count)
    return text.upper() if kind.startswith("upper") else text
