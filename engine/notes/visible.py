"""Which notes a run sees: those of the documents of its corpus that are there when it begins."""

from __future__ import annotations

from engine.corpus.noted.notes import ABOUT, freeze
from engine.store import Store


def visible(store: Store, corpus: str) -> str | None:
    """The notes of a corpus as one text for a run to keep, None where there are none.

    Of a text that several models noted, those of the one that came furthest count, then of the latest.
    """
    return freeze(
        (row["document"], row["kind"], row["start"], row["end"], row["words"] if row["kind"] == ABOUT else "")
        for row in store.notes_on(corpus)
    )
