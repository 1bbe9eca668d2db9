"""What was found when an answer was checked: its agreement, the sources behind its values, and its quotes."""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.answer.agreement import Agreement
from engine.answer.marks import Mark
from engine.answer.quotations import Quotation


@dataclass(frozen=True, slots=True)
class Checked(Agreement):
    """An agreement of a whole answer. `marks`: after how many characters which sources belong; see `marks`.

    `quotations` are the quotes in it, each with what became of it. Records of older versions have neither.
    """

    marks: tuple[Mark, ...] = ()
    quotations: tuple[Quotation, ...] = ()

    @classmethod
    def of(cls, agreement: Agreement, marks: tuple[Mark, ...], quotations: tuple[Quotation, ...]) -> Checked:
        """An agreement with what else was found."""
        plain = {field.name: getattr(agreement, field.name) for field in fields(Agreement)}
        return cls(**plain, marks=marks, quotations=quotations)
