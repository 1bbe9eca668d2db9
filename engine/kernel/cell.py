"""What goes in and out of a cell, as plain values: limits, calls, results."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from engine.types import Json


@dataclass(frozen=True, slots=True)
class WorkerLimits:
    """What one worker may use. Bytes, characters and seconds of processor time.

    `data_bytes` is memory of its own; `address_bytes` counts shared mappings too and gets the corpus added;
    `scratch_bytes` is the sum of its files, `file_bytes` the largest one. `output_chars` is the text of one
    cell that is kept (half of it from the start, half from the end). `piece_chars` is the size `chunks` and
    `map_query` cut to when none is given: what fits a sub-call.
    """

    data_bytes: int = 1 << 30
    address_bytes: int = 3 << 30
    file_bytes: int = 32 << 20
    scratch_bytes: int = 200 << 20
    open_files: int = 128
    cpu_seconds: int = 3600
    output_chars: int = 65_536
    piece_chars: int = 8_000


class Answered(str):
    """The answer of a sub-call. `confidence` as in `engine.llm.base.Reply`; `quoted`: it was to stand in its prompt."""

    __slots__ = ("confidence", "quoted")
    confidence: float | None
    quoted: bool

    def __new__(cls, text: str, confidence: float | None = None, *, quoted: bool = False) -> Answered:
        self = super().__new__(cls, text)
        self.confidence, self.quoted = confidence, quoted
        return self


@dataclass(frozen=True, slots=True)
class Call:
    """A sub-call a cell waits for. `number` counts from 1 in the cell; `name` is "llm" or "rlm".

    llm: {prompts: [str], choices: [str]|None, schema: dict|None, spans: [[[document, start, end]]], batched: bool}
    and, where replies are to stand in their prompts, quotes: [[start, end]] (what of each prompt may be quoted) and
    asked: bool (False: only of a model that is too small to retype well)
    rlm: {questions: [str], contexts: [context reference|None]}
    The answer is one string for each prompt or question, an `Answered` where more is known of it.
    """

    number: int
    name: Literal["llm", "rlm"]
    arguments: dict[str, Json]


@dataclass(frozen=True, slots=True)
class CellResult:
    """How a cell ended.

    `status` is ok, error, timeout, interrupted or died; after "died" the variables are lost. `seconds` is wall
    time without the calls. `final` is {"content", "sources": [[document, start, end]], "quotes": [str], "via"} or None,
    with "parts" [[str]] where the value was a list or a mapping: its items, each one text or several that belong together.
    `variables` are [name, summary] pairs; `changes` is what the cell did to them (`engine.kernel.toolbox.variables`), None
    where it died or did not come to an end; `error` is {"ename", "evalue"} or None. `spans` are the pieces of
    documents the cell says it printed (claims of an untrusted process), `searched` the ranges [first, last)
    of document numbers that cells searched so far, None for all. `dropped_chars` counts output that
    was not kept. `restarted` says that this cell ran in a fresh session because the one before it ended.
    `notes` are sentences about this session that the model should be told. `readings` is what the cell read of clocks and
    chance, for one that is executed again (`engine/kernel/worker/clock.py`, `chance.py`); None where it read nothing.
    """

    status: str
    seconds: float
    final: dict[str, Json] | None = None
    variables: list[list[str]] = field(default_factory=list)
    error: dict[str, str] | None = None
    spans: list[list[int]] = field(default_factory=list)
    searched: list[list[int]] | None = field(default_factory=list)
    dropped_chars: int = 0
    restarted: bool = False
    notes: tuple[str, ...] = ()
    changes: dict[str, Json] | None = None
    readings: dict[str, Json] | None = None
