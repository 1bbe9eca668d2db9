"""Remember which pieces of documents were handed to a cell, so that prompts and outputs can be traced to them."""

from __future__ import annotations

from collections import deque

REMEMBERED = 5000  # pieces; older ones are forgotten
HEAD = 60  # characters of a piece that must stand in a text for the piece to be claimed
SHORTEST = 8  # characters; anything shorter stands everywhere
CLAIMS = 500  # spans one text may claim
ALL = -1  # the whole corpus was searched


class Tracker:
    """The spans that left a corpus, newest last, and the documents that were searched.

    A claim is cheap and may be wrong; `coverage` checks it line by line against the prompt.
    """

    def __init__(self) -> None:
        self._handed: deque[tuple[int, int, int, str]] = deque(maxlen=REMEMBERED)
        self._last: tuple[int, int, int] | None = None
        self.searched: set[int] = set()

    def handed(self, document: int, start: int, end: int, text: str) -> None:
        """Note that a piece was handed out; `text` is the plain text of the span."""
        span = (document, start, end)
        if end - start >= SHORTEST and span != self._last:
            self._last = span
            self._handed.append((*span, str.__getitem__(text, slice(HEAD)).strip()))

    def claims(self, text: str) -> list[list[int]]:
        """Spans [document, start, end] whose beginning stands in `text`, newest first, each once."""
        found: dict[tuple[int, int, int], None] = {}
        for document, start, end, head in reversed(list(self._handed)):
            if head and head in text:
                found[(document, start, end)] = None
                if len(found) == CLAIMS:
                    break
        return [list(span) for span in found]
