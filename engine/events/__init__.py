"""Typed events: one frozen class for each kind of fact that a run's log holds, and how stored ones are read.

schema.py  what a class of facts is: JSON and back, by its field types
kinds.py   the classes, and the registry by kind
older.py   what is done to payloads that an older version wrote
event.py   a fact with its place in the log; what cannot be read
record.py  the events of a run as a tree of nodes, turns, cells and calls

Writers construct a class; readers `match event.fact`. Kind names and payload keys are those of the stored log.
"""

from engine.events.event import Event, Unreadable, read
from engine.events.kinds import (
    KINDS,
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
)
from engine.events.schema import Fact, Misfit

__all__ = [
    "KINDS",
    "CallAnswered",
    "CallMade",
    "CellEnded",
    "CellStarted",
    "DraftSaved",
    "Event",
    "Fact",
    "Misfit",
    "NodeEnded",
    "NodeStarted",
    "Note",
    "OutputWritten",
    "ReplyWritten",
    "RunEnded",
    "RunResumed",
    "RunStarted",
    "TurnStarted",
    "Unreadable",
    "read",
]
