"""Notes belong to texts: they stay while a corpus has the text, and go with the last one that does."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from engine.errors import InputError
from engine.notes.questions import QUESTIONS
from engine.store import Store
from tests.engine.notes.conftest import answer

pytestmark = pytest.mark.sandbox


def rows(desk, table):
    with sqlite3.connect(desk.store.folder / "taproot.db") as db:
        return db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_they_go_with_their_corpus(desk):
    desk.make()
    desk.store.delete_corpus(desk.corpus.id)
    assert [rows(desk, table) for table in ("note", "noted", "corpus_text")] == [0, 0, 0]


@pytest.mark.parametrize("added", ["before", "after"])
def test_a_text_that_another_corpus_has_keeps_its_notes(desk, tmp_path, added):
    other = tmp_path / "other"
    other.mkdir()
    (other / "copy.md").write_text((desk.folder / "lease.md").read_text())
    corpus = desk.engine.add([other]) if added == "before" else None
    desk.make()
    corpus = corpus or desk.engine.add([other])
    assert len(desk.notes(corpus.id)) == 6
    desk.store.delete_corpus(desk.corpus.id)
    assert len(desk.notes(corpus.id)) == 6 and rows(desk, "noted") == 1
    desk.store.delete_corpus(corpus.id)
    assert rows(desk, "note") == 0


def test_a_version_that_is_let_go_takes_only_what_the_newer_one_has_not(desk):
    row = {"collection": "c1", "kind": "folder", "name": "papers", "sources": [str(desk.folder)]}
    desk.store.save_version(row, facts(desk.corpus), None)
    desk.make()
    (desk.folder / "letter.txt").write_text("Another letter.\n")
    old, new = desk.corpus, desk.engine.add([desk.folder])
    desk.store.save_version(row, facts(new), None)
    assert desk.store.drop_unused(old.id)
    assert len(desk.notes(new.id)) == 6 and rows(desk, "noted") == 1


def test_no_word_of_the_notes_of_a_version_that_is_let_go_is_left(desk):
    row = {"collection": "c1", "kind": "folder", "name": "papers", "sources": [str(desk.folder)]}
    (desk.folder / "letter.txt").write_text("Zyxquop can wait until noon.\n")
    old = desk.corpus = desk.engine.add([desk.folder])
    desk.store.save_version(row, facts(old), None)
    desk.make(lambda request: "Zyxquop" if "Zyxquop" in request.messages[-1].content else "NONE")
    assert (1, "fact", "Zyxquop") in desk.notes()
    (desk.folder / "letter.txt").write_text("Another letter.\n")
    desk.store.save_version(row, facts(desk.engine.add([desk.folder])), None)
    assert desk.store.drop_unused(old.id)
    files = [file for file in desk.store.folder.rglob("*") if file.is_file()]
    assert [file.name for file in files if b"Zyxquop" in file.read_bytes()] == []


def test_a_reply_that_comes_after_its_corpus_went_is_not_kept(desk):
    desk.make()
    text = desk.store.noted(desk.corpus.id, "scripted")[0][0]
    state = desk.store.noted(desk.corpus.id, "scripted")[1][text]
    desk.store.delete_corpus(desk.corpus.id)
    desk.store.save_notes(text, ("scripted", "scripted"), [], state)
    assert rows(desk, "noted") == 0


def test_no_more_is_asked_about_documents_that_another_program_deletes(desk):
    def reply(request):
        with Store(desk.store.folder) as other, contextlib.suppress(InputError):
            other.delete_corpus(desk.corpus.id)
        return answer(request)

    with pytest.raises(InputError, match="deleted meanwhile"):
        desk.make(reply)
    assert desk.asked() == len(QUESTIONS)
    assert rows(desk, "note") == 0


def test_a_database_of_before_gets_the_tables(desk):
    desk.engine.close()
    with sqlite3.connect(desk.store.folder / "taproot.db") as db:
        for table in ("note", "noted", "corpus_text"):
            db.execute(f"DROP TABLE {table}")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm011_notes'")
    with Store(desk.store.folder) as store:
        assert store.notes_on(desk.corpus.id) == []


def facts(info):
    return {
        "id": info.id,
        "name": info.name,
        "path": str(info.path),
        "sources": [],
        "documents": info.documents,
    }
