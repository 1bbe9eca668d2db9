"""Remember which pieces of documents were handed to a cell, so that prompts and outputs can be traced to them."""

from __future__ import annotations

from collections import deque

REMEMBERED = 5000  # pieces; older ones are forgotten
HEAD = 60  # characters of a piece that must stand in a text for the piece to be claimed
SHORTEST = 8  # characters; anything shorter stands everywhere
CLAIMS = 500  # spans one text may claim


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
            head = str.__getitem__(text, slice(HEAD)).strip()
            if len(head) >= SHORTEST:
                self._handed.append((*span, head))

    def claims(self, text: str) -> list[list[int]]:
        """Spans [document, start, end] whose beginning stands in `text`, newest first, each once."""
        grams = {
            text[i : i + SHORTEST] for i in range(len(text) - SHORTEST + 1)
        }  # most pieces fail here, fast
        found: dict[tuple[int, int, int], None] = {}
        for document, start, end, head in reversed(list(self._handed)):
            if head[:SHORTEST] in grams and head in text:
                found[(document, start, end)] = None
                if len(found) == CLAIMS:
                    break
        return [list(span) for span in found]

    def searched_ranges(self) -> list[list[int]]:
        """The numbers of the documents that were searched, as half-open [first, last) ranges."""
        ranges: list[list[int]] = []
        for number in sorted(self.searched):
            if ranges and ranges[-1][1] == number:
                ranges[-1][1] += 1
            else:
                ranges.append([number, number + 1])
        return ranges
