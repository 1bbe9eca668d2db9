"""The order in which a page is read: column after column, tables row by row with ` | ` between their cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from engine.documents.formats.pdf.glyphs import Segment

NARROWEST = 0.7  # line heights between two columns
FEWEST_LINES = 3  # on each side of what parts two columns
WORDS, LETTERS = 3, 12  # of the usual line of a column of prose; a cell of a table has fewer
APART = 1.5  # line heights of blank above a column that make what stands there no part of it
DEEPEST = 12  # columns within columns
SPARSE, LONG, SPARSE_AND_LONG = (
    0.75,
    5,
    0.5,
)  # cells of a table that are filled, at least; more so in few rows
MARK = 5  # characters of a bullet or number before a paragraph
MOST = 4_000  # segments of a page that are looked at for columns


@dataclass(frozen=True, slots=True)
class Gutter:
    """A blank upright strip between two stretches of text."""

    left: float
    right: float
    top: float
    bottom: float
    lines: int


def lines_of(segments: Sequence[Segment], rules: Sequence[tuple[float, float, float]] = ()) -> list[str]:
    """Return the lines of a page in reading order. `rules` are drawn level lines: (left, right, height)."""
    if len(segments) > MOST:
        return _rows_as_lines(segments)
    return _read([*segments], rules, DEEPEST)


def _read(segments: list[Segment], rules: Sequence[tuple[float, float, float]], depth: int) -> list[str]:
    gutter = _best_gutter(segments) if depth else None
    if gutter is None:
        return _rows_as_lines(segments)
    above = [s for s in segments if s.middle < gutter.top]
    below = [s for s in segments if s.middle > gutter.bottom]
    inside = [s for s in segments if gutter.top <= s.middle <= gutter.bottom]
    left = [s for s in inside if s.right <= gutter.left + 0.01]
    right = [s for s in inside if s.right > gutter.left + 0.01]
    if _prose(left) and _prose(right) and not _ruled(gutter, rules):
        middle = _read(left, rules, depth - 1) + _read(right, rules, depth - 1)
    else:
        middle = _table(inside)
    return _read(above, rules, depth - 1) + middle + _read(below, rules, depth - 1)


# --- columns ----------------------------------------------------------------------------------------------


def _best_gutter(segments: list[Segment]) -> Gutter | None:
    """The blank strip with the most lines on both sides."""
    if len(segments) < 2 * FEWEST_LINES:
        return None
    ordered = sorted(segments, key=lambda s: s.top)
    height = median(s.height for s in ordered)
    found: list[Gutter] = []
    for left, right, at in _gaps(ordered, NARROWEST * height):
        if any(g.left < right and left < g.right and g.top <= at <= g.bottom for g in found):
            continue
        gutter = _grown(ordered, left, right, at, NARROWEST * height, height)
        if gutter is not None:
            found.append(gutter)
    return max(found, key=lambda g: (g.lines, g.right - g.left), default=None)


def _gaps(ordered: list[Segment], least: float) -> list[tuple[float, float, float]]:
    """(left, right, height on the page) of the gaps between neighbours, narrow ones first; `ordered` by their tops."""
    gaps = []
    for number, a in enumerate(ordered):
        near = [b for b in _beside(ordered, number) if b.left >= a.right + least]
        if near:
            nearest = min(near, key=lambda b: b.left)
            gaps.append((a.right, nearest.left, a.middle))
    return sorted(gaps, key=lambda gap: gap[1] - gap[0])


def _beside(ordered: list[Segment], number: int) -> Iterator[Segment]:
    """The segments at about the same height; lines of columns need not align."""
    a = ordered[number]
    for step in (1, -1):
        at = number + step
        while 0 <= at < len(ordered) and abs(ordered[at].top - a.top) <= 2 * a.height:
            if abs(ordered[at].middle - a.middle) <= a.height:
                yield ordered[at]
            at += step


def _grown(
    ordered: list[Segment], left: float, right: float, at: float, least: float, height: float
) -> Gutter | None:
    """The strip around a gap, as far up and down as nothing stands in it; narrowed where something juts in."""
    below = [s for s in ordered if s.middle >= at]
    above = [s for s in reversed(ordered) if s.middle < at]
    inside: list[Segment] = []
    for direction in (below, above):
        for s in direction:
            if s.right > left and s.left < right:
                new_left = max(left, s.right) if s.left <= left else left
                new_right = min(right, s.left) if s.right >= right else right
                if new_right - new_left < least or (new_left, new_right) == (left, right):
                    break
                left, right = new_left, new_right
            inside.append(s)
    inside = _together([s for s in inside if s.right <= left + 0.01 or s.left >= right - 0.01], left, height)
    sides = [s for s in inside if s.right <= left + 0.01], [s for s in inside if s.left >= right - 0.01]
    lines = min(len(_rows(side)) for side in sides)
    if lines < FEWEST_LINES:
        return None
    return Gutter(left, right, min(s.top for s in inside), max(s.bottom for s in inside), lines)


def _together(inside: list[Segment], edge: float, height: float) -> list[Segment]:
    """Without what stands on one side only, above or below both columns, with a blank between: it is no part of them."""
    left = [s.middle for s in inside if s.right <= edge + 0.01]
    right = [s.middle for s in inside if s.right > edge + 0.01]
    if not left or not right:
        return inside
    first, last = max(min(left), min(right)), min(max(left), max(right))
    blank = (1 + APART) * height
    for sign in (1, -1):
        at = last if sign > 0 else first
        for middle in sorted(
            (s.middle for s in inside if sign * (s.middle - at) > 0), key=lambda m: sign * m
        ):
            if sign * (middle - at) >= blank:
                inside = [s for s in inside if sign * (s.middle - at) <= 0.01]
                break
            at = middle
    return inside


def _prose(segments: list[Segment]) -> bool:
    """Whether these lines are sentences rather than the cells of a table."""
    rows = [" ".join(s.text for s in row) for row in _rows(segments)]
    rows = [row for row in rows if row.strip()]
    if not rows:
        return False
    letters = median(len(row) for row in rows)
    if any("\u3040" <= c <= "\u9fff" for row in rows for c in row[:5]):
        return letters >= LETTERS / 2
    widest = max(s.right for s in segments) - min(s.left for s in segments)
    full = median(row[-1].right - row[0].left for row in _rows(segments)) >= 0.55 * widest
    return full and letters >= LETTERS and median(len(row.split()) for row in rows) >= WORDS


def _ruled(gutter: Gutter, rules: Sequence[tuple[float, float, float]]) -> bool:
    """Whether lines are drawn across, as between the rows of a table."""
    across = {
        round(height)
        for left, right, height in rules
        if left <= gutter.left and right >= gutter.right and gutter.top < height < gutter.bottom
    }
    return len(across) >= 2


# --- rows -------------------------------------------------------------------------------------------------


def _rows(segments: Sequence[Segment]) -> list[list[Segment]]:
    """The segments that stand side by side, from top to bottom, each row from its beginning to its end."""
    rows: list[list[Segment]] = []
    for s in sorted(segments, key=lambda s: (s.middle, s.left)):
        if rows and abs(s.middle - rows[-1][0].middle) <= 0.5 * min(s.height, rows[-1][0].height):
            rows[-1].append(s)
        else:
            rows.append([s])
    return [sorted(row, key=lambda s: s.left) for row in rows]


def _rows_as_lines(segments: Sequence[Segment]) -> list[str]:
    return [" ".join(s.text for s in row) for row in _rows(segments)]


def _table(segments: list[Segment]) -> list[str]:
    """The rows of a table. A blank cell stays one, so that what follows keeps its column."""
    columns: list[list[float]] = []
    for s in sorted(segments, key=lambda s: s.left):
        if columns and s.left < columns[-1][1]:
            columns[-1][1] = max(columns[-1][1], s.right)
        else:
            columns.append([s.left, s.right])
    grid = [
        [" ".join(s.text for s in row if left - 0.01 <= s.left <= right) for left, right in columns]
        for row in _rows(segments)
    ]
    if len(columns) == 2 and _listed(grid):
        return _rows_as_lines(segments)
    filled = sum(bool(cell) for cells in grid for cell in cells) / (len(grid) * len(columns))
    if filled < (SPARSE if len(grid) < LONG else SPARSE_AND_LONG):
        return _rows_as_lines(segments)
    return [re.sub(r"(?: \| )+$", "", " | ".join(cells)) for cells in grid]


def _listed(grid: list[list[str]]) -> bool:
    """Whether the first of two columns holds only bullets or numbers of a list."""
    marks = [cells[0] for cells in grid if cells[0]]
    return median(len(mark) for mark in marks) <= MARK and median(len(cells[1]) for cells in grid) > 2 * MARK
