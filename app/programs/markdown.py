"""Answers as Markdown for programs that show it: with sources, and harmless whatever model and documents wrote. Pure.

A chat program may load pictures and show HTML, so words of a document could fetch an address that holds other words of
it. What would begin a picture, a link or a tag is written as a character reference, which is shown as the character and
begins nothing; names and texts of sources stand in code spans.
"""

from __future__ import annotations

import re
import unicodedata

from engine.answer.agreement import sentence
from engine.corpus.place.said import said
from engine.types import Json

SHOWN_SOURCES = 12
SHOWN_CHARS = 300  # of a source
TURNS = frozenset(
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f"
)  # of the direction of text
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_FENCE = re.compile(r"(?: {0,3}|[ \t>*+-]*)(`{3,}|~{3,})([^\n]*)")


def answer_text(row: Json) -> str:
    """A run that has ended, as a person reads it: its answer, or why there is none, and what that rests on."""
    if row["answer"] is not None:
        parts = [closed(harmless(row["answer"]))]
        if row["forced"]:
            parts.append(f"(asked for at a limit, before the model was done: {harmless(row['reason'])})")
        agreed = sentence(row["agreement"])
        told = f" ({code(agreed[0].lower() + agreed[1:])})" if agreed else ""
        parts.append(_listed(f"**Sources**{told}", row["sources"]) if row["sources"] else "")
    else:
        reason = row["reason"] or "the model gave none"
        parts = [f"No answer: {harmless(reason)}."]
        parts.append(_listed("Found by search, not by the model", row["passages"]) if row["passages"] else "")
    return "\n\n".join(part for part in parts if part)


def harmless(text: str) -> str:
    """Text that keeps its Markdown but for pictures, links and HTML; characters that steer a terminal are replaced."""
    text = _TAG.sub("&lt;", printable(text))
    for begins, shown in (("![", "!&#91;"), ("](", "]&#40;"), ("][", "]&#91;"), ("]:", "]&#58;")):
        text = text.replace(begins, shown)
    return text


def printable(text: str) -> str:
    """Replace control characters but line ends and tabs, those that turn the direction of text, and lone surrogates."""
    text = text.replace("\r\n", "\n")
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(c) else c for c in text)


def code(text: str) -> str:
    """One line of any text as a code span, in which nothing is Markdown."""
    line = " ".join(printable(text).split())
    line = line if len(line) <= SHOWN_CHARS else line[: SHOWN_CHARS - 1] + "…"
    longest = max(map(len, re.findall("`+", line)), default=0)
    space = " " if line[:1] == "`" or line[-1:] == "`" else ""
    return f"{'`' * (longest + 1)}{space}{line or ' '}{space}{'`' * (longest + 1)}"


def closed(text: str) -> str:
    """The text, with a fence at its end where one was left open, so that what comes after it is no code."""
    fence = ""
    for line in text.splitlines():
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1].startswith(fence) and not found[2].strip():
                fence = ""
    return f"{text}\n{fence}" if fence else text


def _listed(title: str, sources: list[Json]) -> str:
    lines = [f"{number}. {_line(source)}" for number, source in enumerate(sources[:SHOWN_SOURCES], 1)]
    more = len(sources) - SHOWN_SOURCES
    return "\n".join([title, "", *lines, *([f"\nand {more} more"] if more > 0 else [])])


def _line(source: Json) -> str:
    if source["status"] == "missing":
        nearest = f" (nearest: {code(source['nearest'])})" if source["nearest"] else ""
        return f"not found in the documents: {code(source['text'])}{nearest}"
    cell = f", {code(source['cell'])}" if source.get("cell") else ""
    return f"{code(source['name'])}, {said({**source, 'cell': ''})}{cell}: {code(source['text'])}"


def _steers(c: str) -> bool:
    return c in TURNS or (c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs"))
