"""What a run looked at, in total and for each file: searched, read by the model, quoted; what could not be read, and why."""

from __future__ import annotations

from app.runs.answer.places import opens
from app.text.elements import Tree, el, folded
from app.text.words import line, many, percent
from engine.types import Json

SHOWN_FILES = 12  # the rest behind a button
SHOWN_REASONS = 3  # in the sentence; all of them below it
LEAST = 1 / 120  # of a strip: a single line is seen also in a long file
STRIP = {"class": "heat", "viewBox": "0 0 1000 10", "preserveAspectRatio": "none", "role": "img"}


def sentence(coverage: Json) -> str:
    """ "31 of 31 documents searched, 1.2 % of lines read by the model (12 of 1,000), 3 quoted, 1 file unreadable: why." """
    if not coverage:
        return ""
    documents = f"{coverage['documents_searched']:,} of {many(coverage['documents'], 'document')} searched"
    quoted = f", {coverage['lines_quoted']:,} quoted" if coverage.get("lines_quoted") else ""
    return f"{documents}{_read(coverage)}{quoted}{_unreadable(coverage)}."


def _read(coverage: Json) -> str:
    lines, some = coverage.get("lines"), coverage["lines_read"]
    if not some:
        searched = coverage["documents_searched"]
        return " by code; no line had to be shown to the model" if searched else ", no line read by the model"
    if not lines:
        return f", {many(some, 'line')} read by the model"
    return f", {percent(some / lines)} of lines read by the model ({some:,} of {lines:,})"


def _unreadable(coverage: Json) -> str:
    skipped, files = coverage.get("skipped"), coverage.get("unreadable") or []
    if not skipped:
        return ""
    if not files:
        return f", {many(skipped, 'file')} could not be read"
    named = [f"{line(file['path'], 80)} ({line(file['reason'], 120)})" for file in files[:SHOWN_REASONS]]
    more = f" and {skipped - len(named):,} more" if skipped > len(named) else ""
    return f", {many(skipped, 'file')} unreadable: {', '.join(named)}{more}"


def file_account(coverage: Json) -> Tree | None:
    """The account of each file, folded; None where none was read or quoted and all could be read."""
    files = (coverage or {}).get("files") or []
    gone = (coverage or {}).get("unreadable") or []
    if not files and len(gone) <= SHOWN_REASONS:
        return None
    rows = [_row(file) for file in files]
    reasons = [el("li", {}, f"{line(file['path'], 160)}: {line(file['reason'], 200)}") for file in gone]
    return el(
        "details",
        {"class": "files"},
        el("summary", {}, "What was read"),
        _legend() if files else None,
        folded(el("ul", {"class": "heat-list"}), rows, SHOWN_FILES, f"Show all {len(rows)} files"),
        *([el("h4", {}, "Could not be read"), el("ul", {"class": "heat-gone"}, *reasons)] if gone else []),
    )


def _legend() -> Tree:
    return el(
        "p",
        {"class": "heat-legend"},
        el("span", {"class": "heat-key heat-key-read"}),
        "read by the model ",
        el("span", {"class": "heat-key heat-key-quoted"}),
        "quoted ",
        el("span", {"class": "heat-key"}),
        "searched only, or not at all",
    )


def _row(file: Json) -> Tree:
    name = el("button", {"class": "quiet file", **opens(file["document"])}, line(file["name"]))
    return el("li", {}, name, strip(file), el("span", {"class": "file-share"}, _words(file)))


def _words(file: Json) -> str:
    share = file["lines_read"] / file["lines"] if file.get("lines") else _characters(file)
    quoted = f", {file['lines_quoted']:,} quoted" if file.get("lines_quoted") else ""
    cells = f" ({line(', '.join(file['cells']), 60)})" if file.get("cells") else ""
    return f"{many(file['lines_read'], 'line')}, {percent(min(1, share))}{quoted}{cells}"


def _characters(file: Json) -> float:
    return file["characters_read"] / max(1, file["characters_total"])


def strip(file: Json) -> Tree:
    """A file from its first line to its last, with what was read and quoted of it in place."""
    label = {"aria-label": f"Of {line(file['name'])}: {_words(file)}"}
    if not file.get("lines") and file.get("characters_read"):  # a record of an older version has no places
        file = {**file, "lines": 100, "first_line": 1, "read": [[1, max(1, round(100 * _characters(file)))]]}
    parts = [_part(file, kind, *lines) for kind in ("read", "quoted") for lines in file.get(kind) or ()]
    return el("svg", STRIP | label, *parts)


def _part(file: Json, kind: str, first: int, last: int) -> Tree:
    whole = max(1, file.get("lines") or 1)
    width = min(1.0, max(LEAST, (last - first + 1) / whole))
    at = min(1 - width, max(0.0, (first - (file.get("first_line") or 1)) / whole))
    place = {"x": 1000 * at, "y": 0, "width": 1000 * width, "height": 10}
    return el("rect", {"class": f"heat-{kind}", **place})
