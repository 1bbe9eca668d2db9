"""Answers of sub-calls from the record: by number of the call in its cell, and only for the very same prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NoReturn

from engine.errors import CallRefused, TaprootError
from engine.events.record import CallRecord, CellRecord
from engine.kernel.cell import Answered, Call
from engine.replay.places import ReplayError
from engine.types import Json


class CutHere(TaprootError):
    """The recorded cell was stopped while it waited for this call; so is the one that is executed again."""


class RecordedAnswers:
    """Answers the calls of one cell. `small`: the model was one of less than a billion parameters.

    `missing` says what was asked that the record does not hold. The calls may come in another order where threads
    make them: each recorded call is used once.
    """

    def __init__(self, node: str, cell: CellRecord, *, small: bool):
        self._node = node
        self._cell = cell
        self._small = small
        self._left = dict(cell.calls)
        self.missing = ""

    def __call__(self, call: Call) -> Sequence[str]:
        """The recorded answers. Raises CallRefused where the record has that, CutHere, ReplayError."""
        found = self.take(call)
        if found.answered is None:
            self._miss(call, "has no answer in the record")
        if found.answered.error is not None:
            if self._cell.ended is None or self._cell.ended.status == "interrupted":
                raise CutHere("the recorded cell was stopped here")
            raise CallRefused(found.answered.error)
        return answers_of(found, call.arguments, small=self._small)

    def take(self, call: Call) -> CallRecord:
        """The recorded call that asked the same. Raises ReplayError when there is none."""
        hashes = tuple(map(prompt_hash, call.arguments["prompts" if call.name == "llm" else "questions"]))
        wanted = (call.name, hashes)
        for number in (call.number, *self._left):
            found = self._left.get(number)
            if found is not None and (found.made.kind, found.made.hashes) == wanted:
                return self._left.pop(number)
        recorded = self._cell.calls.get(call.number)
        if recorded is None:
            self._miss(call, "is not in the record")
        self._miss(call, "asks something else than the recorded one")

    def rest(self) -> list[int]:
        """The numbers of the recorded calls that were not made."""
        return [*self._left]

    def _miss(self, call: Call, why: str) -> NoReturn:
        self.missing = (
            self.missing or f"call {call.number} of cell {self._cell.number} of node {self._node} {why}"
        )
        raise ReplayError(self.missing)


def answers_of(call: CallRecord, asked: dict[str, Json], *, small: bool) -> list[Answered]:
    """The recorded answers with what a cell is told of each: how sure the model was, and whether it was to quote."""
    assert call.answered is not None
    quoted = call.answered.quoted
    if quoted is None:  # an older version did not say; it follows from what was asked
        plain = asked.get("choices") is None and asked.get("schema") is None
        quoted = asked.get("quotes") is not None and bool(asked.get("asked") or (small and plain))
    pairs = zip(call.answered.answers, call.answered.confidences, strict=True)
    return [Answered(text, confidence, quoted=quoted) for text, confidence in pairs]


def prompt_hash(text: str) -> str:
    """The hash of a prompt as the log holds it (sha256, hex)."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
