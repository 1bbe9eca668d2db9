"""What a reader of Markdown makes of a text: which markup it finds, and the text that is left."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

ACTIVE = ("html_inline", "html_block", "link_open", "image")


def tokens(text: str) -> Iterator[Token]:
    """All tokens of CommonMark with HTML switched on."""
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        yield token
        yield from token.children or ()


def active(text: str) -> list[str]:
    """Markup that could do more than look like text."""
    return [token.content or token.type for token in tokens(text) if token.type in ACTIVE]


def headings(text: str) -> list[str]:
    """The headings, as text."""
    found = list(tokens(text))
    return [
        "".join(child.content for child in after.children or ())
        for token, after in pairwise(found)
        if token.type == "heading_open"
    ]
