"""Make a stored corpus from files and folders: all or nothing, and the same corpus for the same content.

Whatever stops an ingest, no half corpus is left: files are written to a temporary folder that is renamed at
the end, or removed, or swept by the next ingest when the process died.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.corpus.archive import META
from engine.documents.discover import Discovery, discover
from engine.documents.formats.passwords import is_locked
from engine.documents.parser_pool import ParserPool, Result
from engine.documents.staging import store_error, sweep, sync, temporary
from engine.documents.writing import earlier
from engine.documents.writing.builder import Builder, Progress
from engine.errors import Cancelled, InputError, LockedError, StoreError
from engine.types import Json

SHOWN_REASONS = 5


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A stored corpus: what is in it, what was skipped as {"path", "reason"}, what a person should know.

    `lines` of all documents together are None where it was stored before they were counted.
    """

    id: str
    path: Path
    name: str
    sources: tuple[str, ...]
    documents: int
    chars: int
    skipped: tuple[dict[str, str], ...]
    notices: tuple[str, ...]
    reused: bool = False
    lines: int | None = None


def ingest(
    paths: Iterable[Path | str],
    corpora_dir: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    processes: int = 2,
    seconds: float = 60.0,
    leave_out: Path | None = None,
    passwords: Sequence[str] = (),
) -> CorpusInfo:
    """Read files and folders into `corpora_dir/<id>/` and describe the corpus; unchanged content is reused.

    What the same paths gave before is taken over file by file, so that only what changed is parsed.

    `cancel` is asked several times a second. `seconds` is what one small file may take. `leave_out` is a folder
    that is not read. `passwords` are tried on locked files and kept nowhere; the text of those that they open is stored
    as any other.

    Raises InputError when there is nothing to read, StoreError when it cannot be written, Cancelled.
    """
    found = discover([Path(path) for path in paths], _checking(cancel), leave_out)
    return ingest_found(
        found,
        corpora_dir,
        progress=progress,
        cancel=cancel,
        processes=processes,
        seconds=seconds,
        passwords=passwords,
    )


def look(paths: Iterable[Path | str], *, leave_out: Path | None = None) -> tuple[Discovery, str]:
    """The files under `paths`, and a sign that is another when names, sizes or times are. Raises InputError."""
    found = discover([Path(path) for path in paths], leave_out=leave_out)
    return found, earlier.facts_sign(found)


def is_current(found: Discovery, corpora_dir: Path) -> bool:
    """Whether these files have the content that was read from their sources last."""
    before = earlier.last(found, corpora_dir)
    return before is not None and earlier.is_unchanged(found, before, corpora_dir, lambda: None)


def ingest_found(
    found: Discovery,
    corpora_dir: Path,
    *,
    progress: Callable[[Progress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    processes: int = 2,
    seconds: float = 60.0,
    passwords: Sequence[str] = (),
) -> CorpusInfo:
    """As `ingest`, for files that are known already; `found.roots` name where they came from."""
    check = _checking(cancel)
    try:
        corpora_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        sweep(corpora_dir)
        before = earlier.last(found, corpora_dir, unlock=bool(passwords))
        if before is not None and earlier.is_unchanged(found, before, corpora_dir, check):
            return load_info(corpora_dir / before.id, reused=True)
        stayed = before.path if before and before.is_mostly(found.files) else None
    except (OSError, sqlite3.Error) as problem:
        raise store_error(problem, corpora_dir) from problem

    def write(stayed: Path | None) -> CorpusInfo:
        folder = temporary(corpora_dir)
        try:
            with ParserPool(processes, seconds=seconds, passwords=passwords) as pool:
                meta = _write(folder, found, pool, before, stayed, progress, check)
            return _publish(folder, corpora_dir, meta, found)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    try:
        try:
            return write(stayed)
        except sqlite3.DatabaseError as problem:
            if stayed is None or isinstance(problem, sqlite3.OperationalError):
                raise
            return write(None)  # the index of the reading before is damaged
    except (OSError, sqlite3.Error) as problem:
        raise store_error(problem, corpora_dir) from problem


def _write(
    folder: Path,
    found: Discovery,
    pool: ParserPool,
    before: earlier.Earlier | None,
    stayed: Path | None,
    progress: Callable[[Progress], None] | None,
    check: Callable[[], None],
) -> Json:
    """Write the corpus into `folder` and return its description; `stayed` is where an index to go on from lies."""
    builder = Builder(folder, found, stayed, check)

    def tell(result: Result | None = None, within: int = 0) -> None:
        check()
        if progress is not None:
            progress(builder.progress(result, within))

    try:
        tell()
        for result in pool.parse(found.files, check, before):
            check()
            result = before.at_least(result) if before else result
            builder.add(result, lambda within: tell(None, within))
            tell(result)
        _refuse_empty(found, builder)
        if pool.sandbox:
            builder.notices.insert(0, f"Documents were parsed without a sandbox: {pool.sandbox}")
        return builder.finish()
    finally:
        builder.close()


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
            lines=meta.get("lines"),
        )
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise StoreError(
            f"{path} does not hold a readable corpus ({problem}). Add its folder again."
        ) from problem


def _refuse_empty(found: Discovery, builder: Builder) -> None:
    if builder.documents:
        return
    place = str(found.roots[0]) if len(found.roots) == 1 else "What was given"
    if not builder.skipped:
        hidden = f" ({found.hidden:,} hidden ones were left out)" if found.hidden else ""
        raise InputError(
            f"{place} holds no files{hidden}. Add text, Markdown, HTML, CSV, JSON, PDF, Word, mail or ZIP files."
        )
    every = [skip["reason"] for skip in builder.skipped]
    kind = LockedError if any(map(is_locked, every)) else InputError
    reasons = "; ".join(f"{s['path']}: {s['reason']}" for s in builder.skipped[:SHOWN_REASONS])
    rest = len(builder.skipped) - SHOWN_REASONS
    more = f"; and {rest:,} more" if rest > 0 else ""
    raise kind(f"{place} holds no file that can be read. {reasons}{more}.")


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
    earlier.remember(found, corpora_dir, meta["id"])
    return load_info(target, reused=reused)


def to_json(info: CorpusInfo) -> Json:
    """A CorpusInfo as plain JSON values."""
    return {**asdict(info), "path": str(info.path)}
