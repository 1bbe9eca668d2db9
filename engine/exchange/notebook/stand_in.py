"""What stands in for google-re2 inside a notebook: it compiles nothing, so every pattern stays with Python's `re`."""

from __future__ import annotations


class error(Exception):
    """No pattern can be compiled here."""


class Options:
    """Takes any option, and none has an effect."""

    max_mem = 0
    log_errors = False


def compile(pattern: str, options: Options) -> None:
    """Always raises `error`: whoever asks takes `re`, which is exact and slower."""
    raise error("there is no RE2 in a notebook")


def BytesToCharLen(raw: memoryview, start: int, end: int) -> int:
    """How many characters the UTF-8 bytes [start, end) hold."""
    return len(str(raw[start:end], "utf-8"))


def CharLenToBytes(raw: memoryview, start: int, chars: int) -> int:
    """How many bytes the next `chars` characters from byte `start` on take."""
    return len(str(raw[start:], "utf-8")[:chars].encode())
