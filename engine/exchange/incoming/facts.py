"""An imported run as events, each with its time and node: as Taproot would have written them. Pure."""

from __future__ import annotations

import hashlib

from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    Fact,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunStarted,
    TurnStarted,
)
from engine.exchange.incoming.tree import Cell, Imported, Node, Turn
from engine.types import Json, ModelInfo, Settings, Usage, to_json

STRATEGY = "imported"  # of a run that Taproot did not make
SETTING = "imported"  # in its settings: {"program", "file", "sha256", "number"}
MARK = "Imported from a log of {program} ({file}). Taproot did not observe this run and cannot verify it."

Dated = tuple[float, str, Fact]  # Unix seconds, node, fact


def events_of(run: Imported, file: str, sha256: str, number: int) -> list[Dated]:
    """The events of a run. `file` and `sha256` say where it came from, `number` which run of it, from 1."""
    story = _Story(run.began)
    origin: Json = {"program": run.program, "file": file, "sha256": sha256, "number": number}
    settings = to_json(Settings(depth=run.depth, max_turns=run.max_turns)) | {SETTING: origin}
    model = to_json(ModelInfo(name=run.model, path="", fingerprint="", n_ctx=0))
    root = run.root
    story.add(
        "0",
        RunStarted(root.question, "", f"(log of {run.program})", model, settings, STRATEGY, None, None, None),
    )
    story.add("0", NodeStarted(None, "root", root.question, root.context, 0, None, None, None))
    story.add("0", Note(MARK.format(program=run.program, file=file), "warning"))
    for notice in run.notices:
        story.add("0", Note(notice, "info"))
    story.turns("0", root, 0)
    story.end("0", root)
    nodes = [*root.all()]
    usage = sum((node.usage for node in nodes), Usage())
    story.add(
        "0",
        RunEnded(
            status="answered" if root.answer is not None else "unanswered",
            answer=root.answer,
            sources=(),
            coverage=None,
            usage=to_json(usage),
            seconds=round(max(root.seconds, story.now - run.began), 3),
            nodes=len(nodes),
            reason=root.reason,
            forced=None,
            passages=None,
            agreement=None,
        ),
    )
    return story.events


class _Story:
    """Events in order; time never goes back."""

    def __init__(self, began: float):
        self.now = began
        self.events: list[Dated] = []

    def add(self, node: str, fact: Fact, at: float = 0.0) -> None:
        self.now = max(self.now, at)
        self.events.append((self.now, node, fact))

    def turns(self, id: str, node: Node, depth: int) -> None:
        """The turns of a node; its children are numbered through all of them."""
        children = cells = 0
        for number, turn in enumerate(node.turns, 1):
            self.add(id, TurnStarted(number, turn.messages), turn.began)
            self._reply(id, number, turn)
            for cell in turn.cells:
                cells += 1
                ids = [f"{id}.{children + n}" for n in range(1, len(cell.asked) + 1)]
                children += len(ids)
                self._cell(id, cells, number, cell, ids, depth)
            self.now = max(self.now, turn.ended)

    def _reply(self, id: str, number: int, turn: Turn) -> None:
        code = "\n\n".join(cell.code for cell in turn.cells)
        self.add(id, ReplyWritten(number, turn.text, turn.thinking, code, "stop", None, turn.usage, ()))

    def _cell(self, id: str, number: int, turn: int, cell: Cell, ids: list[str], depth: int) -> None:
        self.add(id, CellStarted(number, turn, cell.code))
        for call, (child_id, child) in enumerate(zip(ids, cell.asked, strict=True), 1):
            self._call(id, number, call, child_id, child, depth)
        for output in cell.outputs:
            self.add(id, OutputWritten(number, output))
        final: Json = None
        if cell.final is not None:
            final = {"content": cell.final, "sources": [], "quotes": [], "via": "answer"}
        status = "error" if cell.failed else "ok"
        self.add(id, CellEnded(number, status, cell.seconds, final, cell.variables, 0))

    def _call(self, id: str, cell: int, call: int, child_id: str, child: Node, depth: int) -> None:
        kind = "llm" if child.kind == "llm" else "rlm"
        digest = hashlib.sha256(child.question.encode("utf-8", "surrogatepass")).hexdigest()
        made = CallMade(cell, call, kind, (child.question,), (digest,), (child_id,), None, None, None)  # type: ignore[arg-type]
        self.add(id, made)
        self.add(
            child_id, NodeStarted(id, child.kind, child.question, child.context, depth + 1, cell, call, 0)
        )
        self.turns(child_id, child, depth + 1)
        self.end(child_id, child)
        answers = () if child.answer is None else (child.answer,)
        error = child.reason or None if child.answer is None else None
        self.add(id, CallAnswered(cell, call, answers, (None,) * len(answers), child.seconds, error))

    def end(self, id: str, node: Node) -> None:
        self.add(id, NodeEnded(node.status, node.answer, node.usage, node.seconds, node.reason or None))
