"""What a run and its nodes know. State only; a node at work is a `session`, its loop is in `loop`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from engine import prompt
from engine.answer.flaws import flaw, says_nothing
from engine.errors import Cancelled
from engine.events import Event, Fact, NodeStarted, Note
from engine.events.kinds import Level, NodeKind
from engine.run.budget import Ledger
from engine.run.deadline import Deadline
from engine.stop import Stop
from engine.types import Json, ModelInfo, Sampling, Settings, Usage, to_json

if TYPE_CHECKING:
    from engine.answer.evidence import Evidence
    from engine.corpus import Corpus
    from engine.kernel.host.host import KernelHost
    from engine.llm.base import Model


REPLY_TOKENS = 4096  # the longest reply, where none is set
CELL_TOKENS = 2560  # the longest cell of 87 recorded replies of real models has 7,366 characters
SMALL_CELL_TOKENS = 768  # of a model that writes no long cells that run
LEAST_REPLY = 256  # tokens, however little time is left
REPLY_SHARE = 0.5  # of the seconds left that one reply may take
STOPPED = "it was stopped before it had one; go on without it"  # completes "(no answer: ...)"


@dataclass(frozen=True, slots=True)
class Hooks:
    """Whom a run tells what happens: `token` gets the live text (node, delta), `event` committed facts.

    Drafts and outputs are committed in groups a little later and are read from the store instead. Hooks must
    not raise: an error of theirs ends the run as failed.
    """

    event: Callable[[Event], None] = lambda event: None
    token: Callable[[str, str], None] = lambda node, text: None


@dataclass
class Run:
    """What all nodes of one run share."""

    id: str
    model: Model
    kernels: KernelHost
    corpus: Corpus
    corpus_path: Path
    settings: Settings
    ledger: Ledger
    evidence: Evidence
    append: Callable[[str, Fact], Event]
    stop: Stop = field(default_factory=Stop)
    hooks: Hooks = field(default_factory=Hooks)
    sampling: Sampling = field(default_factory=Sampling)
    deadline: Deadline = field(init=False)
    nodes: int = 0
    stops: dict[str, Stop] = field(default_factory=dict)
    over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.deadline = Deadline(self.ledger)

    def record(self, node: str, fact: Fact) -> Event:
        """Commit one event, then tell whoever watches. The order matters: commit before show.

        Raises Cancelled once the run is over: what was left behind at its end adds nothing to it.
        """
        if self.over:
            raise Cancelled("the run is over")
        return self.commit(node, fact)

    def commit(self, node: str, fact: Fact) -> Event:
        """Commit one event whether or not the run is over."""
        event = self.append(node, fact)
        if event.seq:
            self.hooks.event(event)
        return event

    def note(self, node: str, text: str, level: Level = "info") -> None:
        """Record one sentence that explains what the engine did."""
        self.record(node, Note(text, level))

    def allow(self, seconds: float) -> bool:
        """Change the time limit, in seconds since the run began, and record it. False when the run is over."""
        with self.lock:
            if self.over:
                return False
            self.ledger.allow(seconds)
            self.record("0", Note(f"the time limit is now {seconds:g} seconds", "limit", seconds))
        return True

    def can_stop(self, id: str, stop: Stop | None) -> None:
        """A child or leaf has begun and may be stopped alone; with None it has ended."""
        with self.lock:
            if stop is None:
                self.stops.pop(id, None)
            else:
                self.stops[id] = stop

    def stop_node(self, id: str) -> bool:
        """Stop the subtree of one node, and record that it was asked for. False when it is not at work.

        Its parent is told so in place of an answer and goes on. The root is the whole run.
        """
        with self.lock:
            stop = self.stop if id == "0" else self.stops.get(id)
            if stop is None or self.over:
                return False
            if not stop.event.is_set():  # before the request, so that nothing of the run comes after its end
                self.note(id, "stopped by the user", "stop")
        stop.request()
        return True

    def end(self) -> None:
        """Nothing is recorded after this but the end itself."""
        with self.lock:
            self.over = True

    def flaw_of(self, node: Node, answer: str) -> str:
        """Why the answer of a node is none (see `engine.answer.flaws`), or "". A child may say NONE of its data."""
        if node.depth and says_nothing(answer):
            return ""
        return flaw(answer, node.question, node.variables, self.evidence.holds, node.told)

    def count_node(self) -> None:
        """Count one more node of the tree (root, child or leaf)."""
        with self.lock:
            self.nodes += 1

    @property
    def recorded_settings(self) -> dict[str, Json]:
        """The settings as the log holds them, with what came of them for this model."""
        came_of = {"sampling": to_json(self.sampling), "reply_tokens": self.turn_tokens}
        return {**to_json(self.settings), **came_of, "reply_tokens_set": self.settings.reply_tokens}

    @property
    def reply_tokens(self) -> int:
        """The longest reply in tokens: as set (4,096 if not), at most a quarter of the window."""
        return min(self.settings.reply_tokens or REPLY_TOKENS, self.model.info.n_ctx // 4)

    @property
    def turn_tokens(self) -> int:
        """The longest reply of a turn in tokens: as set; if not, 2,560 for a model that does not think, 768 for one of
        less than a billion parameters.
        """
        info = self.model.info
        if self.settings.reply_tokens is not None or info.thinks:
            return self.reply_tokens
        small = prompt.is_small(info)
        return min(self.reply_tokens, SMALL_CELL_TOKENS if small else CELL_TOKENS)

    def affordable(self, most: int) -> int:
        """At most this many tokens for a reply, and no more than can be written in half of the seconds left.

        As fast as replies of this run were, else as was measured when the model was loaded.
        """
        rate = self.ledger.usage.decode_rate or self.model.info.write_rate
        seconds = self.ledger.remaining().seconds * REPLY_SHARE
        return max(1, min(most, max(LEAST_REPLY, int(seconds * rate)))) if rate else most

    @property
    def sub_chars(self) -> int:
        """Characters of text that fit one sub-call beside its question, with a tenth to spare."""
        return sub_chars_of(self.model.info, self.reply_tokens)


def sub_chars_of(info: ModelInfo, reply_tokens: int) -> int:
    """`Run.sub_chars` of a model whose longest reply has this many tokens."""
    return int((info.n_ctx - reply_tokens - 128) * info.chars_per_token * 0.9)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a node ended: `answer` is None when there is none; `reason` says which limit ended it, if one did.

    `forced`: the answer was asked for at that limit. `sources` are spans [document, start, end) it rests on, `quotes` texts it says stand in the documents.
    `cell` is the number of the cell that gave it, None where it was text; `parts` are its items (see `engine.answer.agreement`).
    """

    answer: str | None
    sources: tuple[tuple[int, int, int], ...] = ()
    reason: str = ""
    quotes: tuple[str, ...] = ()
    forced: bool = False
    cell: int | None = None
    parts: tuple[tuple[str, ...], ...] = ()


@dataclass
class Node:
    """One conversation with its own kernel. `ref` names its data; `depth` is its level, 0 for the root.

    `described` is one line about the data; `listing` names its first documents, `preview` is its head, `previewed` the place
    of the whole lines of it. `stop`
    ends this node with all below it. `earlier` is what a follow-up follows, for the root alone. `told` are the engine's
    own sentences in the conversation; `codes` are the cells that were run. `piece_chars` is the size to which they cut texts.
    `variables_before` (name, summary) are there from the run before, `lost_before` are not any more.
    """

    id: str
    question: str
    ref: Json
    described: str
    stop: Stop
    depth: int = 0
    preview: str = ""
    previewed: tuple[tuple[int, int, int], ...] = ()
    listing: tuple[str, ...] = ()
    earlier: tuple[prompt.Exchange, ...] = ()
    children: int = 0
    codes: list[str] = field(default_factory=list)
    variables: tuple[str, ...] = ()
    told: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=Usage)
    piece_chars: int = 0
    variables_before: tuple[tuple[str, str], ...] = ()
    lost_before: tuple[str, ...] = ()
    noted: int = 0  # documents of its data that have notes

    def child_id(self) -> str:
        """The next child's id: this node's, a dot, and the child's number from 1."""
        self.children += 1
        return f"{self.id}.{self.children}"


def facts(run: Run, node: Node) -> prompt.Facts:
    """The true numbers a prompt may state at this moment."""
    left = run.ledger.remaining()
    return prompt.Facts(
        question=node.question,
        context=node.described,
        strength=prompt.strength(run.model.info),
        n_ctx=run.model.info.n_ctx,
        sub_chars=run.sub_chars,
        calls=left.calls,
        seconds=int(left.seconds),
        turns=run.settings.max_turns,
        depth=max(0, run.settings.depth - node.depth),
        listing=node.listing,
        preview=node.preview,
        earlier=node.earlier,
        variables=node.variables_before,
        lost=node.lost_before,
        noted=node.noted,
    )


def start_node(
    run: Run,
    parent: Node,
    id: str,
    kind: NodeKind,
    question: str,
    described: str,
    cell: int,
    call: int,
    index: int,
    piece_chars: int | None = None,
) -> None:
    """Count and record a new child or leaf: `index` is its place in call number `call` of cell `cell`."""
    run.count_node()
    depth = parent.depth + 1
    run.record(id, NodeStarted(parent.id, kind, question, described, depth, cell, call, index, piece_chars))
