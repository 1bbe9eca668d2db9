"""What stands somewhere in a document knows its name, its page and its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.corpus.place.address import address_of
from engine.types import Span

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus


class Placed:
    """A stretch of a document, at `span`."""

    __slots__ = ()
    _corpus: Corpus
    id: int

    @property
    def span(self) -> Span:
        """Where this text stands."""
        raise NotImplementedError

    @property
    def document(self) -> int:
        """The number of the document in its corpus (the same as `.id`)."""
        return self.id

    @property
    def name(self) -> str:
        """The name of the document: its path inside the folder."""
        return self._corpus.archive.name(self.id)

    @property
    def page(self) -> int | None:
        """The number of the page where this text begins, from 1; None where there are no pages."""
        return self._corpus.archive.page(self.id, self.span.start)

    @property
    def cell(self) -> str:
        """The cells of a workbook that hold this text, as in "Fees!C14" or "Fees!B2:C4"; "" where it is of none."""
        span = self.span
        return address_of(self._corpus.archive, self.id, span.start, span.end)
