"""The whole comparison of two runs: what each came to and cost, where they part first, and how their trees match."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engine.compare import alignment
from engine.compare.answers import same_answer
from engine.compare.texts import came_to, cell_of, code_of, end_of, output_of, prompt_of, reply_of
from engine.events import Event
from engine.events.record import CallRecord, NodeRecord, RunRecord, TurnRecord, record_of
from engine.types import Json

What = Literal[
    "question", "documents", "model", "settings", "way", "prompt", "reply", "cell", "calls", "sub-call prompt",
    "sub-call answer", "output", "end of the cell", "turn", "answer", "status",
]  # fmt: skip
MODEL = ("name", "fingerprint", "n_ctx", "cache_type", "adapters")  # what may move an answer
# What is left of the limits is told to the model; it is never the same, and begins anew in a run that was resumed.
LEFT = re.compile(r"[\d,]+(?= sub-calls| seconds)|(?<=\(turn )\d+(?= of \d+ done)")
ADDRESS = re.compile(r"\b0x[0-9a-f]{6,}\b")  # of an object in memory


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in one run, and what stands there; None for what a run does not have."""

    node: str
    turn: int | None
    cell: int | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """Something in which two runs differ; the first one in the order of work is where they part."""

    what: What
    left: Place
    right: Place


@dataclass(frozen=True, slots=True)
class Step:
    """Two turns that belong together, and in what they differ; None where a run has no such turn."""

    left: int | None
    right: int | None
    differs: tuple[What, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """Two nodes that belong together with their turns; None where a run has no such node."""

    left: str | None
    right: str | None
    kind: str
    depth: int
    question: str
    differs: tuple[What, ...]
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Side:
    """What one run was and came to. `calls` and `tokens` are those of the model, `read` and `written` make up `tokens`."""

    run: str
    question: str
    corpus: str
    corpus_name: str
    model: str
    depth: int | None
    seed: int | None
    strategy: str
    status: str
    forced: bool
    answer: str | None
    reason: str
    sources: tuple[Json, ...]
    coverage: Json
    agreement: str
    calls: int
    read: int
    written: int
    tokens: int
    seconds: float
    nodes: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`first`: where the runs part, None when they do not. `sources`: those of both, and those that only one names."""

    left: Side
    right: Side
    same_answer: bool
    first: Part | None
    differs: tuple[What, ...]
    sources: dict[str, list[Json]]
    nodes: tuple[Row, ...]

    def to_json(self) -> Json:
        """The object that `compare --json` prints."""
        return asdict(self)


def compare(left: Sequence[Event], right: Sequence[Event]) -> Comparison:
    """Compare the events of two runs. Raises ValueError when one has no beginning that can be read."""
    mine, theirs = record_of(left), record_of(right)
    parts = [*_beginnings(mine, theirs)]
    rows: list[Row] = []
    if "0" in mine.nodes and "0" in theirs.nodes:
        parts += _walk(mine, theirs, mine.nodes["0"], theirs.nodes["0"], rows)
    sides = side_of(mine), side_of(theirs)
    return Comparison(
        left=sides[0],
        right=sides[1],
        same_answer=same_answer(sides[0].answer, sides[1].answer),
        first=parts[0] if parts else None,
        differs=tuple(dict.fromkeys(part.what for part in parts)),
        sources=shared_sources(sides[0].sources, sides[1].sources),
        nodes=tuple(rows),
    )


def shared_sources(left: Sequence[Json], right: Sequence[Json]) -> dict[str, list[Json]]:
    """The sources that two answers share, and those that only the one on the `left` or the `right` names.

    Two sources are the same where they overlap in a document of the same name.
    """

    def overlap(one: Json, other: Json) -> bool:
        if one["name"] != other["name"] or "missing" in (one["status"], other["status"]):
            return False
        return bool(one["start"] < other["end"] and other["start"] < one["end"])

    return {
        "both": [one for one in left if any(overlap(one, other) for other in right)],
        "left": [one for one in left if not any(overlap(one, other) for other in right)],
        "right": [one for one in right if not any(overlap(one, other) for other in left)],
    }


# --- where they part --------------------------------------------------------------------------------------


def _beginnings(mine: RunRecord, theirs: RunRecord) -> Iterator[Part]:
    one, other = mine.started, theirs.started

    def part(what: What, left: Any, right: Any) -> Iterator[Part]:
        if left != right:
            yield Part(what, Place("0", None, None, _words(left)), Place("0", None, None, _words(right)))

    yield from part("question", one.question, other.question)
    yield from part("documents", one.corpus, other.corpus)
    yield from part(
        "model",
        {name: one.model.get(name) for name in MODEL if one.model.get(name) != other.model.get(name)},
        {name: other.model.get(name) for name in MODEL if one.model.get(name) != other.model.get(name)},
    )
    keys = [*dict.fromkeys([*one.settings, *other.settings])]
    keys = [key for key in keys if one.settings.get(key) != other.settings.get(key)]
    yield from part(
        "settings",
        {key: one.settings.get(key) for key in keys},
        {key: other.settings.get(key) for key in keys},
    )
    yield from part("way", one.strategy, other.strategy)


def _walk(
    mine: RunRecord, theirs: RunRecord, left: NodeRecord, right: NodeRecord, rows: list[Row]
) -> list[Part]:
    """In what two nodes and all below them differ, in the order of work; adds a row for each pair of nodes."""
    at = len(rows)
    parts: list[Part] = []
    steps: list[Step] = []
    for one, other in alignment.turns(left, right):
        before = [*_before(left, right, one, other)]
        parts += before
        own = [part.what for part in before]
        for call, same_call in alignment.calls(one, other):
            asked = [*_asked(left, right, one, other, call, same_call)]
            parts += asked
            for child, same_child in alignment.children(mine, theirs, call, same_call):
                if child and same_child:
                    below = _walk(mine, theirs, child, same_child, rows)
                    parts += below if child.started.kind == "rlm" else []  # of a leaf its answer tells all
                else:
                    rows += _alone(mine if child else theirs, child, same_child)
            answered = [*_answered(left, right, one, other, call, same_call)]
            parts += answered
            own += [part.what for part in asked + answered]
        after = [*_after(left, right, one, other)]
        parts += after
        own += [part.what for part in after]
        steps.append(
            Step(one.number if one else None, other.number if other else None, tuple(dict.fromkeys(own)))
        )
    ends: list[Part] = []
    if not same_answer(left.answer, right.answer):
        ends.append(_part("answer", left, right, None, None, left.answer, right.answer))
    statuses = [node.ended.status if node.ended else "running" for node in (left, right)]
    if statuses[0] != statuses[1]:
        ends.append(_part("status", left, right, None, None, *statuses))
    parts += ends
    differs = tuple(
        dict.fromkeys([what for step in steps for what in step.differs] + [end.what for end in ends])
    )
    begun = left.started
    rows.insert(at, Row(left.id, right.id, begun.kind, begun.depth, begun.question, differs, tuple(steps)))
    return parts


def _alone(record: RunRecord, left: NodeRecord | None, right: NodeRecord | None) -> list[Row]:
    """Rows for a node that only one run has, and for all below it."""
    node = left or right
    assert node is not None
    below = [one for name, one in record.nodes.items() if name == node.id or name.startswith(f"{node.id}.")]
    return [
        Row(one.id if left else None, one.id if right else None, one.started.kind, one.started.depth, one.started.question, ("turn",), ())
        for one in below
    ]  # fmt: skip


def _before(
    left: NodeRecord, right: NodeRecord, one: TurnRecord | None, other: TurnRecord | None
) -> Iterator[Part]:
    """In what two turns differ up to their calls."""
    if one is None or other is None:
        replies = [reply_of(turn) if turn else None for turn in (one, other)]
        yield _part("turn", left, right, one, other, *replies)
        return
    told, also_told = prompt_of(one), prompt_of(other)
    if _timeless(told) != _timeless(also_told):
        yield _part("prompt", left, right, one, other, told, also_told)
    if reply_of(one) != reply_of(other):
        yield _part("reply", left, right, one, other, reply_of(one), reply_of(other))
    if code_of(one).strip() != code_of(other).strip():
        yield _part("cell", left, right, one, other, code_of(one), code_of(other))


def _asked(
    left: NodeRecord,
    right: NodeRecord,
    one: TurnRecord | None,
    other: TurnRecord | None,
    call: CallRecord | None,
    same: CallRecord | None,
) -> Iterator[Part]:
    """In what the questions of two calls differ."""
    if call is None or same is None:
        mine = "\n".join(call.made.prompts) if call else None
        theirs = "\n".join(same.made.prompts) if same else None
        yield _part("calls", left, right, one, other, mine, theirs)
    elif call.made.prompts != same.made.prompts or call.made.kind != same.made.kind:
        yield _part(
            "sub-call prompt", left, right, one, other, *_unequal(call.made.prompts, same.made.prompts)
        )


def _answered(
    left: NodeRecord,
    right: NodeRecord,
    one: TurnRecord | None,
    other: TurnRecord | None,
    call: CallRecord | None,
    same: CallRecord | None,
) -> Iterator[Part]:
    """In what the answers to two calls differ."""
    if call and same and came_to(call) != came_to(same):
        texts = [answers + ((error,) if error else ()) for answers, error in map(came_to, (call, same))]
        yield _part("sub-call answer", left, right, one, other, *_unequal(*texts))


def _after(
    left: NodeRecord, right: NodeRecord, one: TurnRecord | None, other: TurnRecord | None
) -> Iterator[Part]:
    if one is None or other is None:
        return
    mine, theirs = output_of(one), output_of(other)
    if ADDRESS.sub("0x", mine) != ADDRESS.sub("0x", theirs):
        yield _part("output", left, right, one, other, mine, theirs)
    if end_of(one) != end_of(other):
        yield _part("end of the cell", left, right, one, other, end_of(one), end_of(other))


def _unequal(mine: Sequence[str], theirs: Sequence[str]) -> tuple[str | None, str | None]:
    """The first texts of two rows that are not the same."""
    for at in range(max(len(mine), len(theirs))):
        left = mine[at] if at < len(mine) else None
        right = theirs[at] if at < len(theirs) else None
        if left != right:
            return left, right
    return None, None


def _part(
    what: What,
    left: NodeRecord,
    right: NodeRecord,
    one: TurnRecord | None,
    other: TurnRecord | None,
    mine: str | None,
    theirs: str | None,
) -> Part:
    return Part(
        what,
        Place(left.id, one.number if one else None, cell_of(one) if one else None, mine),
        Place(right.id, other.number if other else None, cell_of(other) if other else None, theirs),
    )


def _timeless(prompt: str) -> str:
    return ADDRESS.sub("0x", LEFT.sub("", prompt))


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(one)}" for name, one in value.items())
    return str(value)


# --- what each came to ------------------------------------------------------------------------------------


def side_of(found: RunRecord) -> Side:
    """What a run was and came to."""
    started, ended = found.started, found.ended
    usage = (ended.usage if ended else None) or {}
    read, written = int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0))
    return Side(
        run=found.id,
        question=started.question,
        corpus=started.corpus,
        corpus_name=started.corpus_name,
        model=str(started.model.get("name", "")),
        depth=started.settings.get("depth"),
        seed=started.settings.get("seed"),
        strategy=started.strategy,
        status=ended.status if ended else "running",
        forced=bool(ended and ended.forced),
        answer=ended.answer if ended else None,
        reason=ended.reason if ended else "",
        sources=ended.sources if ended else (),
        coverage=ended.coverage if ended else None,
        agreement=str((ended.agreement or {}).get("status", "")) if ended else "",
        calls=int(usage.get("calls", 0)),
        read=read,
        written=written,
        tokens=read + written,
        seconds=ended.seconds if ended else 0.0,
        nodes=len(found.nodes),
    )
