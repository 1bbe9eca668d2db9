"""The first table of some HTML, made anew of its text. Pure.

No parser of a browser ever sees the HTML: only tags that make a table count, all others are left out, and what stands
between them is text. No form of a token looks further than it takes, so hostile HTML costs time in proportion to its length.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from functools import lru_cache

from app.text.elements import Tree, el
from app.text.words import many
from engine.documents.formats.text.xml import bounded

ROWS = 100  # of one table
COLUMNS = 40
CHARS = 500  # of one cell
REMEMBERED = 64  # tables: a node that grows is fetched again and again
RAW = 8_000  # of one cell, of which those are made
_TOKEN = re.compile(
    r"""<!--(?:.*?-->|.*+)|<(/?)([a-z][a-z0-9]*)((?:"[^"]*+"|'[^']*+'|[^'"<>]++){0,60}+)>|[^<]++|<""",
    re.DOTALL | re.IGNORECASE,
)
_SPAN = re.compile(r"""\b(col|row)span\s*=\s*["']?(\d{1,3})""", re.IGNORECASE)
_NUMBER = re.compile(r"[-+\u2212]?[\d.,]+(e[-+]?\d+)?\s*%?", re.IGNORECASE)
_SILENT = frozenset(("script", "style", "template", "title", "noscript", "iframe", "textarea"))


@dataclass(slots=True)
class _Cell:
    tag: str
    spans: dict[str, int]
    text: str = ""


@dataclass(slots=True)
class _Table:
    """`rows` are (is it of the thead?, cells), at most 100; `total` counts all."""

    rows: list[tuple[bool, list[_Cell]]] = field(default_factory=list)
    total: int = 0


@lru_cache(maxsize=REMEMBERED)
def table(source: str) -> Tree | None:
    """The elements of the first table; None where there is none."""
    found = _read(source)
    if not found.total:
        return None
    head = [_row(cells) for is_head, cells in found.rows if is_head]
    body = [_row(cells) for is_head, cells in found.rows if not is_head]
    left = found.total - len(found.rows)
    return el(
        "div",
        {"class": "table", "tabIndex": 0, "role": "group", "aria-label": "Table"},
        el("table", {}, el("thead", {}, *head) if head else None, el("tbody", {}, *body)),
        el("p", {"class": "hint"}, f"{many(left, 'more row')} not shown here.") if left else None,
    )


def _read(source: str) -> _Table:
    found = _Table()
    inside = head = False
    row: list[_Cell] | None = None
    cell: _Cell | None = None
    silent = ""
    for token in _TOKEN.finditer(source):
        ends, tag = bool(token[1]), (token[2] or "").lower()
        if silent:
            silent = "" if ends and tag == silent else silent
        elif not tag:
            if cell and len(cell.text) < RAW and not token[0].startswith("<!--"):
                cell.text += token[0][:RAW]
        elif not ends and tag in _SILENT:
            silent = tag
        elif not inside:
            inside = tag == "table" and not ends
        elif tag == "table" and ends:
            break
        elif tag == "thead":
            head = not ends
        elif tag == "tr":
            row = cell = None
            if not ends:
                row = []
                found.total += 1
                if len(found.rows) < ROWS:
                    found.rows.append((head, row))
        elif tag in ("td", "th"):
            cell = None
            if not ends and row is not None:
                cell = _Cell(tag, {way.lower(): int(count) for way, count in _SPAN.findall(token[3])})
                row.append(cell)
        elif tag == "br" and cell and len(cell.text) < RAW:
            cell.text += "\n"
    return found


def _row(cells: list[_Cell]) -> Tree:
    return el("tr", {}, *map(_cell, cells[:COLUMNS]))


def _cell(cell: _Cell) -> Tree:
    text = html.unescape(bounded(cell.text)).strip()[:CHARS]
    wide, tall = (min(40, max(1, cell.spans.get(way, 1))) for way in ("col", "row"))
    kind = {"class": "numeric"} if _NUMBER.fullmatch(text) else {}
    return el(cell.tag, {**kind, "colSpan": wide, "rowSpan": tall}, text)
