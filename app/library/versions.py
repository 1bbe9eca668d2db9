"""Versions of a collection: what another reading of its files gave, how that differs from the last, what is let go."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from app.library import wording
from engine.corpus import contents
from engine.documents.discover import existing
from engine.documents.ingest import CorpusInfo, to_json
from engine.errors import InputError, TaprootError
from engine.store import Store
from engine.types import Json

SHOWN_CHANGES = 200  # names of each kind that a version keeps


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of a reading: a `sentence` for a person, the `result` of the job, versions that were `dropped`."""

    sentence: str
    result: Json
    dropped: list[str]


def require_sources(row: Json) -> None:
    """Raise InputError where the files of a collection cannot be read again: they were uploaded, or are gone."""
    if row["kind"] == "upload":
        raise InputError(
            f"The files of {row['name']} were uploaded, so there is no folder to read again. "
            "Add them once more, or add their folder by its path."
        )
    for source in row["sources"]:
        try:
            existing(Path(source))
        except InputError as problem:
            raise InputError(
                f"{str(problem).removesuffix('.')}. {row['name']} stays as it was read last."
            ) from problem


def save(store: Store, row: Json, info: CorpusInfo) -> Saved:
    """Make `info` the newest version of the collection `row`, or of one with the same sources that was made meanwhile.

    Versions that no run used are let go.
    """
    there = store.collections()
    same = (c["collection"] for c in there if c["kind"] == row["kind"] and c["sources"] == row["sources"])
    row = {**row, "collection": row["collection"] or next(same, None) or store.new_collection()}
    before = next((c for c in there if c["collection"] == row["collection"]), None)
    last = before["versions"][-1]["corpus"] if before else None
    changes = _changes(store, last, info) if last else None
    store.save_version(row, to_json(info), changes)
    dropped = [
        version["corpus"]
        for version in (before["versions"] if before else [])
        if version["corpus"] != info.id and store.drop_unused(version["corpus"])
    ]
    result = {"card": row["collection"], "id": info.id, "changes": changes, "unchanged": last == info.id}
    others = _others(store, row["collection"], info.id)
    return Saved(wording.sentence(info, result, others), result, dropped)


def _changes(store: Store, last: str, info: CorpusInfo) -> Json:
    if last == info.id:
        return None
    try:
        found = asdict(contents.changes(Path(store.corpus(last)["path"]), info.path))
    except TaprootError:  # the text of the version before was removed by hand
        return None
    found["moved"] = [f"{before} → {now}" for before, now in found["moved"]]
    same = found.pop("same")
    listed = {kind: {"count": len(names), "names": [*names[:SHOWN_CHANGES]]} for kind, names in found.items()}
    return {**listed, "same": {"count": same, "names": []}}


def _others(store: Store, card: str, corpus: str) -> list[str]:
    """The names of other collections whose newest version is this corpus."""
    return [
        row["name"]
        for row in store.collections()
        if row["collection"] != card and row["versions"] and row["versions"][-1]["corpus"] == corpus
    ]
