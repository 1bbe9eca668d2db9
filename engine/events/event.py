"""A fact with its place in the log of a run, and what is made of one that cannot be read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.events.kinds import KINDS
from engine.events.older import renew
from engine.events.schema import Fact, Misfit, Payload
from engine.types import Json


@dataclass(frozen=True, slots=True)
class Unreadable(Fact):
    """A stored fact of an unknown kind, or one whose payload does not fit its kind. Never written."""

    kind: str
    stored: Payload
    problem: str

    @property
    def sentence(self) -> str:
        """What to tell a person in its place."""
        return f"An event of the kind {self.kind!r} cannot be read: {self.problem}."

    def to_payload(self) -> Payload:
        """The payload as it is stored."""
        return self.stored


@dataclass(frozen=True, slots=True)
class Event:
    """One committed fact of a run. `seq` counts from 1 without gaps within the run; `ts` is Unix seconds."""

    run: str
    seq: int
    ts: float
    node: str
    fact: Fact

    @property
    def kind(self) -> str:
        """The kind's name in the log."""
        return self.fact.kind if isinstance(self.fact, Unreadable) else self.fact.KIND

    @property
    def payload(self) -> Payload:
        """The fact as JSON, for export; code matches on the class of the fact."""
        return self.fact.to_payload()

    def to_json(self) -> Json:
        """The event as one JSON object: run, seq, ts, node, kind, payload."""
        return {
            "run": self.run,
            "seq": self.seq,
            "ts": self.ts,
            "node": self.node,
            "kind": self.kind,
            "payload": self.payload,
        }


def read(kind: str, payload: Json) -> Fact:
    """The fact that a stored kind and payload (with its large values in place) say, of whatever version."""
    cls = KINDS.get(kind)
    if cls is None:
        return Unreadable(kind, payload, "this Taproot does not know the kind")
    if not isinstance(payload, dict):
        return Unreadable(kind, {}, "its payload is no object")
    try:
        return cls.from_payload(renew(cls, payload))
    except Misfit as problem:
        return Unreadable(kind, payload, str(problem))
