"""Find final answers in the prose of a reply: FINAL(...), FINAL_VAR(...), SUBMIT(...), "FINAL: ...", final fences."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from itertools import islice
from typing import NamedTuple

from engine.reply.source import tree_of

_LEAD = r"^[ \t]*(?:\*\*|__|`{1,2})?"
_CALL = re.compile(
    _LEAD + r"(?P<name>FINAL_VAR|FINAL_ANSWER|FINAL|SUBMIT|final_answer)[ \t]*\(", re.MULTILINE
)
_STATEMENT = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+)?(?:\*\*|__)?(?:FINAL|FINAL[ _]ANSWER|Final [Aa]nswer)(?:\*\*|__)?[ \t]*:[ \t]*(?P<rest>[^\n]*)$",
    re.MULTILINE,
)
_TAIL = re.compile(r"(?:\*\*|__|`{1,2}|[.;])*[ \t]*\r?(?=\n(?![ \t]*[a-z])|\Z)")
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_PYTHON = re.compile(r"\"\"\"|'''|[\"'#()\n]")
_STRINGS = {
    q: re.compile(rf"\\[\s\S]|{q}" + (r"|\n" if len(q) == 1 else "")) for q in ('"', "'", '"""', "'''")
}
_PARENS = re.compile(r"[()]")
_PAIRS = ('""', "''", "“”", "‘’", "``", "„“")
_SENTENCE_NODES = (
    ast.Expr,
    ast.Name,
    ast.Load,
    ast.BoolOp,
    ast.And,
    ast.Or,
    ast.UnaryOp,
    ast.Not,
    ast.Compare,
    ast.In,
    ast.NotIn,
    ast.Is,
    ast.IsNot,
)
_MAX_TRIES = 8


class Found(NamedTuple):
    """A final in the text at [start, end).

    `kind` "literal": `value` is the answer; "name": the name of a variable; "code": a call that must be run to
    know the answer; "rejected": `value` says why it does not count.
    """

    kind: str
    value: str
    start: int
    end: int


def find_finals(prose: str) -> list[Found]:
    """Return the finals of `prose` (blocks and thinking blanked out) in the order they stand there."""
    found: list[Found] = []
    at, tries = 0, 0
    while tries < _MAX_TRIES and (mark := _CALL.search(prose, at)):
        tries += 1
        final = _read_call(prose, mark)
        found.append(final)
        at = max(final.end, mark.end())
    for mark in islice(_STATEMENT.finditer(prose), _MAX_TRIES):
        if not any(f.start <= mark.start() < f.end for f in found if f.kind != "rejected"):
            found += _read_statement(prose, mark)
    return sorted(found, key=lambda final: final.start)


def read_fence(body: str, start: int, end: int) -> Found:
    """Read the body of a fence labelled `final`: an answer, or the name of a variable where it can be no word."""
    value = body.strip()
    kind = "name" if value.isidentifier() and ("_" in value or value == "answer") else "literal"
    return Found(kind, value, start, end)


def _read_call(prose: str, mark: re.Match[str]) -> Found:
    name, opened = mark["name"], mark.end()
    closed = _closing(prose, opened, strings=True)
    call: ast.Call | None = None
    if closed is not None:
        call = _parse(prose[opened:closed])
    if call is None:
        closed = _closing(prose, opened, strings=False)
    if closed is None:
        text = prose.rstrip("*_`.; \t\r\n")
        if not text.endswith(")") or len(text) <= opened or _BLANK_LINE.search(prose, opened, len(text)):
            return Found(
                "rejected",
                f"{name}( was never closed, so it was not taken as an answer.",
                mark.start(),
                opened,
            )
        closed = len(text) - 1
    tail = _TAIL.match(prose, closed + 1)
    if tail is None:
        reason = f"{name}(...) inside a sentence was read as prose; a final answer stands alone on its line."
        return Found("rejected", reason, mark.start(), closed + 1)
    kind, value = _judge(name, prose[opened:closed].strip(), call)
    if kind == "code":
        value = f"{'FINAL' if name == 'FINAL_VAR' else name}({value})"
    return Found(kind, value, mark.start(), tail.end())


def _judge(name: str, inner: str, call: ast.Call | None) -> tuple[str, str]:
    empty = ("rejected", f"{name}() holds no answer: put the answer or the name of a variable in it.")
    if not inner:
        return empty
    if call is None:
        raw = _unquoted(inner)
        return ("literal", raw) if raw else empty
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    if len(values) == 1 and not call.keywords and isinstance(values[0], ast.Name):
        return "name", values[0].id
    try:
        plain = [ast.literal_eval(value) for value in values]
    except (ValueError, TypeError, OverflowError, SyntaxError, MemoryError, RecursionError):
        return ("literal", inner) if _sentence(values) else ("code", inner)
    if any(keyword.arg is None for keyword in call.keywords):
        return "code", inner
    if len(plain) == 1:
        text = _text(plain[0])
    elif call.keywords and not call.args:
        text = "\n".join(
            f"{keyword.arg}: {_text(value)}" for keyword, value in zip(call.keywords, plain, strict=True)
        )
    else:
        text = ", ".join(map(_text, plain))
    if not text.strip():
        return empty
    if name == "FINAL_VAR" and text.strip().isidentifier():
        return "name", text.strip()
    return "literal", text


def _parse(inner: str) -> ast.Call | None:
    tree = tree_of(f"f({inner})")
    if tree is None or len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        return None
    call = tree.body[0].value
    return call if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) else None


def _sentence(values: Iterable[ast.expr]) -> bool:
    """Tell whether words joined by `and`, `or`, `not`, `in`, `is` only happen to be Python."""
    return all(isinstance(value, ast.BoolOp | ast.UnaryOp | ast.Compare) for value in values) and all(
        isinstance(node, _SENTENCE_NODES) for value in values for node in ast.walk(value)
    )


def _text(value: object) -> str:
    """Write a value as FINAL does in a cell: text as it is, a list with commas, a dict in lines; "" for None."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {_text(item)}" for key, item in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(map(_text, value))
    return str(value)


def _unquoted(text: str) -> str:
    text = text.strip()
    for count in (3, 2, 1):
        for pair in _PAIRS:
            head, tail = pair[0] * count, pair[1] * count
            if len(text) >= 2 * count and text.startswith(head) and text.endswith(tail):
                return text[count:-count].strip()
    return text


def _closing(text: str, start: int, *, strings: bool) -> int | None:
    """Return where the parenthesis opened before `start` closes, minding Python's strings or not."""
    depth, at = 1, start
    pattern = _PYTHON if strings else _PARENS
    while mark := pattern.search(text, at):
        at = mark.end()
        if mark[0] == "(":
            depth += 1
        elif mark[0] == ")":
            depth -= 1
            if depth == 0:
                return mark.start()
        elif mark[0] == "#":
            line_end = text.find("\n", at)
            at = line_end if line_end >= 0 else len(text)
        elif mark[0] in _STRINGS:
            ended = _string_end(text, at, mark[0])
            if ended is None:
                return None
            at = ended
    return None


def _string_end(text: str, at: int, quote: str) -> int | None:
    while mark := _STRINGS[quote].search(text, at):
        at = mark.end()
        if mark[0] == quote:
            return at
        if mark[0] == "\n":
            return None
    return None


def _read_statement(prose: str, mark: re.Match[str]) -> list[Found]:
    rest = mark["rest"]
    paragraph = _BLANK_LINE.search(prose, mark.end()) if _bare(rest) else None
    end = paragraph.start() if paragraph else len(prose)
    value = _unquoted(_bare(prose[mark.start("rest") : end]))
    if not value or _CALL.match(value):
        return []
    return [Found("literal", value, mark.start(), end)]


def _bare(text: str) -> str:
    """Strip white space and the markdown emphasis that surrounds a statement."""
    text = text.strip()
    for sign in ("**", "__"):
        if text.count(sign) == 1:
            text = text.replace(sign, "").strip()
        elif text.startswith(sign) and text.endswith(sign) and len(text) > 4 and text.count(sign) == 2:
            text = text[2:-2].strip()
    return text
