"""The reading before: whether anything changed since, and what each unchanged or moved file gave then.

A file counts as unchanged without being opened when its name, size, times and inode are those of that reading; every
other is known by the hash of its content, wherever it lies now. What it gave is taken out of the stored corpus, so
only what changed is parsed.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from engine.corpus.archive import META, Archive
from engine.documents.discover import Discovery, SourceFile
from engine.documents.formats import detect as formats
from engine.documents.formats.passwords import is_locked
from engine.documents.formats.pdf.scans import data_folder
from engine.documents.parser_pool import Part, Result, read
from engine.errors import StoreError
from engine.types import Json

# Of what is written; another version is another corpus, also once the words in images can be read.
VERSION = f"2.{formats.VERSION}{'+images' if data_folder() else ''}"
RACY_NS = 2_000_000_000  # a file changed this shortly before it was read may change again unseen
SEEN = ".seen"
MOSTLY = (
    0.7  # of all bytes; above it, going on from the index of the reading before costs less than a new one
)
GIVEN = "given.json"  # in the folder of a corpus: what each file gave


@dataclass(frozen=True, slots=True)
class Kept:
    """What one file gave: where its parts lie in the stored corpus, and what was said of it."""

    sha256: str
    endings: list[str]
    facts: list[int]
    reason: str
    notices: list[str]
    told: dict[str, list[str]]
    unread: list[list[str]]
    parts: list[Json]

    @property
    def locked(self) -> list[str]:
        """The files in it, "" for itself, that a password would open."""
        return locked(self.reason, self.unread)


class _Given:
    """What all files gave, by their names and by their content; a file that has to be parsed again is not there."""

    def __init__(self, states: list[list[str]], stored: Json, unlock: bool):
        self.before: int = stored["before"]
        self.by_name: dict[str, Kept] = {}
        self.by_content: dict[tuple[str, ...], Kept] = {}
        self.locked: dict[tuple[str, ...], Kept] = {}  # by content, what is parsed again for passwords
        self.unlocks = False  # there is something that passwords may open
        for (name, sha256, state), entry in zip(states, stored["files"], strict=True):
            kept = Kept(sha256, *entry)
            self.unlocks = self.unlocks or (unlock and bool(kept.locked))
            if sha256 and unlock and kept.locked:
                self.locked[sha256, *kept.endings] = kept
            elif sha256 and state != "retry":
                self.by_name[name] = kept
                self.by_content[sha256, *kept.endings] = kept


class Earlier:
    """The corpus that these sources gave last; asked from several threads.

    With `unlock`, what lacked a password then counts as not read.
    """

    def __init__(self, path: Path, meta: Json, seen: Json, unlock: bool = False):
        self.seen = seen
        self.id: str = meta["id"]
        self.states: list[list[str]] = [entry[:3] for entry in meta["files"]]
        self._sizes: dict[str, int] = {entry[0]: entry[3] for entry in meta["files"] if len(entry) > 3}
        self.path = path
        self._unlock = unlock
        self._archive: Archive | None = None

    @cached_property
    def _given(self) -> _Given:
        """Read only where the facts of all files together do not tell that nothing changed."""
        try:
            stored = json.loads((self.path / GIVEN).read_bytes())
            return _Given(self.states, stored, self._unlock)
        except (OSError, ValueError, KeyError, TypeError):  # an older version wrote none, or it is damaged
            return _Given([], {"before": 0, "files": []}, False)

    @property
    def unlocks(self) -> bool:
        """Whether passwords may open something that was locked."""
        return self._unlock and self._given.unlocks

    def is_mostly(self, files: Sequence[SourceFile]) -> bool:
        """Whether most of what was read, in bytes, seems to be there still under the same names."""
        stayed = sum(file.size for file in files if self._sizes.get(file.name) == file.size)
        return stayed >= MOSTLY * max(sum(self._sizes.values()), sum(file.size for file in files))

    def state(self, file: SourceFile) -> list[str]:
        """The fingerprint of a file now; it is opened only where its facts do not tell."""
        kept = self._unchanged(file)
        return [file.name, kept.sha256, _lock(kept.locked)] if kept else fingerprint(read(file)[0])

    def by_facts(self, file: SourceFile) -> Result | None:
        """What a file gave that is unchanged by its name, size, times and inode."""
        kept = self._unchanged(file)
        return self._result(file, kept) if kept else None

    def by_content(self, result: Result) -> Result | None:
        """What a file with this content, and an ending that says the same of it, gave under any name."""
        kept = (
            self._given.by_content.get((result.sha256, *_endings(result.file.name)))
            if result.sha256
            else None
        )
        return self._result(result.file, kept) if kept else None

    def at_least(self, result: Result) -> Result:
        """The result of parsing a file again, or what it gave before, where something in it is locked now that was not."""
        kept = self._given.locked.get((result.sha256, *_endings(result.file.name)))
        if kept is None or set(locked(result.reason, result.unread)) <= set(kept.locked):
            return result
        return self._result(result.file, kept) or result

    def _unchanged(self, file: SourceFile) -> Kept | None:
        kept = self._given.by_name.get(file.name)
        if kept is None or kept.facts != _facts(file):
            return None
        return kept if max(file.mtime, file.ctime) < self._given.before - RACY_NS else None

    def _result(self, file: SourceFile, kept: Kept) -> Result | None:
        try:
            archive = self._archive = self._archive or Archive(self.path)
            parts = [_part(archive, *facts) for facts in kept.parts]
        except (StoreError, ValueError, IndexError):
            return None  # damaged: the file is parsed anew
        unread = [(inside, reason) for inside, reason in kept.unread]
        return Result(file, kept.sha256, parts, kept.reason, [*kept.notices], {**kept.told}, unread)


def _part(
    archive: Archive, inside: str, number: int, of: int, size: int, sha256: str, kind: str, document: int
) -> Part:
    if document < 0:
        return Part(b"", 0, "", 1, [], [], [], inside, sha256=sha256, again=True)
    return Part(
        text=bytes(archive.raw(document)),
        chars=archive.chars(document),
        format=kind,
        first_line=archive.first_line(document),
        pages=archive.page_starts(document).tolist(),
        passages=archive.passages(document),
        headings=archive.headings(document),
        grid=archive.grid(document),
        inside=inside,
        number=number,
        of=of,
        size=size,
        sha256=sha256,
        kept=document,
    )


def given(result: Result, documents: list[int]) -> Json:
    """What a file gave, to be stored; `documents` are the numbers of its parts, -1 for one that was there before."""
    parts = [
        [part.inside, part.number, part.of, part.size, part.sha256, part.format, document]
        for part, document in zip(result.parts, documents, strict=True)
    ]
    file = result.file
    return [
        _endings(file.name),
        _facts(file),
        result.reason,
        result.notices,
        result.told,
        result.unread,
        parts,
    ]


def fingerprint(result: Result) -> list[str]:
    """What makes a file the same for the id of a corpus: name, content and what of it is locked, or how it failed."""
    lock = _lock(locked(result.reason, result.unread))
    state = "retry" if result.transient else lock if result.sha256 else result.reason
    return [result.file.name, result.sha256, state]


def locked(reason: str, unread: Sequence[Sequence[str]]) -> list[str]:
    """The files in a file, "" for itself, that a password would open."""
    return [name for name, why in (("", reason), *unread) if is_locked(why)]


def _lock(files: list[str]) -> str:
    """Says what is locked, so that a corpus with the text of what was unlocked is another one."""
    return f"locked: {hashlib.sha256(chr(0).join(files).encode()).hexdigest()[:16]}" if files else ""


def _endings(name: str) -> list[str]:
    """What the name of a file may say of its content: also that of what is packed in it."""
    last = name.rpartition("/")[2].lower().lstrip(".")
    return [] if last.endswith(".") else [f".{ending}" for ending in last.split(".")[1:]]


def _facts(file: SourceFile) -> list[int]:
    return [file.size, file.mtime, file.ctime, file.inode]


def last(found: Discovery, corpora_dir: Path, unlock: bool = False) -> Earlier | None:
    """What was read from these sources last, if it is stored and this version would read the same.

    With `unlock`, what a password would open does not count as read.
    """
    try:
        seen = json.loads(_seen_file(found, corpora_dir).read_bytes())
        target = corpora_dir / seen["corpus"]
        meta = json.loads((target / META).read_bytes())
        return Earlier(target, meta, seen, unlock) if meta.get("version") == VERSION else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_unchanged(found: Discovery, earlier: Earlier, corpora_dir: Path, check: Callable[[], None]) -> bool:
    """Whether the sources hold the same files with the same content as then."""
    if earlier.unlocks or any(state == "retry" for _, _, state in earlier.states):
        return False
    recent = max((max(f.mtime, f.ctime) for f in found.files), default=0)
    if earlier.seen["stat"] == facts_sign(found) and recent <= earlier.seen["at"] - RACY_NS:
        return True
    if [file.name for file in found.files] != [name for name, _, _ in earlier.states]:
        return False
    for file, state in zip(found.files, earlier.states, strict=True):
        check()
        if earlier.state(file) != state:
            return False
    remember(found, corpora_dir, earlier.id)
    return True


def remember(found: Discovery, corpora_dir: Path, corpus: str) -> None:
    """Note which corpus these sources gave, and what `stat` said of them."""
    path = _seen_file(found, corpora_dir)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    temporary = path.with_suffix(
        f".{os.getpid()}-{threading.get_ident()}"
    )  # a watcher and a job may meet here
    temporary.write_text(json.dumps({"corpus": corpus, "stat": facts_sign(found), "at": time.time_ns()}))
    temporary.replace(path)


def _seen_file(found: Discovery, corpora_dir: Path) -> Path:
    key = hashlib.sha256("\0".join(map(str, found.roots)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return corpora_dir / SEEN / f"{key}.json"


def facts_sign(found: Discovery) -> str:
    """A hash of what `stat` says of all files."""
    facts = [[file.name, *_facts(file)] for file in found.files]
    return hashlib.sha256(json.dumps([facts, found.skipped]).encode()).hexdigest()
