"""What a stored corpus is made of, file by file: documents with size, pages and problems, and files left out.

Also how two versions of the same folder differ. Nothing here reads the text of a document.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from engine.corpus.archive import META, Archive
from engine.errors import StoreError
from engine.types import Json

PART = re.compile(r" \[\d+ of \d+\]$")  # what ends the name of one part of a very long file


@dataclass(frozen=True, slots=True)
class Entry:
    """One document, or one file that could not be read (`document` is None, `problems` say why).

    `bytes` is the size of its file, None where that is unknown; `chars` the length of the text; `pages` None where
    the format has none. `status`: "ok", "partly" (read, with problems), "skipped".
    """

    document: int | None
    name: str
    status: str
    bytes: int | None
    chars: int
    pages: int | None
    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
    """Names of files that came, went, or have another content since the version before.

    `moved` are (name before, name now) of a content that was there under another name; `same` is how many files are
    as before.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[tuple[str, str], ...]
    removed: tuple[str, ...]
    same: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.moved or self.removed)


def entries(path: Path, archive: Archive) -> list[Entry]:
    """All documents of the corpus in `path` in their order, then what was skipped. Raises StoreError."""
    meta = _meta(path)
    sizes = {name: size for name, _, _, size, *_ in meta["files"]} | meta.get("inside", {})
    warned: dict[str, list[str]] = meta.get("warned", {})
    found = []
    for number in range(archive.count):
        name = archive.name(number)
        file = name if name in sizes else PART.sub("", name)
        problems = tuple(f"{problem}." for problem in warned.get(file, ()))
        pages = len(archive.page_starts(number)) or None
        status = "partly" if problems else "ok"
        found.append(Entry(number, name, status, sizes.get(file), archive.chars(number), pages, problems))
    for skip in meta["skipped"]:
        name = skip["path"]
        found.append(Entry(None, name, "skipped", sizes.get(name), 0, None, (skip["reason"],)))
    return found


def hashes(path: Path) -> dict[str, str]:
    """The hash (SHA-256) of each file that the corpus in `path` was made from, by its name. Raises StoreError."""
    return {name: sha256 for name, sha256 in files(path) if sha256}


def files(path: Path) -> list[tuple[str, str]]:
    """Name and hash of each file that the corpus in `path` was made from, in order; "" for one without. Raises StoreError."""
    return [(name, sha256) for name, sha256, *_ in _meta(path)["files"]]


def source_bytes(path: Path) -> int:
    """The size of all files that the corpus in `path` was made from. Raises StoreError."""
    return sum(size for _, _, _, size, *_ in _meta(path)["files"])


def changes(before: Path, after: Path) -> Changes:
    """How the files of one stored corpus differ from those of another. Raises StoreError."""
    old, new = _contents(before), _contents(after)
    gone: dict[tuple[str, str], list[str]] = {}  # by content
    for name in reversed(old):
        if name not in new and old[name][0]:
            gone.setdefault(old[name], []).append(name)
    fresh = [name for name in new if name not in old]
    moved = tuple((gone[new[name]].pop(), name) for name in fresh if gone.get(new[name]))
    left, arrived = {name for name, _ in moved}, {name for _, name in moved}
    kept = [name for name in new if name in old]
    changed = tuple(name for name in kept if old[name] != new[name])
    return Changes(
        added=tuple(name for name in fresh if name not in arrived),
        changed=changed,
        moved=moved,
        removed=tuple(name for name in old if name not in new and name not in left),
        same=len(kept) - len(changed),
    )


def _contents(path: Path) -> dict[str, tuple[str, str]]:
    return {name: (sha256, state) for name, sha256, state, *_ in _meta(path)["files"]}


def _meta(path: Path) -> Json:
    try:
        return json.loads((path / META).read_bytes())
    except (OSError, ValueError) as problem:
        raise StoreError(
            f"{path} does not hold a readable corpus ({problem}). Add its folder again."
        ) from problem
