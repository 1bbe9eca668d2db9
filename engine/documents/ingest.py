"""Make a stored corpus from files and folders: all or nothing, and the same corpus for the same content.

Whatever stops an ingest, no half corpus is left: files are written to a temporary folder that is renamed at
the end, or removed, or swept by the next ingest when the process died.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine import disk
from engine.corpus.archive import META, SEARCH, ArchiveWriter
from engine.corpus.search import forms
from engine.documents.discover import Discovery, SourceFile, discover
from engine.documents.formats import detect as formats
from engine.documents.formats.pdf.scans import data_folder
from engine.documents.parser_pool import ParserPool, Part, Result, read
from engine.documents.places import Places
from engine.documents.seal import seal_of
from engine.documents.staging import store_error, sweep, sync, temporary
from engine.errors import Cancelled, InputError, StoreError
from engine.types import Json

# Of what is written; another version is another corpus, also once the words in images can be read.
VERSION = f"2.{formats.VERSION}{'+images' if data_folder() else ''}"
RACY_NS = 2_000_000_000  # a file changed this shortly before it was read may change again unseen
SEEN = ".seen"
SHOWN_REASONS = 5
STORED = 2  # bytes of text, places and search index for one byte of text, at most
ROWS = 2_000  # passages written between two words on how far a large file is


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files and bytes done, of how many, the last file and why it was skipped, or "".

    `reading` is the file that is being read now, "" after the last; bytes of it may count already.
    """

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    name: str
    reason: str = ""
    reading: str = ""


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A stored corpus: what is in it, what was skipped as {"path", "reason"}, what a person should know."""

    id: str
    path: Path
    name: str
    sources: tuple[str, ...]
    documents: int
    chars: int
    skipped: tuple[dict[str, str], ...]
    notices: tuple[str, ...]
    reused: bool = False


def ingest(
    paths: Iterable[Path | str],
    corpora_dir: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    processes: int = 2,
    seconds: float = 60.0,
    leave_out: Path | None = None,
) -> CorpusInfo:
    """Read files and folders into `corpora_dir/<id>/` and describe the corpus; unchanged content is reused.

    `cancel` is asked several times a second. `seconds` is what one small file may take. `leave_out` is a folder
    that is not read.

    Raises InputError when there is nothing to read, StoreError when it cannot be written, Cancelled.
    """
    found = discover([Path(path) for path in paths], _checking(cancel), leave_out)
    return ingest_found(
        found, corpora_dir, progress=progress, cancel=cancel, processes=processes, seconds=seconds
    )


def ingest_found(
    found: Discovery,
    corpora_dir: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    processes: int = 2,
    seconds: float = 60.0,
) -> CorpusInfo:
    """As `ingest`, for files that are known already; `found.roots` name where they came from."""
    check = _checking(cancel)
    try:
        corpora_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(corpora_dir)
        known = _known(found, corpora_dir, check)
        if known is not None:
            return known
        folder = temporary(corpora_dir)
    except (OSError, sqlite3.Error) as problem:
        raise store_error(problem, corpora_dir) from problem
    try:
        with ParserPool(processes, seconds=seconds) as pool:
            builder = _Builder(folder, found)

            def tell(result: Result | None = None, within: int = 0) -> None:
                check()
                if progress is not None:
                    progress(builder.progress(result, within))

            try:
                tell()
                for result in pool.parse(found.files, check):
                    check()
                    builder.add(result, lambda within: tell(None, within))
                    tell(result)
                _refuse_empty(found, builder)
                if pool.sandbox:
                    builder.notices.insert(0, f"Documents were parsed without a sandbox: {pool.sandbox}")
                meta = builder.finish()
            finally:
                builder.close()
        return _publish(folder, corpora_dir, meta, found)
    except (OSError, sqlite3.Error) as problem:
        raise store_error(problem, corpora_dir) from problem
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _checking(cancel: Callable[[], bool] | None) -> Callable[[], None]:
    def check() -> None:
        if cancel is not None and cancel():
            raise Cancelled("Adding the documents was stopped; nothing was changed.")

    return check


def load_info(path: Path, *, reused: bool = False) -> CorpusInfo:
    """Describe the corpus stored in the folder `path`. Raises StoreError when it is not a corpus."""
    try:
        meta = json.loads((path / META).read_bytes())
        return CorpusInfo(
            id=meta["id"],
            path=path,
            name=meta["name"],
            sources=tuple(meta["sources"]),
            documents=meta["documents"],
            chars=meta["chars"],
            skipped=tuple(meta["skipped"]),
            notices=tuple(meta["notices"]),
            reused=reused,
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise StoreError(
            f"{path} does not hold a readable corpus ({problem}). Add its folder again."
        ) from problem


# --- building -------------------------------------------------------------------------------------------


class _Builder:
    """Write the files of one corpus as results come in."""

    def __init__(self, folder: Path, found: Discovery):
        self._folder = folder
        self._found = found
        self._writer = ArchiveWriter(folder)
        self._search = sqlite3.connect(folder / SEARCH, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode=off", "synchronous=off", "locking_mode=exclusive", "cache_size=-65536"):
            self._search.execute(f"pragma {setting}")
        self._search.executescript(forms.schema())
        self._search.execute("insert into passages(passages, rank) values('hashsize', 33554432)")
        self._search.execute("begin")
        self.skipped = [{"path": name, "reason": reason} for name, reason in found.skipped]
        self.notices = [*found.notices]
        self._files: list[Json] = []
        self.places = Places(file.name for file in found.files)
        self._warned: dict[str, list[str]] = {}
        self._inside: dict[str, int] = {}  # bytes of files within files
        self._bytes = 0
        self._total = sum(file.size for file in found.files)

    @property
    def documents(self) -> int:
        """How many documents were written."""
        return self._writer.count

    def progress(self, result: Result | None, within: int) -> Progress:
        """How far this ingest is: after this file, or `within` so many bytes of the one that is being read."""
        done, files = len(self._files), self._found.files
        name, reason = (result.file.name, result.reason) if result else ("", "")
        reading = files[done].name if done < len(files) else ""
        return Progress(done, len(files), self._bytes + within, self._total, name, reason, reading)

    def add(self, result: Result, within: Callable[[int], None]) -> None:
        """Write the documents of one file, or note why there are none; `within` hears of the bytes of a large one.

        Raises StoreError where the disk has no room for them.
        """
        file = result.file
        disk.require(
            self._folder,
            STORED * sum(len(part.text) for part in result.parts),
            f"{file.name} cannot be stored",
        )
        if result.reason:
            self.skipped.append({"path": file.name, "reason": result.reason})
        for within_it, reason in result.unread:
            self.skipped.append({"path": self.places.name(file.name, within_it), "reason": reason})
        for within_it, told in [("", result.notices), *result.told.items()]:
            name = self.places.name(file.name, within_it)
            self.notices += [f"{name}: {notice}." for notice in told]
            if told:
                self._warned[name] = told
        for number, part in enumerate(result.parts, 1):
            name = self.places.name(file.name, part.inside)
            if self.places.is_again(part.sha256, name) or part.again:
                continue
            if part.inside:
                self._inside[name] = part.size
            name = f"{name} [{part.number} of {part.of}]" if part.of > 1 else name
            before, share = file.size * (number - 1) / len(result.parts), file.size / len(result.parts)

            def inside(
                at: int, before: float = before, scale: float = share / max(1, len(part.text))
            ) -> None:
                within(int(before + scale * at))

            self._add_part(name, part, inside)
        self._bytes += file.size
        self._files.append(_fingerprint(result))

    def _add_part(self, name: str, part: Part, within: Callable[[int], None]) -> None:
        first = self._writer.add(
            name,
            part.text,
            part.chars,
            pages=part.pages,
            passages=part.passages,
            headings=part.headings,
            first_line=part.first_line,
        )
        headings, heading = dict(part.headings), ""
        about = known = forms.indexed(name)
        prepare = forms.indexer(part.text)
        rows = []
        for number, (start, end) in enumerate(
            zip(part.passages, [*part.passages[1:], len(part.text)], strict=True)
        ):
            if number in headings:
                heading = headings[number]
                about = f"{known} {forms.indexed(heading)}"
            text = prepare(part.text[start:end].decode("utf-8", "replace"))
            rows.append((first + number + 1, text, about))
            if len(rows) == ROWS:
                self._insert(rows)
                rows = []
                within(end)
        self._insert(rows)

    def _insert(self, rows: list[tuple[int, str, str]]) -> None:
        self._search.executemany("insert into passages(rowid, text, about) values (?, ?, ?)", rows)

    def finish(self) -> Json:
        """Make everything durable and return the description."""
        self._search.execute("commit")
        self._search.close()
        self._writer.close()
        identity = hashlib.sha256(json.dumps([VERSION, self._files]).encode()).hexdigest()[:16]
        meta = {
            "id": identity,
            "name": self._found.name,
            "version": VERSION,
            "sources": [str(root) for root in self._found.roots],
            "documents": self._writer.count,
            "chars": self._writer.chars,
            "skipped": self.skipped,
            "notices": self.notices + self.places.notices(),
            "warned": self._warned,
            "inside": self._inside,
            "places": self.places.others,
            "made": time.time(),
            "seal": seal_of(self._folder),
            "files": [
                [*fingerprint, file.size, file.mtime]
                for fingerprint, file in zip(self._files, self._found.files, strict=True)
            ],
        }
        (self._folder / META).write_text(json.dumps(meta, ensure_ascii=False))
        for name in (SEARCH, META):
            sync(self._folder / name)
        return meta

    def close(self) -> None:
        """Let go of all files, finished or not."""
        self._writer.abandon()
        self._search.close()


def _fingerprint(result: Result) -> list[str]:
    """What makes a file the same for the id of a corpus: name and content, or how it failed."""
    state = "retry" if result.transient else "" if result.sha256 else result.reason
    return [result.file.name, result.sha256, state]


def _refuse_empty(found: Discovery, builder: _Builder) -> None:
    if builder.documents:
        return
    place = str(found.roots[0]) if len(found.roots) == 1 else "What was given"
    if not builder.skipped:
        hidden = f" ({found.hidden:,} hidden ones were left out)" if found.hidden else ""
        raise InputError(
            f"{place} holds no files{hidden}. Add text, Markdown, HTML, CSV, JSON, PDF, Word, mail or ZIP files."
        )
    reasons = "; ".join(f"{s['path']}: {s['reason']}" for s in builder.skipped[:SHOWN_REASONS])
    rest = len(builder.skipped) - SHOWN_REASONS
    more = f"; and {rest:,} more" if rest > 0 else ""
    raise InputError(f"{place} holds no file that can be read. {reasons}{more}.")


def _publish(folder: Path, corpora_dir: Path, meta: Json, found: Discovery) -> CorpusInfo:
    target = corpora_dir / meta["id"]
    reused = target.exists()
    if not reused:
        sync(folder)
        try:
            folder.rename(target)
        except OSError:
            if not (target / META).exists():  # otherwise another process was faster with the same content
                raise
            reused = True
        sync(corpora_dir)
    _remember(found, corpora_dir, meta["id"])
    return load_info(target, reused=reused)


# --- the same folder again ------------------------------------------------------------------------------


def _known(found: Discovery, corpora_dir: Path, check: Callable[[], None]) -> CorpusInfo | None:
    """The corpus made from these sources before, when nothing in them changed."""
    try:
        seen = json.loads(_seen_file(found, corpora_dir).read_bytes())
        target = corpora_dir / seen["corpus"]
        meta = json.loads((target / META).read_bytes())
        files = [entry[:3] for entry in meta["files"]]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if meta.get("version") != VERSION or any(state == "retry" for _, _, state in files):
        return None
    recent = max((max(f.mtime, f.ctime) for f in found.files), default=0)
    if seen["stat"] != _stat_hash(found) or recent > seen["at"] - RACY_NS:
        if [file.name for file in found.files] != [name for name, _, _ in files]:
            return None
        for file, fingerprint in zip(found.files, files, strict=True):
            check()
            if _fingerprint(read(file)[0]) != fingerprint:
                return None
        _remember(found, corpora_dir, meta["id"])
    return load_info(target, reused=True)


def _remember(found: Discovery, corpora_dir: Path, corpus: str) -> None:
    path = _seen_file(found, corpora_dir)
    path.parent.mkdir(exist_ok=True, mode=0o700)
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps({"corpus": corpus, "stat": _stat_hash(found), "at": time.time_ns()}))
    temporary.replace(path)


def _seen_file(found: Discovery, corpora_dir: Path) -> Path:
    key = hashlib.sha256("\0".join(map(str, found.roots)).encode("utf-8", "surrogateescape")).hexdigest()[:24]
    return corpora_dir / SEEN / f"{key}.json"


def _stat_hash(found: Discovery) -> str:
    def facts(file: SourceFile) -> list[Json]:
        return [file.name, file.size, file.mtime, file.ctime, file.inode]

    return hashlib.sha256(json.dumps([[*map(facts, found.files)], found.skipped]).encode()).hexdigest()


def to_json(info: CorpusInfo) -> Json:
    """A CorpusInfo as plain JSON values."""
    return {**asdict(info), "path": str(info.path)}
