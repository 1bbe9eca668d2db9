"""What a message says: the better one of its forms, and how it is laid out with its headers."""

from __future__ import annotations

import re

from engine.documents.formats.html import read_html

LINK = re.compile(r"<?\b(?:https?://|mailto:|www\.)[^\s<>]*>?", re.I)
WORD = re.compile(r"\w+")
DIFFERS = 0.2  # share of the letters of the form that was not taken that the other lacks: it is said


def text_of_html(markup: str) -> tuple[str, list[str]]:
    """The text of a web page in a mail, and notices, which count where this form is taken."""
    text, told = read_html(markup) if markup.strip() else ("", [])
    return text.strip(), told


def better(plain: str, page: str) -> tuple[str, str]:
    """The form that loses less of the other, the plain one where both lose the same; and what to tell, or "".

    Links and the ways of setting a text do not count: only words, each once.
    """
    if not plain.strip() or not page.strip():
        return (plain if plain.strip() else page), ""
    plain_words, page_words = _words(plain), _words(page)
    lost, lost_by_page = _letters(page_words - plain_words), _letters(plain_words - page_words)
    chosen, missing, other = (
        (page, lost_by_page, plain_words) if lost > lost_by_page else (plain, lost, page_words)
    )
    said = ""
    if missing > DIFFERS * _letters(other) and missing > 20:
        kind = "text" if chosen is plain else "HTML"
        said = f"its text and its HTML say different things; the {kind} was read"
    return chosen, said


def _words(text: str) -> set[str]:
    return set(WORD.findall(LINK.sub(" ", text.casefold()).replace("\u00ad", "")))


def _letters(words: set[str]) -> int:
    return sum(map(len, words))


def laid_out(headers: list[tuple[str, str]], body: str, attachments: list[str]) -> str:
    """One message as text: headers, an empty line, the body, the names of what is attached."""
    lines = [f"{name}: {value}" for name, value in headers if value]
    text = "\n".join(lines) + "\n"
    if body.strip():
        text += "\n" + body.strip("\r\n").rstrip() + "\n"
    if attachments:
        text += "\n" + "\n".join(f"Attachment: {name}" for name in attachments) + "\n"
    return text


def unflowed(text: str, delete_space: bool) -> str:
    """Lines of a text that is `format=flowed` (RFC 3676) as paragraphs: a space at the end joins the next line."""
    lines: list[str] = []
    depth, open_line = 0, False
    for line in text.replace("\r\n", "\n").split("\n"):
        quotes = len(line) - len(line.lstrip(">"))
        rest = line[quotes:].removeprefix(" ")
        if open_line and quotes == depth and rest != "-- ":
            lines[-1] += rest
        else:
            lines.append((">" * quotes + " " if quotes else "") + rest)
        depth = quotes
        open_line = rest.endswith(" ") and rest != "-- "
        if open_line and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(line if line == "-- " else line.rstrip() for line in lines)
