"""What a deletion leaves to be done while others delete, ask and fork, and what its receipt names as staying."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from app.command_line.keeping.receipt import receipt_words
from engine.errors import InputError
from engine.store import Store, delete
from engine.store.database import compact
from tests.engine.events.facts import started
from tests.engine.store.conftest import begin, tell
from tests.engine.store.test_delete import SECRET, fill, holding, save_corpus


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"corpus": "c1"}, "The documents (c1) were deleted meanwhile"),
        ({"session": "RUN", "follows": "RUN"}, "The run that this question follows (RUN) was deleted"),
        ({"forked": {"run": "RUN", "node": "0", "cell": 1}}, "The run that is forked (RUN) was deleted"),
    ],
)
def test_no_run_begins_on_what_was_deleted_while_it_was_made_ready(
    store: Store, more: dict, why: str
) -> None:
    save_corpus(store, "c1")
    run = begin(store, corpus="c2")
    tell(store, run)
    store.delete_run(run)
    store.delete_corpus("c1")
    wanted = json.loads(json.dumps(more).replace("RUN", run))
    with pytest.raises(InputError) as refused:
        store.new_run(started(question=f"{SECRET}?", **wanted))
    assert why.replace("RUN", run) in str(refused.value) and store.runs() == []
    save_corpus(store, "c1")
    assert begin(store, corpus="c1")


def test_a_run_that_is_deleted_while_another_deletion_ends_is_swept_all_the_same(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = fill(store, "c1", 2)
    shrink, taken = compact.shrink, []

    def meanwhile(db: sqlite3.Connection) -> bool:
        if not taken:  # as another thread or program does it, between two steps
            taken.append(delete.take_run(db, second))
        return shrink(db)

    monkeypatch.setattr(compact, "shrink", meanwhile)
    assert store.delete_run(first)["erased"] and taken
    assert holding(folder, f"{SECRET} {first}") == []
    store._write(
        lambda db: delete.finish(db, folder), "alone"
    )  # what the other one, or the next opening, does
    assert store.events(second) == [] and holding(folder, f"{SECRET} {second}") == []


def test_a_receipt_says_what_its_deletion_did_though_the_store_is_idle_between_two_steps(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_corpus(store, "c1")
    (run,) = fill(store, "c1", 1)
    (folder / "backups").mkdir()
    (folder / "backups" / "taproot-20260101-000000.db").write_bytes(b"a backup")
    write = store._write

    def after_idling(*given: Any) -> Any:
        store._writer.submit(store._finish_others, "alone").result()  # as its tick does, every few seconds
        return write(*given)

    monkeypatch.setattr(store, "_write", after_idling)
    receipt = store.delete_corpus("c1")
    assert (receipt["runs"], receipt["folders"], receipt["backups"], receipt["blobs"]) == ([run], 1, 1, 2)
    assert receipt["erased"] and holding(folder, SECRET) == []


def test_a_receipt_of_a_collection_names_no_run_that_went_with_it(store: Store, folder: Path) -> None:
    row = {"collection": "k1", "kind": "folder", "name": "letters", "sources": []}
    for corpus in ("c1", "c2"):
        store.save_version(row, {"id": corpus, "name": "letters"}, None)
    first = store.new_run(started(question="Who?", corpus="c1"))
    tell(store, first)
    later = store.new_run(started(question="And then?", corpus="c2", session=first, follows=first))
    tell(store, later)
    receipt = store.delete_collection("k1")
    assert sorted(receipt["runs"]) == sorted([first, later]) and receipt["quoted_by"] == []


def test_a_receipt_names_the_list_that_holds_the_question_until_that_goes_too(
    store: Store, folder: Path
) -> None:
    name = store.new_list("c1", {"model": "m"}, [(f"{SECRET}?", None)])
    run = begin(store, question=f"{SECRET}?")
    tell(store, run)
    store.attach_row(name, 1, run)
    receipt = store.delete_run(run)
    assert receipt["asked_in"] == [name] and holding(folder, SECRET)
    assert name in receipt_words(receipt)
    assert store.delete_list(name)["asked_in"] == [] and holding(folder, SECRET) == []
