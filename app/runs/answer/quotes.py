"""Quotation marks of an answer, checked, and which sources stand behind which value.

What does not stand in the documents as it is quoted is struck through, and the nearest passage offered. Both come with
the run as places in its answer (code points). Places become signs of the private use area in the text, which Markdown
leaves alone; `dressed` puts elements in place of them afterwards. Each place has a sign of its own, for Markdown may leave
text out, as cells of a row that the table has no head for. Signs that the answer has itself are taken out before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.runs.answer.places import brief, nearest, opens, place
from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json

BEGIN, END, MARK = 0x100000, 0x105000, 0x10A000  # of the first quote or mark; those after it count on
MOST = 0x5000  # quotes, and marks; more have no place
SIGNS = re.compile(f"([{chr(BEGIN)}-{chr(MARK + MOST - 1)}])")
NAME = 120  # characters of a document's name


def false_quotes(run: Json) -> list[Json]:
    """The quotes of a run's answer that are not as the documents have them, in order."""
    quotes = (run.get("agreement") or {}).get("quotations") or []
    gone = [quote for quote in quotes if quote["status"] in ("missing", "elsewhere")]
    return sorted(gone, key=lambda quote: quote["start"])[:MOST]


def marks(run: Json) -> list[Json]:
    """The sources behind each value, in order: [[characters, [number, ...]], ...]; none where nothing is known."""
    return sorted((run.get("agreement") or {}).get("marks") or [], key=lambda mark: mark[0])[:MOST]


def signed(run: Json) -> str:
    """The answer with a sign at each place."""
    letters = list(SIGNS.sub("\N{REPLACEMENT CHARACTER}", run["answer"]))
    signs = [(at, 2, MARK + number) for number, (at, _) in enumerate(marks(run))]
    for number, quote in enumerate(false_quotes(run)):
        signs += [(quote["start"], 1, BEGIN + number), (quote["end"], 0, END + number)]
    for at, _, sign in sorted(signs, key=lambda found: found[:2], reverse=True):
        letters.insert(at, chr(sign))
    return "".join(letters)


def dressed(trees: Sequence[Tree], run: Json, chips: Callable[[list[int], int], Tree]) -> list[Tree]:
    """Elements in place of the signs: struck quotes, and for each mark what `chips(numbers, at)` gives."""
    return _Dresser(run, chips).all(trees)


class _Dresser:
    def __init__(self, run: Json, chips: Callable[[list[int], int], Tree]):
        self._quotes = false_quotes(run)
        self._marks = marks(run)
        self._chips = chips
        self._quote: Json = None  # the one that is open

    def all(self, trees: Sequence[Tree]) -> list[Tree]:
        made: list[Tree] = []
        for tree in trees:
            if isinstance(tree, str):
                made += filter(None, map(self._part, SIGNS.split(tree)))
            else:
                made.append([*tree[:2], *self.all(tree[2:])])
        return made

    def _part(self, part: str) -> Tree | None:
        sign = ord(part) if SIGNS.fullmatch(part) else 0
        if sign >= MARK:
            at, numbers = self._marks[sign - MARK]
            return self._chips(numbers, at)
        if sign >= END:
            self._quote = None
            return _told(self._quotes[sign - END])
        if sign:
            self._quote = self._quotes[sign - BEGIN]
            return None
        if part and self._quote:
            return el("s", {"class": "quote-false", "title": why(self._quote)}, part)
        return part


def why(quote: Json) -> str:
    """Why a quote is struck through, in words."""
    given = line(quote["given"], NAME)
    if quote["status"] == "elsewhere":
        return f"Not in {given}: it stands in {place(quote, NAME)}"
    return f"Not word for word in {given}, nor elsewhere" if given else "Not word for word in the documents"


def _told(quote: Json) -> Tree:
    hidden = el("span", {"class": "visually-hidden"}, f" ({why(quote)})")
    if quote["document"] < 0:
        return el("span", {}, hidden)
    words = f"Nearest passage: {place(quote, NAME)}"
    named = {"class": "cite quote-near", "title": words, "aria-label": words}
    return el("span", {"class": "quote-told"}, hidden, el("button", named | _opens(quote), "≈"))


def _opens(quote: Json) -> dict[str, Json]:
    return opens(quote["document"], quote["at"], quote["to"])


def quote_list(run: Json) -> Tree | None:
    """The struck quotes of an answer with their nearest passages; None where there is none."""
    items = [_item(quote, run["answer"][quote["start"] : quote["end"]]) for quote in false_quotes(run)]
    if not items:
        return None
    title = el("h3", {"class": "warn"}, "Quoted, but not as the documents have it")
    return el("div", {"class": "quotes-box"}, title, el("ol", {"class": "sources"}, *items))


def _item(quote: Json, said: str) -> Tree:
    head = el(
        "div",
        {"class": "source source-missing"},
        el("span", {"class": "source-place"}, why(quote)),
        el("s", {"class": "source-quote", "dir": "auto"}, brief(said)),
    )
    near = quote["document"] >= 0 and nearest(place(quote, NAME), quote["nearest"], _opens(quote))
    return el("li", {}, head, near or None)
