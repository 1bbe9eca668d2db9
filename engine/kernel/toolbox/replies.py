"""What sub-calls answer, as a cell sees it: text that knows its piece, how sure the model was, and where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from engine.kernel.toolbox.prompts import Together, body
from engine.prompt import NOT_THERE
from engine.text.amounts import amount, decimal_mark
from engine.text.quoting import ALTERNATIVES, UNCLEAR, is_none, place

PER_RANK = 0.1  # of log-probability, that a piece counts less for each place that a search ranked it lower
NO_ANSWER = "(no answer: "  # how a sub-call that was stopped or failed says so


class PieceAnswer(str):
    """The answer of a sub-call. `piece` is what it was asked about, None where only the prompt holds it.

    `confidence`: the mean natural log-probability of its tokens, of a quoted one that of not being NONE as well (see
    `engine.llm.base.Reply`), 0.0 where the model does not tell; the nearer to 0 the surer. `rank`: the place of its piece,
    from 0, among those that searches brought; what was put behind others in the list ranks behind them. `quoted`: it was to stand in its
    piece, or be one of `others`.
    """

    piece: Any = None
    confidence: float = 0.0
    rank: int = 0
    quoted: bool = False
    others: Sequence[str] = ALTERNATIVES

    @classmethod
    def of(cls, answer: str, piece: Any, others: Sequence[str]) -> PieceAnswer:
        """What came back for a piece."""
        made = cls(answer)
        made.piece, made.others = piece, others
        if isinstance(piece, Together):
            made.piece = piece.parts
            if made not in others:
                made.piece = next((part for part in piece.parts if place(str(made), body(part))), None)
        made.confidence = getattr(answer, "confidence", None) or 0.0
        made.quoted = getattr(answer, "quoted", False)
        return made

    @property
    def number(self) -> float | None:
        """The amount or date it states, as that of a hit; None where it states none."""
        text = body(self.piece)
        return amount(self, lambda: decimal_mark(text) if isinstance(text, str) else "")

    @cached_property
    def source(self) -> Any:
        """The part of a document where a quoted answer stands; the whole piece, or pieces, for a text such as "yes".

        None for NONE, for what was not to be quoted or does not stand there, and where the piece has no place itself.
        """
        text = body(self.piece)
        if not self.quoted or is_nothing(self):
            return None
        if isinstance(text, list):
            return text
        if getattr(text, "span", None) is None:
            return None
        if self in self.others:
            return text
        found = place(str(self), text)
        return None if found is None else text[found[0] : found[1]]

    @property
    def span(self) -> Any:
        """Where `source` stands, so that an answer given to FINAL names its own source; None without one."""
        return getattr(self.source, "span", None)

    def __reduce__(self) -> tuple[Any, ...]:
        return str, (str(self),)  # a copy that leaves the session is plain text


def is_nothing(answer: str) -> bool:
    """Whether an answer says that its piece does not say it, or names none of the choices."""
    return is_none(answer) or answer.strip(" .\n") in (NOT_THERE, UNCLEAR) or answer.startswith(NO_ANSWER)


def ranked(answers: list[PieceAnswer]) -> list[PieceAnswer]:
    """The answers, in the order of their pieces, each with the rank of its piece where a search ranked it."""
    for rank, answer in enumerate(answers):
        answer.rank = rank if getattr(answer.piece, "score", 0.0) > 0 else 0
    return answers


def best(answers: Iterable[Any], least: float | None = None) -> Any:
    """Return the answer that the model was surest of, of those that are not NONE or UNCLEAR; the first of equals.

    Sure is the mean log-probability, less 0.1 for each place that a search ranked its piece lower. `least`: what is less
    sure does not count. Where none is left: "not in these documents".
    """
    found, surest = None, 0.0
    for answer in answers:
        if not isinstance(answer, str):
            raise TypeError(f"best takes answers of map_query, not {type(answer).__name__}")
        sure = getattr(answer, "confidence", 0.0) - PER_RANK * getattr(answer, "rank", 0)
        if is_nothing(answer) or (least is not None and sure < least):
            continue
        if found is None or sure > surest:
            found, surest = answer, sure
    return NOT_THERE if found is None else found


def number(value: Any) -> float | None:
    """Return the amount or date that a text or a hit states, for comparing and adding; None where it states none."""
    if isinstance(value, int | float):
        return float(value)
    if hasattr(value, "number"):  # a hit, or what a sub-call answered
        number: float | None = value.number
        return number
    return amount(str(value))


def are_pieces(value: Any) -> bool:
    """Whether these are pieces of documents, as hits and passages are, not the words to choose from."""
    if not isinstance(value, list | tuple):
        return False
    if not value:
        return type(value) not in (list, tuple)  # a search that found nothing
    return all(hasattr(one, "span") and not isinstance(one, PieceAnswer) for one in value)
