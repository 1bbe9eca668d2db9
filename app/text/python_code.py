"""Colours for Python code by Pygments: pieces of the code, all of it, each with the kind of its colour. Pure."""

from __future__ import annotations

from functools import lru_cache

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Number, Operator, String, _TokenType

from engine.reply.source import SCAFFOLD

LIMIT = 60_000  # characters; what is longer is shown without colours from there on
REMEMBERED = 512  # codes: a node that grows is fetched again and again

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
_LEXER = PythonLexer()


@lru_cache(maxsize=REMEMBERED)
def pieces(code: str) -> list[Piece]:
    """The code in pieces: ("keyword", "def") for coloured ones, plain text for the others. Joined they are the code.

    Kinds are comment, string, number, keyword, builtin, tool (what Taproot offers in a cell), defined, decorator.
    """
    made: list[Piece] = []
    before: str | None = None
    for _, token, text in _LEXER.get_tokens_unprocessed(code[:LIMIT]):
        kind = _kind(token, text)
        if made and kind == before:
            last = made[-1]
            made[-1] = last + text if isinstance(last, str) else (last[0], last[1] + text)
        else:
            made.append((kind, text) if kind else text)
        before = kind
    return [*made, code[LIMIT:]] if len(code) > LIMIT else made


def _kind(token: _TokenType, text: str) -> str | None:
    if token in Name and text in _TOOLS:
        return "tool"
    if token in _NOT_DEFINED:
        return None
    return next((kind for parent, kind in _KINDS if token in parent), None)
