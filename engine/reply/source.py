"""Judge and tidy text that may be Python: does it compile, is it meant as a cell, which slips can be mended."""

from __future__ import annotations

import ast
import builtins
import re
import threading
from collections.abc import Callable
from functools import lru_cache

REMEMBERED = 256  # texts: a reply is read again with every mark that comes
LABEL_WORDS = frozenset({"repl", "python", "py", "python3", "ipython"})

_TRIES = 20  # of making one tree
_making = threading.RLock()  # while a tree is made
_FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
_NAMES = """
    context answer llm_query llm_query_batched rlm_query rlm_query_batched map_query chunks peek cite
    FINAL FINAL_VAR SUBMIT SHOW_VARS
"""
SCAFFOLD = frozenset(_NAMES.split())
_KNOWN_CALLS = SCAFFOLD | frozenset(dir(builtins))
_STATEMENTS = (
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.AsyncFor,
    ast.While,
    ast.With,
    ast.AsyncWith,
    ast.Try,
    ast.Await,
)
_ACTION = re.compile(r"[(:]|\b(?:import|await|context|answer)\b")
_MAGIC_LINE = re.compile(r"^([ \t]*)(?:[%!][^\n]*|[^\n#'\"]*\?{1,2}[ \t]*)$", re.MULTILINE)
_TYPOGRAPHIC = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "‚": "'",
        "\u00a0": " ",
        "\u200b": None,
        "\ufeff": None,
    }
)


def tree_of(code: str) -> ast.Module | None:
    """Return the syntax tree of a cell, or None where it is not Python. Top-level `await` is allowed.

    May be called from any thread. Before 3.11.8 Python counts the depth of all trees that are being made together, so that
    two at once end with a SystemError (github.com/python/cpython/issues/106905): ours are made one at a time, and one that
    another package disturbs is made again.
    """
    with _making:
        for _ in range(_TRIES):
            try:
                tree = compile(code, "<cell>", "exec", _FLAGS, dont_inherit=True)
            except SystemError:
                continue
            except (SyntaxError, ValueError, MemoryError, RecursionError, OverflowError):
                return None
            assert isinstance(tree, ast.Module)
            return tree
    return None


def compiles(code: str) -> bool:
    """Tell whether the kernel could compile `code`; IPython lines (`%magic`, `!command`, `name?`) count as fine."""
    if tree_of(code) is not None:
        return True
    if code.lstrip().startswith("%%"):
        return True
    plain = _MAGIC_LINE.sub(r"\1pass", code)
    return plain != code and tree_of(plain) is not None


def may_act(text: str, start: int = 0, stop: int | None = None) -> bool:
    """Tell cheaply whether text[start:stop] holds a sign without which nothing is `meant_as_code`."""
    return _ACTION.search(text, start, len(text) if stop is None else stop) is not None


@lru_cache(REMEMBERED)
def meant_as_code(text: str) -> bool:
    """Tell whether unlabelled text is a cell and not a word, number or sentence that happens to be Python.

    It must compile, and import, loop, define, await, call something known, or read `context` or `answer`.
    """
    if not may_act(text):
        return False
    tree = tree_of(tidy(text)[0])
    return tree is not None and any(map(_acts, ast.walk(tree)))


def uses_scaffold(code: str) -> bool:
    """Tell whether code uses a name that only cells have, so that it is no listing quoted from a document."""
    tree = tree_of(code)
    return tree is not None and any(
        isinstance(node, ast.Name) and node.id in SCAFFOLD for node in ast.walk(tree)
    )


def _acts(node: ast.AST) -> bool:
    if isinstance(node, _STATEMENTS):
        return True
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) or (
            isinstance(node.func, ast.Name) and node.func.id in _KNOWN_CALLS
        )
    return isinstance(node, ast.Name) and node.id in ("context", "answer") and isinstance(node.ctx, ast.Load)


@lru_cache(REMEMBERED)
def tidy(raw: str) -> tuple[str, tuple[str, ...]]:
    """Return the cell without blank lines around it, mended where that alone makes it compile, and notes.

    Line ends become "\\n" and a language word alone on the first line goes. Indentation of the whole cell and
    typographic quotes are only touched in code that does not compile as it stands.
    """
    notes: list[str] = []
    code = _trim(raw.replace("\r\n", "\n").replace("\r", "\n"))
    first, _, rest = code.partition("\n")
    if rest.strip() and first.strip().lower() in LABEL_WORDS:
        notes.append(f"The word `{first.strip()}` above the code was taken as a language label.")
        code = _trim(rest)
    if compiles(code):
        return code, tuple(notes)
    for mend, note in _MENDS:
        mended = mend(code)
        if mended != code and compiles(mended):
            return mended, (*notes, note)
    return code, tuple(notes)


def _trim(code: str) -> str:
    lines = code.rstrip().split("\n")
    start = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    return "\n".join(lines[start:])


def _dedent(code: str) -> str:
    indent = code[: len(code) - len(code.lstrip(" \t"))]
    return "\n".join(line.removeprefix(indent) for line in code.split("\n"))


def _plain_quotes(code: str) -> str:
    return code.translate(_TYPOGRAPHIC)


def _plain_quotes_dedented(code: str) -> str:
    return _dedent(_plain_quotes(code))


_QUOTES_NOTE = (
    "Typographic quotes in the code were replaced by plain ones, because it did not compile with them."
)
_MENDS: tuple[tuple[Callable[[str], str], str], ...] = (
    (_dedent, "The indentation in front of the whole cell was removed."),
    (_plain_quotes, _QUOTES_NOTE),
    (_plain_quotes_dedented, _QUOTES_NOTE),
)
