"""Colours for Python code by Pygments: pieces of the code, all of it, each with the kind of its colour. Pure."""

from __future__ import annotations

from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, ClassVar

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String

from engine.reply.source import SCAFFOLD

LIMIT = 60_000  # characters; what is longer is shown without colours from there on
REMEMBERED = 256  # codes of up to SHORT characters: a node that grows is fetched again and again
SHORT = 10_000

Piece = str | tuple[str, str]

_TOOLS = SCAFFOLD | {"question", "best"}
_KINDS = (
    (Comment, "comment"),
    (String, "string"),
    (Number, "number"),
    (Name.Decorator, "decorator"),
    (Name.Function, "defined"),
    (Name.Class, "defined"),
    (Keyword, "keyword"),
    (Operator.Word, "keyword"),
    (Name.Builtin, "builtin"),
    (Name.Exception, "builtin"),
)
_NOT_DEFINED = (Name.Function.Magic, Name.Builtin.Pseudo)
_BEGINS_A_LINE = r"^(\s*)"  # looks over all empty lines that follow, from each of them anew


class _Lexer(PythonLexer):
    """Without the rules that tell a docstring, which has the colour of any string: on many empty lines they take minutes."""

    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            rule
            for rule in PythonLexer.tokens["root"]
            if isinstance(rule, str) or not str(rule[0]).startswith(_BEGINS_A_LINE)
        ]
    }


_LEXER = _Lexer()


def pieces(code: str) -> list[Piece]:
    """The code in pieces: ("keyword", "def") for coloured ones, plain text for the others. Joined they are the code.

    Kinds are comment, string, number, keyword, builtin, tool (what Taproot offers in a cell), defined, decorator.
    """
    return _remembered(code) if len(code) <= SHORT else _made(code)


def _made(code: str) -> list[Piece]:
    tokens = ((_kind(token, text), text) for _, token, text in _LEXER.get_tokens_unprocessed(code[:LIMIT]))
    made: list[Piece] = []
    for kind, group in groupby(tokens, key=itemgetter(0)):
        text = "".join(text for _, text in group)
        made.append((kind, text) if kind else text)
    return [*made, code[LIMIT:]] if len(code) > LIMIT else made


_remembered = lru_cache(maxsize=REMEMBERED)(_made)


def _kind(token: Any, text: str) -> str | None:
    if token in Name and text in _TOOLS:
        return "tool"
    if token in _NOT_DEFINED:
        return None
    return next((kind for parent, kind in _KINDS if token in parent), None)
