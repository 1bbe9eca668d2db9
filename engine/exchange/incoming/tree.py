"""A run of another engine as plain values, whatever its log looks like, and what can be counted in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.events.kinds import NodeKind, NodeStatus
from engine.types import Json, Message, Usage


@dataclass
class Cell:
    """One piece of code that ran. `asked` are the nodes that answered its sub-calls; `final` the answer it gave."""

    code: str
    outputs: list[Json] = field(default_factory=list)
    failed: bool = False
    seconds: float = 0.0
    final: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    asked: list[Node] = field(default_factory=list)


@dataclass
class Turn:
    """One reply. `messages` are those that came new with it; `began` and `ended` are Unix seconds."""

    messages: tuple[Message, ...] = ()
    text: str = ""
    thinking: str = ""
    usage: Usage = field(default_factory=Usage)
    began: float = 0.0
    ended: float = 0.0
    cells: list[Cell] = field(default_factory=list)


@dataclass
class Node:
    """One node. `answer` is None where the log holds none, for the `reason`."""

    kind: NodeKind
    question: str
    context: str = ""
    turns: list[Turn] = field(default_factory=list)
    status: NodeStatus = "failed"
    answer: str | None = None
    reason: str = ""
    seconds: float = 0.0
    usage: Usage = field(default_factory=Usage)

    def all(self) -> Iterator[Node]:
        """This node and all below it, in the order in which they were asked."""
        yield self
        for turn in self.turns:
            for cell in turn.cells:
                for child in cell.asked:
                    yield from child.all()


@dataclass
class Imported:
    """One run of a log. `began` is Unix seconds; `program` names what wrote it, `notices` what it lacks."""

    program: str
    root: Node
    model: str
    began: float
    depth: int = 1
    max_turns: int = 0
    notices: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        """How many nodes, cells, sub-calls and nodes with an answer it has."""
        nodes = [*self.root.all()]
        cells = [cell for node in nodes for turn in node.turns for cell in turn.cells]
        return {
            "nodes": len(nodes),
            "cells": len(cells),
            "calls": sum(len(cell.asked) for cell in cells),
            "answers": sum(node.answer is not None for node in nodes),
        }
