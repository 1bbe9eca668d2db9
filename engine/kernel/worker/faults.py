"""Errors of a cell as a model should read them: only the cell's own lines, one hint where one helps."""

from __future__ import annotations

import builtins
import difflib
import errno
import linecache
import traceback
from collections.abc import Mapping
from types import TracebackType
from typing import Any

CELL_PREFIX = "<cell "
MAX_FRAMES = 6
MAX_MESSAGE = 2_000
MAX_LINE = 200


def cell_name(number: int) -> str:
    """The file name that code of cell `number` is compiled under."""
    return f"{CELL_PREFIX}{number}>"


def report(error: BaseException, names: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nbformat fields ename, evalue and traceback (lines) of an error raised by a cell."""
    ename, evalue = type(error).__name__, message(error)
    lines = [] if isinstance(error, SyntaxError) else _frames(error.__traceback__)
    if isinstance(error, SyntaxError):
        lines = _syntax(error)
        evalue = error.msg or "invalid syntax"
    lines.append(f"{ename}: {evalue}" if evalue else ename)
    if isinstance(error, BaseExceptionGroup):
        lines += [f"  {type(inner).__name__}: {message(inner)}" for inner in error.exceptions[:MAX_FRAMES]]
    advice = hint(error, names)
    if advice:
        lines.append(f"Hint: {advice}")
    return {"ename": ename, "evalue": evalue, "traceback": lines}


def message(error: BaseException) -> str:
    """The text of an error, clipped; never raises, whatever its __str__ does."""
    try:
        text = str(error)
    except Exception:
        text = "(its message cannot be shown)"
    if not text and isinstance(error, MemoryError):
        text = "memory ran out"
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "..."


def _frames(trace: TracebackType | None) -> list[str]:
    found: list[str] = []
    for frame, number in traceback.walk_tb(trace):
        code = frame.f_code
        if code.co_filename.startswith(CELL_PREFIX):
            where = "" if code.co_name == "<module>" else f", in {code.co_name}"
            found.append(f"{code.co_filename[1:-1]}, line {number}{where}")
            source = linecache.getline(code.co_filename, number).strip()
            if source:
                found.append(f"    {source[:MAX_LINE]}")
    if len(found) > 2 * MAX_FRAMES:
        cut = len(found) // 2 - MAX_FRAMES
        found[MAX_FRAMES:-MAX_FRAMES] = [f"... {cut:,} more lines of this cell ..."]
    return found


def _syntax(error: SyntaxError) -> list[str]:
    where = error.filename or ""
    name = where[1:-1] if where.startswith(CELL_PREFIX) else where or "this cell"
    lines = [f"{name}, line {error.lineno}"]
    if error.text:
        text = error.text.rstrip("\n")
        lines.append(f"    {text.strip()[:MAX_LINE]}")
        column = (error.offset or 1) - 1 - (len(text) - len(text.lstrip()))
        if 0 <= column < MAX_LINE:
            lines.append("    " + " " * column + "^")
    return lines


def hint(error: BaseException, names: Mapping[str, Any]) -> str:
    """One sentence on what to do next, or "" when there is nothing to add."""
    code = error.errno if isinstance(error, OSError) else None
    if isinstance(error, NameError):
        return _closest(error.name, names)
    if isinstance(error, TypeError) and "expected string or bytes-like object" in str(error):
        return (
            "a Corpus is a sequence of documents, not one text: use context.grep(pattern), "
            "or for d in context: re.findall(pattern, d)."
        )
    if isinstance(error, AttributeError) and type(error.obj).__name__ == "Corpus":
        return (
            "a Corpus is a sequence of documents: context[i] is one document (a str), "
            "context.search(words) and context.grep(pattern) look through all of them."
        )
    if isinstance(error, ModuleNotFoundError):
        return "nothing can be installed here; the standard library, numpy and matplotlib are there."
    if isinstance(error, PermissionError | FileNotFoundError):
        return "files and programs of the computer are out of reach; the documents are in `context`."
    if isinstance(error, MemoryError) or code == errno.ENOMEM:
        return "memory ran out: `del` large variables, then work on one document or one piece at a time."
    if code in (errno.EDQUOT, errno.ENOSPC, errno.EFBIG):
        return "there is little room for files here: keep values in variables."
    return ""


def _closest(name: str | None, names: Mapping[str, Any]) -> str:
    if not name:
        return ""
    known = [k for k in names if not k.startswith("_")] + [k for k in vars(builtins) if not k.startswith("_")]
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(close)}?" if close else ""
