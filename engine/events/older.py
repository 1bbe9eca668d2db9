"""Payloads that older versions wrote, made into those of today. Pure.

`STEPS` holds for each class the steps from version 1 to 2, from 2 to 3 and so on. Versions that are not marked in the
payload are told by what is missing, so their steps only add what is not there.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.events import kinds
from engine.events.schema import VERSION_KEY, Fact, Misfit, Payload, schema_of

Step = Callable[[Payload], Payload]


def _sessions(payload: Payload) -> Payload:
    """Before sessions, no run followed another."""
    return {"session": None, "follows": None, **payload}


def _as_it_is(payload: Payload) -> Payload:
    """What the newer version added has a default, which says that it is not known."""
    return payload


def _forced(payload: Payload) -> Payload:
    """Whether an answer was asked for at a limit, and the passages in place of one, were not recorded."""
    return {"forced": None, "passages": None, **payload}


def _agreement(payload: Payload) -> Payload:
    """Whether an answer agrees with its sources was not looked at."""
    return {"agreement": None, **payload}


def _whole_draft(payload: Payload) -> Payload:
    """A draft held all of its reply so far."""
    return {"at": 0, **payload}


def _unsure(payload: Payload) -> Payload:
    """How sure a model was of a reply was not measured."""
    return {"confidence": None, **payload}


def _unquoted(payload: Payload) -> Payload:
    """No prompt had a part that was to be quoted."""
    return {"quotes": None, **payload}


def _unsure_answers(payload: Payload) -> Payload:
    """How sure a model was of the answers was not measured."""
    return {"confidences": [None for _ in payload.get("answers") or ()], **payload}


STEPS: dict[type[Fact], tuple[Step, ...]] = {
    kinds.RunStarted: (_sessions, _as_it_is, _as_it_is),
    kinds.NodeStarted: (_as_it_is,),
    kinds.RunEnded: (_forced, _agreement),
    kinds.DraftSaved: (_whole_draft,),
    kinds.ReplyWritten: (_unsure,),
    kinds.CallMade: (_unquoted,),
    kinds.CellEnded: (_as_it_is, _as_it_is),
    kinds.CallAnswered: (_unsure_answers, _as_it_is),
}


def renew(cls: type[Fact], payload: Payload) -> Payload:
    """The payload as the present version of its class would hold it. Raises Misfit for a version not known here,
    and where a step cannot take the payload.
    """
    written = payload.get(VERSION_KEY)
    if written is None:
        written = cls.UNMARKED if schema_of(cls).required <= payload.keys() else 1
    elif type(written) is not int or not cls.UNMARKED < written <= cls.VERSION:
        raise Misfit(f"it is of the version {written!r}, and this Taproot knows up to {cls.VERSION}")
    for step in STEPS.get(cls, ())[written - 1 :]:
        try:
            payload = step(payload)
        except Exception as problem:  # whatever one event holds, the others are read
            raise Misfit(f"it does not hold what its version does ({type(problem).__name__})") from problem
    return payload
