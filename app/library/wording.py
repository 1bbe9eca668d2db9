"""What a person writes to the library and reads of it: paths, names of cards, the sentence when a job is done. Pure."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.text.words import line
from engine.documents.discover import CONTROL, readable
from engine.documents.ingest import CorpusInfo
from engine.errors import InputError
from engine.types import Json

LONGEST_NAME = 200
MOST_PATHS = 100
MOST_PASSWORDS = 64
CHANGES = {"added": "added", "changed": "changed", "moved": "moved", "removed": "gone", "same": "as before"}
HEAD = 160  # characters of a question on a card


def paths(texts: list[str]) -> list[str]:
    """The paths that a person typed or pasted: quotes and file:// taken off, empty ones left out."""
    found = []
    for text in texts:
        path = text.strip()
        if len(path) > 1 and path[0] == path[-1] and path[0] in "\"'":
            path = path[1:-1]
        if path.lower().startswith("file://"):
            path = unquote(urlsplit(path).path)
        if "\0" in path:
            raise InputError("This path holds a character that no path has. Copy it again.")
        if path:
            found.append(path)
    if not found:
        raise InputError("No path was given. Write the path of a folder, as in /home/me/papers.")
    if len(found) > MOST_PATHS:
        raise InputError(f"At most {MOST_PATHS} paths can be added at once. Add the folder that holds them.")
    return found


def passwords(texts: list[str]) -> list[str]:
    """The passwords that a person typed, as they are, without empty ones. Raises InputError when none is left."""
    found = [*dict.fromkeys(text for text in texts if text)]
    if not found:
        raise InputError("No password was given. Type the one that opens these files.")
    if any(text != text.encode("utf-8", "replace").decode() for text in found):
        raise InputError("A password holds a character that is none. Type it again.")
    if len(found) > MOST_PASSWORDS:
        raise InputError(f"At most {MOST_PASSWORDS} passwords can be tried at once.")
    return found


def title(roots: list[Path]) -> str:
    """The name of a card of folders that nobody named."""
    first = readable(roots[0].name or str(roots[0]))[:LONGEST_NAME]
    return first if len(roots) == 1 else f"{first} and {len(roots) - 1} more"


def name(text: str) -> str:
    """A name for a card on one line. Raises InputError when nothing is left."""
    found = " ".join(CONTROL.sub(" ", unicodedata.normalize("NFC", text)).split())[:LONGEST_NAME]
    if not found:
        raise InputError("The name is empty; write one.")
    return found


def line_or_page(text: str, *, paged: bool) -> tuple[int | None, int | None]:
    """The line or the page of a document that a person wrote: "120", "1,200" or "p. 3". Raises InputError for neither."""
    found = re.fullmatch(r"(p(?:age|\.)?\s*)?([\d,. ]+)", text.strip(), re.IGNORECASE)
    number = int(re.sub(r"\D", "", found[2]) or 0) if found else 0
    if not found or not number:
        also = ", or p. and the number of a page" if paged else ""
        raise InputError(f"“{line(text, 40)}” is no line. Write a number{also}.")
    return (None, number) if found[1] else (number, None)


def choice(card: Json) -> str:
    """A card in a list of choices: its name and how much is in it."""
    count = card["documents"]
    return f"{card['name']} · {count:,} document{'' if count == 1 else 's'}"


def of_a_file(notice: str) -> bool:
    """Whether a notice speaks of one file, which the list of documents shows."""
    return re.match(r"[^:]+: ", notice) is not None and not notice.startswith("Documents were parsed")


def sentence(info: CorpusInfo, result: Json, others: list[str]) -> str:
    """What a person reads when a job is done."""
    if result["unchanged"]:
        return "Nothing has changed since it was read last."
    read = f"{info.documents:,} document{'s' * (info.documents != 1)} read"
    left = f", {len(info.skipped):,} file{'s' * (len(info.skipped) != 1)} left out" if info.skipped else ""
    also = f" {others[0]} holds the same documents." if others else ""
    if result["changes"]:
        return f"{difference(result['changes'])}; {read}{left}.{also}"
    return f"{read}{left}.{also}"


def difference(changes: Json) -> str:
    """How a version differs from the one before, as in "3 added, 1 changed, 1 moved, 2 gone, 459 as before"."""
    counts = {word: changes[kind]["count"] for kind, word in CHANGES.items() if kind in changes}
    parts = [f"{count:,} {word}" for word, count in counts.items() if count]
    only = not any(count for word, count in counts.items() if word != CHANGES["same"])
    return ", ".join(["What could be read changed", *parts] if only else parts)


def head(run: Json) -> str:
    """The beginning of a run's question."""
    return (run["question"] or "")[:HEAD]
