"""The kinds of facts, each a frozen class. Field names are the keys of the stored payload.

Numbers of turns, cells and calls count from 1: turns and cells within their node, calls within their cell. A node's id
is its place in the tree: "0" is the root, "0.2" its second child. Seconds are wall time. Objects (`dict`) are kept as
they were written, because tables hold copies of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from engine.events.schema import Fact
from engine.types import Json, Message, Usage

NodeKind = Literal["root", "rlm", "llm"]
NodeStatus = Literal["answered", "failed", "stopped"]
RunStatus = Literal["answered", "unanswered", "interrupted", "failed"]
CallKind = Literal["llm", "rlm"]
Level = Literal["info", "warning", "stop", "limit"]  # of a note
Object = dict[str, Json]
Place = tuple[int, int, int]  # [document, start, end) in characters
VOID = (
    "void"  # the status of a cell that was under way when its run was cut off, and ran anew as the next one
)


@dataclass(frozen=True, slots=True)
class RunStarted(Fact):
    """A question was asked: the first event of every run.

    `model` and `settings` as in `engine.types`, `owner` as in `engine.store.owner` (the store fills it in). `session`
    is None for a run that follows none; its session then has its own id.

    What is needed to execute its cells again: `earlier`, the questions and answers that the root was told of, `part`, the
    reference of its data where that is not all of the corpus, `seal`, the hash of the documents' text
    (`engine.documents.seal`). `forked` is {"run", "node", "cell"}, the place where it branched off, with "first",
    the number of that cell here where it is another (void ones before it were left behind), and "questions"
    [[cell, question]] where the question became another one at a cell. `carried` are the earlier runs, oldest first, whose
    root cells were executed again before the first cell of this root, which found their variables. `notes`: what was noted
    of the documents before (`engine.corpus.noted.notes.freeze`). None: there is none, or an older version did not say.
    """

    KIND: ClassVar[str] = "run_started"
    VERSION: ClassVar[int] = 4
    UNMARKED: ClassVar[int] = 2

    question: str
    corpus: str
    corpus_name: str
    model: Object
    settings: Object
    strategy: str
    session: str | None
    follows: str | None
    owner: Object | None
    earlier: tuple[tuple[str, str], ...] | None = None
    part: Any = None
    seal: str | None = None
    forked: Object | None = None
    carried: tuple[str, ...] | None = None
    notes: str | None = None


@dataclass(frozen=True, slots=True)
class RunEnded(Fact):
    """How a run ended: its last event, unless it was resumed later. See `engine.engine.Answer` for the fields.

    `coverage` and `usage` are None when the program ended before the run did; `forced`, `passages` and `agreement` are
    None when an older version did not know.
    """

    KIND: ClassVar[str] = "run_finished"
    VERSION: ClassVar[int] = 3
    UNMARKED: ClassVar[int] = 3

    status: RunStatus
    answer: str | None
    sources: tuple[Object, ...]
    coverage: Any
    usage: Object | None
    seconds: float
    nodes: int
    reason: str
    forced: bool | None
    passages: tuple[Object, ...] | None
    agreement: Object | None


@dataclass(frozen=True, slots=True)
class RunResumed(Fact):
    """A run that had ended without an answer goes on; its limits count anew from here.

    `nodes` are those that go on: the root, and what was under way below it. Each of them is open again, and the cell that it
    was in is void: it runs anew as the next cell, and is given the answers that are recorded. `model`, `settings` and
    `owner` as in `RunStarted`.
    """

    KIND: ClassVar[str] = "run_resumed"

    model: Object
    settings: Object
    nodes: tuple[str, ...]
    owner: Object | None


@dataclass(frozen=True, slots=True)
class NodeStarted(Fact):
    """A node of the tree began: the root, a child with cells of its own ("rlm"), or a one-shot sub-call ("llm").

    `context` is one line about its data. `index` is its place in the call that asked for it; the root has none.
    `piece_chars`: the size to which its cells cut texts; None for a leaf, and where an older version did not say.
    """

    KIND: ClassVar[str] = "node_started"
    VERSION: ClassVar[int] = 2

    parent: str | None
    kind: NodeKind
    question: str
    context: str
    depth: int
    cell: int | None
    call: int | None
    index: int | None
    piece_chars: int | None = None


@dataclass(frozen=True, slots=True)
class NodeEnded(Fact):
    """How a node ended, and what its own replies cost. `reason` explains an end without an answer, or at a limit."""

    KIND: ClassVar[str] = "node_finished"

    status: NodeStatus
    answer: str | None
    usage: Usage
    seconds: float
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class TurnStarted(Fact):
    """A reply was asked for. `messages` are those that the log has not recorded yet."""

    KIND: ClassVar[str] = "turn_started"

    turn: int
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class DraftSaved(Fact):
    """More of a reply that is still being written: `text` stands `at` this number of characters."""

    KIND: ClassVar[str] = "draft"
    VERSION: ClassVar[int] = 2
    UNMARKED: ClassVar[int] = 2

    turn: int
    at: int
    text: str

    def onto(self, before: str) -> str:
        """The text of the draft so far, of which `before` was there."""
        return before[: self.at] + self.text


@dataclass(frozen=True, slots=True)
class ReplyWritten(Fact):
    """A whole reply with what was understood of it. `finish` and `confidence` as in `engine.llm.base.Reply`."""

    KIND: ClassVar[str] = "turn_finished"
    VERSION: ClassVar[int] = 2
    UNMARKED: ClassVar[int] = 2

    turn: int
    text: str
    thinking: str
    code: str
    finish: str
    confidence: float | None
    usage: Usage
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CellStarted(Fact):
    """A cell is about to run."""

    KIND: ClassVar[str] = "cell_started"

    cell: int
    turn: int
    code: str


@dataclass(frozen=True, slots=True)
class OutputWritten(Fact):
    """A cell wrote something: `output` is in Jupyter's format."""

    KIND: ClassVar[str] = "output"

    cell: int
    output: Object


@dataclass(frozen=True, slots=True)
class CellEnded(Fact):
    """How a cell ended, see `engine.kernel.cell.CellResult`. `flaw`: why its final answer was not taken.

    `changes`: what it did to the variables, see `engine.kernel.toolbox.variables`; None: an older version did not look.
    `readings`: what it read of clocks and chance; None: nothing, or an older version did not look.
    """

    KIND: ClassVar[str] = "cell_finished"
    VERSION: ClassVar[int] = 3

    cell: int
    status: str
    seconds: float
    final: Object | None
    variables: tuple[tuple[str, str], ...]
    dropped_chars: int
    flaw: str | None = None
    changes: Object | None = None
    readings: Object | None = None


@dataclass(frozen=True, slots=True)
class CallMade(Fact):
    """A cell called `llm_query` or `rlm_query`, one or more prompts at once; `children` are the nodes that answer.

    `hashes` are those of the prompts (sha256). `spans` are pieces of documents that a cell says stand in each prompt,
    `quotes` the part [start, end) of each that may be quoted, `refs` what each child works on.
    """

    KIND: ClassVar[str] = "call_started"
    VERSION: ClassVar[int] = 2
    UNMARKED: ClassVar[int] = 2

    cell: int
    call: int
    kind: CallKind
    prompts: tuple[str, ...]
    hashes: tuple[str, ...]
    children: tuple[str, ...]
    spans: tuple[tuple[Place, ...], ...] | None
    refs: tuple[Any, ...] | None
    quotes: tuple[tuple[int, int], ...] | None


@dataclass(frozen=True, slots=True)
class CallAnswered(Fact):
    """What a call came to: its answers, those so far where an `error` ended it. The cell sees them after this.

    `quoted`: the answers were to stand in their prompts; None: an older version did not say.
    """

    KIND: ClassVar[str] = "call_finished"
    VERSION: ClassVar[int] = 3
    UNMARKED: ClassVar[int] = 2

    cell: int
    call: int
    answers: tuple[str, ...]
    confidences: tuple[float | None, ...]
    seconds: float
    error: str | None
    quoted: bool | None = None


@dataclass(frozen=True, slots=True)
class Note(Fact):
    """One sentence that explains what the engine did. `seconds` is the new time limit in a note about one."""

    KIND: ClassVar[str] = "note"

    text: str
    level: Level
    seconds: float | None = None


KINDS: dict[str, type[Fact]] = {
    cls.KIND: cls
    for cls in (
        RunStarted,
        RunEnded,
        RunResumed,
        NodeStarted,
        NodeEnded,
        TurnStarted,
        DraftSaved,
        ReplyWritten,
        CellStarted,
        OutputWritten,
        CellEnded,
        CallMade,
        CallAnswered,
        Note,
    )
}
