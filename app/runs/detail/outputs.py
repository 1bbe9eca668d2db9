"""Outputs of a cell (Jupyter's format) as a notebook shows them: text with colours, images, tables, errors. Pure.

Nothing of them is run: images are addresses of ours, a table was made anew (`app.runs.node_detail.shown`).
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

from app.runs.detail.parts import long
from app.text.elements import Tree, el
from app.text.terminal import overwritten
from engine.types import Json

STORED = re.compile("/api/blobs/[0-9a-f]{64}")


def outputs(list_: list[Json], seqs: list[int]) -> list[tuple[list[Any], int]]:
    """The elements of some outputs, each with the event that brought it; the pieces of one stream are one."""
    made = []
    at = 0
    for _, group in groupby(enumerate(list_), key=lambda one: _stream(*one)):
        some = [output for _, output in group]
        made.append((_output(some), seqs[at]))
        at += len(some)
    return made


def _stream(place: int, output: Json) -> Json:
    """What is the same for pieces of one stream that came one after another, and for nothing else."""
    return str(output.get("name")) if output["output_type"] == "stream" else place


def _output(some: list[Json]) -> list[Any]:
    first = some[0]
    if first["output_type"] == "stream":
        kind = "stream stderr" if first.get("name") == "stderr" else "stream"
        text = overwritten("".join(flat(one.get("text")) for one in some))
        return el("div", {"class": f"output {kind}"}, long(text, terminal=True))
    if first["output_type"] == "error":
        return _error(first)
    return el("div", {"class": "output display"}, _display(first.get("data") or {}))


def flat(text: Json) -> str:
    """A text that may be a list of its lines."""
    return "".join(map(str, text)) if isinstance(text, list) else str("" if text is None else text)


def _display(data: dict[str, Json]) -> Tree:
    """The best form of a display that is safe to show: an image, a table made anew, or its text."""
    for kind in ("image/png", "image/jpeg"):
        if STORED.fullmatch(str(data.get(kind) or "")):
            alt = flat(data.get("text/plain")) or "a picture without a description"
            return el("img", {"src": data[kind], "alt": alt, "loading": "lazy"})
    if data.get("text/html"):
        return data["text/html"]
    if data.get("text/plain") is not None:
        return long(flat(data["text/plain"]), terminal=True)
    kind = next(iter(data), "unknown")
    return el("p", {"class": "hint"}, f"An output of the kind {kind} is not shown.")


def _error(output: Json) -> list[Any]:
    name, value = str(output.get("ename") or "Error"), str(output.get("evalue") or "")
    head = el("span", {"class": "raised"}, el("b", {}, name), f": {value}" if value else None)
    trace = "\n".join(map(str, output.get("traceback") or ()))
    if not trace.strip():
        return el("div", {"class": "output error"}, head)
    summary = el("summary", {}, head, el("span", {"class": "more"}, "traceback"))
    return el("details", {"class": "output error"}, summary, long(trace, terminal=True))


def as_text(output: Json) -> str:
    """An output in words, "" for one that has none."""
    data = output.get("data") or {}
    error = f"{output['ename']}: {output.get('evalue')}" if output.get("ename") else ""
    return flat(output.get("text", data.get("text/plain", error)))
