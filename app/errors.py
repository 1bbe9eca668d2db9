"""Refusals of the app with their HTTP status; all others of `engine.errors` are 400. What the system refuses, in words."""

from __future__ import annotations

import errno

from engine.errors import InputError, LockedError, StoreError, TaprootError


class NotFound(InputError):
    """There is nothing with this id."""


class Conflict(TaprootError):
    """It cannot be done now: something is at work, or the name is taken."""


class Busy(Conflict):
    """As many are at work already as may be; later there may be room."""


class TooLarge(InputError):
    """An upload is over the limit."""


class NoSpace(StoreError):
    """The disk is full."""


STATUS: dict[type[Exception], int] = {
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    LockedError: 423,
    NoSpace: 507,
}


EXPECTED = (TaprootError, OSError)  # what is said as a sentence and is no mistake of ours


def words_of(error: BaseException) -> str:
    """What an expected error says to a person."""
    if isinstance(error, OSError):
        return f"The system refused: {error.strerror or type(error).__name__}."
    return str(error)


def status_of(error: BaseException) -> int:
    """The HTTP status of an error."""
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return status
    full = any(isinstance(e, OSError) and e.errno == errno.ENOSPC for e in (error, error.__cause__))
    return 507 if full else 400 if isinstance(error, TaprootError) else 500
