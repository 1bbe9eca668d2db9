"""The library: folders and uploads as cards, read into corpora by jobs, looked into, renamed, deleted.

A card is a collection of the store. Its `id` is the id of its newest corpus, by which questions are asked; its `card`
stays the same while versions come and go. Every method that takes a card accepts either, and ids of older versions.

    job = library.add(["~/case"])            # read in place, in a thread; `library.jobs` tells how far it is
    library.cards()                          # what there is
    library.rescan(card)                     # the same folder again: unchanged reuses, changed is a new version
    library.documents.text(corpus, 0)        # see app/library/documents.py
    library.delete(card)                     # a receipt of what went, after `library.before_delete(card)`
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import Conflict, NotFound
from app.library import versions, wording
from app.library.documents import Documents
from app.library.jobs import OVER, Control, Job, Jobs
from app.library.pictures import Pictures
from app.library.shown import reading
from app.library.uploads import Uploads
from app.library.watching import Watching
from app.paths import ROOT
from engine.corpus import contents
from engine.corpus.archive import Archive
from engine.disk import bytes_in
from engine.documents.discover import Discovery, existing
from engine.documents.formats.passwords import is_locked
from engine.documents.ingest import CorpusInfo, ingest, ingest_found, load_info
from engine.errors import InputError, StoreError
from engine.paths import expanded
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

SAMPLE = ROOT / "app" / "sample" / "documents"
SAMPLE_CARD, SAMPLE_NAME = "sample", "Sample: Hessindale Ropeworks"
LAST_QUESTIONS = 3
LOOKS = 3  # at what is stored, where versions of a card come and go between two of them


@dataclass(frozen=True, slots=True)
class Size:
    """What only the files of a corpus tell: pages of its text, bytes of its sources, files with problems."""

    pages: int
    bytes: int
    problems: int


class Library:
    """The library of one workbench. Thread-safe; `close` it."""

    def __init__(self, workbench: Workbench):
        self._hub = workbench.hub
        self._store = workbench.engine.store
        self._data = Path(workbench.data_dir)
        self._sizes: dict[str, Size] = {}
        self._passwords: list[str] = []  # of locked files; in memory only
        self._finishing = threading.Lock()  # an upload is read once
        self._saving = threading.Lock()  # two readings of one folder make two versions, one after the other
        self.documents = Documents(self._store)
        self.jobs = Jobs(self._tell)
        self.uploads = Uploads(self._data / "uploads")
        self.pictures = Pictures(self._store, self.documents, self.uploads, lambda: self._passwords)
        self.watching = Watching(self._data, self._store, self.rescan, self.jobs.busy)
        known = {row["collection"] for row in self._store.collections() if row["kind"] == "upload"}
        self.uploads.sweep(known)

    def close(self) -> None:
        """Stop what is being read."""
        self.watching.close()
        self.jobs.close()

    # --- what there is ----------------------------------------------------------------------------------

    def cards(self) -> list[Json]:
        """All cards, newest first, with what a person wants to know of each."""
        self._store.adopt()
        known = {row["corpus"]: row for row in self._store.corpora()}
        rows = (row for row in self._store.collections() if row["kind"] != "bench")
        return [self._card(row, known) for row in rows if any(v["corpus"] in known for v in row["versions"])]

    def card(self, name: str) -> Json:
        """One card, by its own id or that of a version. Raises NotFound."""
        return self._card(*self._stored(name))

    def corpus(self, name: str) -> str:
        """The id of a stored corpus: `name` itself when it is one, else the newest of that card. Raises NotFound."""
        if self.documents.is_open(name):  # the quick way of most requests
            return name
        row, stored = self._stored(name)
        if name in stored:
            return name
        return next(v["corpus"] for v in reversed(row["versions"]) if v["corpus"] in stored)

    def info(self, name: str) -> CorpusInfo:
        """The stored corpus that `corpus(name)` names, for the engine."""
        return load_info(Path(self._store.corpus(self.corpus(name))["path"]))

    def _stored(self, name: str) -> tuple[Json, dict[str, Json]]:
        """A collection that has a version which is stored, and all corpora. Raises NotFound."""
        for _ in range(LOOKS):
            rows, corpora = self._store.collections(), {row["corpus"]: row for row in self._store.corpora()}
            for row in rows:
                ids = [version["corpus"] for version in row["versions"]]
                if name in (row["collection"], *ids) and not corpora.keys().isdisjoint(ids):
                    return row, corpora
            self._store.adopt()
        raise NotFound("This corpus is not in the library; it may have been deleted.")

    def _collection(self, name: str) -> Json:
        return self._stored(name)[0]

    def _card(self, row: Json, corpora: dict[str, Json]) -> Json:
        versions = [version for version in row["versions"] if version["corpus"] in corpora]
        current = corpora[versions[-1]["corpus"]]
        size = self._size(current)
        ids = [*dict.fromkeys(version["corpus"] for version in versions)]
        return {
            "id": current["corpus"],
            "card": row["collection"],
            "name": row["name"],
            "kind": row["kind"],
            "watched": self.watching.has(row["collection"]),
            "sources": row["sources"] if row["kind"] == "folder" else [],
            "documents": current["documents"],
            "chars": current["chars"],
            "skipped": len(current["skipped"]),
            "locked": sum(is_locked(skip["reason"]) for skip in current["skipped"]),
            "pages": size.pages,
            "bytes": size.bytes,
            "problems": size.problems,
            "notices": [notice for notice in current["notices"] if not wording.of_a_file(notice)],
            "created": row["created"],
            "updated": versions[-1]["added"],
            "number": versions[-1]["number"],
            "changes": versions[-1]["changes"],
            "versions": ids,
            "runs": sum(corpora[corpus]["runs"] for corpus in ids),
            "questions": [
                {**run, "question": wording.head(run)} for run in self._store.latest_runs(ids, LAST_QUESTIONS)
            ],
        }

    def _size(self, corpus: Json) -> Size:
        name = corpus["corpus"]
        if name not in self._sizes:
            path = Path(corpus["path"])
            try:
                archive = Archive(path)
                found = contents.entries(path, archive)
                self._sizes[name] = Size(
                    archive.pages_total, contents.source_bytes(path), sum(bool(e.problems) for e in found)
                )
            except StoreError:
                return Size(0, 0, len(corpus["skipped"]))  # opening it will say what is wrong
        return self._sizes[name]

    # --- adding and reading again -----------------------------------------------------------------------

    def add(self, paths: list[str], name: str = "") -> Job:
        """Read folders and files in place into a new card; folders that have a card already are read again there.

        Raises InputError at once for a path that cannot be opened; what is wrong inside is said by the job.
        """
        roots = [*dict.fromkeys(self._root(path) for path in wording.paths(paths))]
        sources = [str(root) for root in roots]
        title = wording.name(name) if name.strip() else ""
        known = next(
            (row for row in self._cards_in_place() if row["sources"] == sources),
            {"collection": None, "kind": "folder", "name": title or wording.title(roots), "sources": sources},
        )
        return self._read(known, "add")

    def rescan(self, name: str) -> Job:
        """Read the folder of a card again. Raises InputError when it is gone or was uploaded, Conflict."""
        row = self._collection(name)
        versions.require_sources(row)
        return self._read(row, "rescan")

    def unlock(self, name: str, passwords: list[str]) -> Job:
        """Read a card again with passwords for its locked files, which are remembered.

        Raises InputError without a password, or when its folder is gone; NotFound, Conflict.
        """
        row = self._collection(name)
        if row["kind"] != "upload":
            versions.require_sources(row)
        self.remember(passwords)
        if row["kind"] == "upload":
            found = self.uploads.discovery(row["collection"])
            return self._start(row, "unlock", lambda control: self._uploaded(found, control))
        return self._read(row, "unlock")

    def remember(self, passwords: list[str]) -> None:
        """Keep passwords in memory for all later readings; only the last are kept. Raises InputError without one."""
        kept = dict.fromkeys((*wording.passwords(passwords), *self._passwords))
        self._passwords = [*kept][: wording.MOST_PASSWORDS]

    def watch(self, name: str, on: bool) -> Json:
        """Read the folder of a card again by itself whenever it changes, or no longer; return the card.

        Raises InputError for what was uploaded, or a folder that is gone; NotFound.
        """
        row = self._collection(name)
        if on:
            versions.require_sources(row)
        self.watching.set(row["collection"], on)
        self._hub.tell("corpora", card=row["collection"])
        return self.card(row["collection"])

    def ensure_sample(self) -> Job | None:
        """See that the sample corpus is there, unless a person deleted it. Quick when nothing changed."""
        return None if self.sample_deleted() else self._read_sample()

    def sample_deleted(self) -> bool:
        """Whether a person deleted the sample corpus."""
        return self._store.was_deleted("collection", SAMPLE_CARD)

    def restore_sample(self) -> Job:
        """Bring the sample corpus back after it was deleted."""
        return self._read_sample()

    def _read_sample(self) -> Job:
        row = {"collection": SAMPLE_CARD, "kind": "sample", "name": SAMPLE_NAME, "sources": [str(SAMPLE)]}
        return self._read(row, "sample")

    def _cards_in_place(self) -> list[Json]:
        self._store.adopt()
        return [row for row in self._store.collections() if row["kind"] != "upload"]

    def _root(self, text: str) -> Path:
        path = expanded(text)
        if not path.is_absolute():
            raise InputError(
                f"{text} is not a whole path. Write it from the top, as in {Path.home() / text}."
            )
        root = existing(path)
        data = self._data.resolve()
        if root == data or data in root.parents:
            raise InputError(f"{text} is Taproot's own data folder; add the folder of your documents.")
        return root

    def _read(self, row: Json, kind: str) -> Job:
        def read(control: Control) -> CorpusInfo:
            control.begin()
            return ingest(
                row["sources"],
                self._store.corpora_dir,
                progress=control.progress,
                cancel=control.stop.is_set,
                leave_out=self._data,
                passwords=self._passwords,
            )

        return self._start(row, kind, read)

    def _start(self, row: Json, kind: str, read: Callable[[Control], CorpusInfo]) -> Job:
        card = row["collection"]
        if card and self.jobs.busy(card):
            raise Conflict(f"{row['name']} is being read already; wait for that, or stop it first.")

        def work(control: Control) -> tuple[str, Json]:
            message, result = self._save(row, read(control))
            control.job.card = result["card"]
            self._hub.tell("corpora", card=result["card"])
            return message, result

        return self.jobs.start(kind, row["name"], work, card=card)

    def _save(self, row: Json, info: CorpusInfo) -> tuple[str, Json]:
        """Make `info` the newest version of a collection; return a sentence and what changed."""
        with self._saving:
            saved = versions.save(self._store, row, info)
        self._forget(saved.dropped)
        return saved.sentence, saved.result

    # --- uploads ----------------------------------------------------------------------------------------

    def begin_upload(self) -> Json:
        """Open an upload; files are sent to it one by one. Returns its id and the limit of a file in bytes."""
        upload = self._store.new_collection()
        self.uploads.begin(upload)
        return {"upload": upload, "largest": self.uploads.largest}

    def finish_upload(self, upload: str, name: str = "") -> Job:
        """All files have come: read them into a new card. When that fails or is stopped, the upload is removed.

        A page whose connection was lost says it again, maybe while it is being begun; that begins nothing more.
        """
        with self._finishing:
            return self.jobs.of(upload, "upload") or self._read_upload(upload, name)

    def _read_upload(self, upload: str, name: str) -> Job:
        title = wording.name(name) if name.strip() else ""
        self.uploads.finish(upload)
        found, sources = self.uploads.discovery(upload), [str(self.uploads.folder / upload)]
        row = {"collection": upload, "kind": "upload", "name": title or found.name, "sources": sources}

        def read(control: Control) -> CorpusInfo:
            with self.uploads.reading(upload):
                return self._uploaded(found, control)

        return self._start(row, "upload", read)

    def _uploaded(self, found: Discovery, control: Control) -> CorpusInfo:
        control.begin()
        return ingest_found(
            found,
            self._store.corpora_dir,
            progress=control.progress,
            cancel=control.stop.is_set,
            passwords=self._passwords,
        )

    def drop_upload(self, upload: str) -> None:
        """Give up an upload, also one that is being read: what came of it is removed. Raises NotFound."""
        job = self.jobs.of(upload, "upload")
        if job is not None and job.state not in OVER:
            self.jobs.stop(job.job)
        else:
            self.uploads.drop(upload)

    # --- names and the end ------------------------------------------------------------------------------

    def rename(self, name: str, title: str) -> Json:
        """Give a card another name; return it. Raises InputError for an empty name, NotFound."""
        card = self._collection(name)["collection"]
        self._store.rename_collection(card, wording.name(title))
        self._hub.tell("corpora", card=card)
        return self.card(card)

    def before_delete(self, name: str) -> Json:
        """What deleting a card would take, to be shown before a person agrees: versions, text, uploads, runs."""
        row = self._collection(name)
        mine = {version["corpus"] for version in row["versions"]}
        others = {
            version["corpus"]: other["name"]
            for other in self._store.collections()
            if other["collection"] != row["collection"]
            for version in other["versions"]
        }
        corpora = [c for c in self._store.corpora() if c["corpus"] in mine - others.keys()]
        uploaded = bytes_in(self.uploads.folder / row["collection"]) if row["kind"] == "upload" else 0
        return {
            "card": row["collection"],
            "name": row["name"],
            "kind": row["kind"],
            "sources": row["sources"] if row["kind"] == "folder" else [],
            "versions": len(corpora),
            "bytes": sum(bytes_in(Path(c["path"])) for c in corpora) + uploaded,
            "uploaded_bytes": uploaded,
            "shared_with": sorted({others[corpus] for corpus in mine & others.keys()}),
            "runs": [
                {**{key: run[key] for key in ("run", "status", "started")}, "question": wording.head(run)}
                for corpus in corpora
                for run in self._store.runs(corpus["corpus"])
            ],
        }

    def delete(self, name: str) -> Json:
        """Delete a card with its text, uploads and runs; return the receipt.

        The store's receipt with `name`, `bytes` (freed), `uploaded_bytes`, `shared_with` (cards that keep the same
        text) and `kept_sources` (folders that were read in place, which stay). Raises NotFound, and Conflict while a
        run or a job uses it.
        """
        row = self._collection(name)
        if self.jobs.busy(row["collection"]):
            raise Conflict(f"{row['name']} is being read now; stop that first, then delete it.")
        before = self.before_delete(name)
        corpora = [version["corpus"] for version in row["versions"]]
        self._forget(corpora)
        try:
            receipt = self._store.delete_collection(row["collection"])
        except InputError as problem:
            raise Conflict(str(problem)) from problem
        self._forget(corpora)
        self.watching.set(row["collection"], False)
        self._hub.tell("corpora", card=row["collection"])
        self._hub.tell("runs")
        same = {key: before[key] for key in ("name", "bytes", "uploaded_bytes", "shared_with")}
        return {**receipt, **same, "kept_sources": before["sources"]}

    def _forget(self, corpora: list[str]) -> None:
        self.documents.forget(corpora)
        for corpus in corpora:
            self._sizes.pop(corpus, None)

    def _tell(self, job: Job) -> None:
        facts = reading.told(asdict(job))
        self._hub.tell("progress", what=facts.pop("kind"), **facts)
