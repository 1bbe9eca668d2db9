"""What was found when an answer was checked: its agreement, the sources behind its values, and its quotes."""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.answer.agreement import Agreement
from engine.answer.marks import Behind, Mark, marks
from engine.answer.quotations import Quotation
from engine.corpus.archive import Archive
from engine.corpus.place.address import address_of


@dataclass(frozen=True, slots=True)
class CellMark:
    """A value of the answer that ends after `at` characters stands in a cell of a workbook: `cell` is its address,
    [start, end) its characters in `document`, in `line`; it is within the source with number `source`.
    """

    at: int
    source: int
    cell: str
    document: int
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True)
class Checked(Agreement):
    """An agreement of a whole answer. `marks`: after how many characters which sources belong; see `marks`.

    `quotations` are the quotes in it, each with what became of it; `cells` the cells that values of it stand in. Records of
    older versions have none of them.
    """

    marks: tuple[Mark, ...] = ()
    quotations: tuple[Quotation, ...] = ()
    cells: tuple[CellMark, ...] = ()

    @classmethod
    def of(
        cls, agreement: Agreement, behind: Behind, quotations: tuple[Quotation, ...], archive: Archive
    ) -> Checked:
        """An agreement with what else was found."""
        plain = {field.name: getattr(agreement, field.name) for field in fields(Agreement)}
        return cls(**plain, marks=marks(behind), quotations=quotations, cells=_cells(behind, archive))


def _cells(behind: Behind, archive: Archive) -> tuple[CellMark, ...]:
    """Of the places behind values, those in cells of workbooks."""
    return tuple(
        CellMark(
            at,
            place.source,
            cell,
            place.document,
            place.start,
            place.end,
            archive.line(place.document, place.start),
        )
        for at, where in behind.items()
        for place in where.values()
        if (cell := address_of(archive, place.document, place.start, place.end))
    )
