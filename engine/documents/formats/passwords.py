"""The passwords that locked files are tried with. They are in the memory of the parser process and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable

LOCKED = "protected by a password"  # in every reason why a locked file is not read

_known: tuple[str, ...] = ()


def know(passwords: Iterable[str]) -> None:
    """Try these from now on, besides the empty one."""
    global _known
    _known = tuple(dict.fromkeys(password for password in passwords if password))


def candidates() -> tuple[str, ...]:
    """What to try, in order; the first is empty."""
    return ("", *_known)


def why_locked(what: str = "it") -> str:
    """The reason why `what` is not read when none of them opens it."""
    return f"{what} is {LOCKED}" + (", and none that was given opens it" if _known else "")


def is_locked(reason: str) -> bool:
    """Whether a password is what a file lacks that was not read for this reason."""
    return LOCKED in reason
