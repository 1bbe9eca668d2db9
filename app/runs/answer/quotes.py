"""Quotation marks of an answer, checked, and which sources stand behind which value.

What does not stand in the documents as it is quoted is struck through, and the nearest passage offered. Both come with
the run as places in its answer (code points). Places become signs of the private use area in the text, which Markdown
leaves alone; `dressed` puts elements in place of them afterwards. Signs that the answer has itself are taken out before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from app.runs.answer.places import brief, nearest, opens, place
from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json

BEGIN, END, MARK = "\ue000", "\ue001", "\ue002"
SIGNS = re.compile(f"([{BEGIN}{END}{MARK}])")
NAME = 120  # characters of a document's name


def false_quotes(run: Json) -> list[Json]:
    """The quotes of a run's answer that are not as the documents have them, in order."""
    quotes = (run.get("agreement") or {}).get("quotations") or []
    gone = [quote for quote in quotes if quote["status"] in ("missing", "elsewhere")]
    return sorted(gone, key=lambda quote: quote["start"])


def marks(run: Json) -> list[Json]:
    """The sources behind each value, in order: [[characters, [number, ...]], ...]; none where nothing is known."""
    return sorted((run.get("agreement") or {}).get("marks") or [], key=lambda mark: mark[0])


def signed(run: Json) -> str:
    """The answer with a sign at each place."""
    letters = list(SIGNS.sub("\N{REPLACEMENT CHARACTER}", run["answer"]))
    signs = [(at, 2, MARK) for at, _ in marks(run)]
    for quote in false_quotes(run):
        signs += [(quote["start"], 1, BEGIN), (quote["end"], 0, END)]
    for at, _, sign in sorted(signs, key=lambda found: found[:2], reverse=True):
        letters.insert(at, sign)
    return "".join(letters)


def dressed(trees: Sequence[Tree], run: Json, chips: Callable[[list[int], int], Tree]) -> list[Tree]:
    """Elements in place of the signs: struck quotes, and for each mark what `chips(numbers, at)` gives."""
    return _Dresser(run, chips).all(trees)


class _Dresser:
    def __init__(self, run: Json, chips: Callable[[list[int], int], Tree]):
        self._quotes = iter(false_quotes(run))
        self._marks = iter(marks(run))
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
        if part == BEGIN:
            self._quote = next(self._quotes, None)
        elif part == END:
            quote, self._quote = self._quote, None
            return _told(quote) if quote else None
        elif part == MARK:
            at, numbers = next(self._marks, (0, []))
            return self._chips(numbers, at)
        elif part and self._quote:
            return el("s", {"class": "quote-false", "title": why(self._quote)}, part)
        else:
            return part
        return None


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
