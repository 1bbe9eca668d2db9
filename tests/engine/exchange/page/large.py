"""A run of any number of nodes, as a record: sub-calls and children with cells, some with hostile text."""

from __future__ import annotations

from engine.events import Event
from engine.events.record import RunRecord
from engine.exchange.export import read_record
from engine.exchange.incoming.facts import events_of
from engine.exchange.incoming.tree import Cell, Imported, Node, Turn
from engine.types import Message
from tests.engine.exchange.conftest import HOSTILE

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
CHILDREN = 9  # sub-calls of a child; with the child itself one group


def large(nodes: int) -> RunRecord:
    """A record of so many nodes (one more than a multiple of ten): each group is a child with nine sub-calls."""
    groups = [_child(number) for number in range((nodes - 1) // (CHILDREN + 1))]
    root = Node(
        "root",
        f"What do {nodes:,} nodes say? {HOSTILE}",
        "Corpus of 3 documents",
        status="answered",
        answer="much",
    )
    picture = {
        "output_type": "display_data",
        "data": {"image/png": PIXEL, "text/plain": "<Figure>"},
        "metadata": {},
    }
    text = {"output_type": "stream", "name": "stdout", "text": f"many {HOSTILE}\n"}
    root.turns = [
        Turn(
            (Message("system", "Answer."), Message("user", "Go.")),
            "I go.",
            cells=[Cell("go()", [picture, text], asked=groups)],
        )
    ]
    made = events_of(Imported("test", root, "none", 1.0), "file", "0", 1)
    return read_record(Event("large", seq, ts, node, fact) for seq, (ts, node, fact) in enumerate(made, 1))


def _child(number: int) -> Node:
    asked = []
    for part in range(CHILDREN):
        prompt = f"Piece {part} of {number}: {HOSTILE if part == 3 else 'plain words'}. Is it there?"
        asked.append(Node("llm", prompt, status="answered", answer=f"answer {number}.{part}"))
        asked[-1].turns = [
            Turn((Message("system", "Read."), Message("user", prompt)), f"answer {number}.{part}")
        ]
    child = Node(
        "rlm",
        f"Child {number}",
        "Document 1 'a.txt', 5 characters",
        status="answered",
        answer=f"done {number}",
    )
    child.turns = [Turn((), f"I do {number}.", cells=[Cell(f"do({number})", asked=asked)])]
    return child
