"""Does a text go round in circles? A model that has lost its way writes the same words over and over to its limit."""

from __future__ import annotations

TAIL = 600  # characters at the end of a text that must repeat themselves
PERIOD = 120  # characters of what is repeated, at most
EVERY = 100  # characters between two looks


def circles(text: str) -> bool:
    """Whether the last `TAIL` characters are one run of at most `PERIOD` characters, again and again.

    White space and rules ("-----") do not count: tables and layouts have them.
    """
    tail = text[-TAIL:]
    if len(tail) < TAIL or not any(map(str.isalnum, tail)):
        return False
    return any(tail[period:] == tail[:-period] for period in range(1, PERIOD + 1))
