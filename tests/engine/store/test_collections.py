"""Collections: names that stay, versions that come, and what goes when one is deleted."""

from pathlib import Path

import pytest

from engine.errors import InputError
from engine.store import Store
from tests.engine.store.conftest import begin, tell
from tests.engine.store.test_delete import SECRET, holding, save_corpus


def row(collection: str, name: str = "Papers", kind: str = "folder", sources: tuple[str, ...] = ("/p",)):
    return {"collection": collection, "kind": kind, "name": name, "sources": [*sources]}


def save(store: Store, collection: str, corpus: str, **changes) -> int:
    folder = store.corpora_dir / corpus
    if not folder.exists():
        save_corpus(store, corpus)
    return store.save_version(row(collection, f"{SECRET} {collection}"), store.corpus(corpus), changes)


def test_a_collection_keeps_its_name_while_versions_come(store: Store) -> None:
    name = store.new_collection()
    assert [save(store, name, corpus) for corpus in ("a", "a", "b", "a")] == [1, 1, 2, 3]
    store.rename_collection(name, "My papers")
    save(store, name, "c", added=["x"])
    (found,) = store.collections()
    assert found["name"] == "My papers"
    assert [(v["number"], v["corpus"]) for v in found["versions"]] == [(1, "a"), (2, "b"), (3, "a"), (4, "c")]
    assert found["versions"][3]["changes"] == {"added": ["x"]}
    assert (store.corpus("c")["name"], store.corpus("c")["current"]) == ("My papers", True)
    assert [(row["corpus"], row["current"]) for row in store.corpora()][::-1] == [
        ("a", False),
        ("b", False),
        ("c", True),
    ]
    with pytest.raises(InputError, match="no collection"):
        store.rename_collection("none", "x")


def test_the_last_questions_of_some_corpora(store: Store) -> None:
    runs = [begin(store, corpus=corpus, question=f"about {corpus}") for corpus in ("a", "b", "a", "c")]
    found = store.latest_runs(["a", "c"], 2)
    assert [(row["run"], row["question"], row["status"]) for row in found] == [
        (runs[3], "about c", "running"),
        (runs[2], "about a", "running"),
    ]


def test_corpora_of_the_command_line_are_adopted_once(store: Store) -> None:
    for corpus, sources in (("c1", ["/a"]), ("c2", ["/b"]), ("c3", ["/a"])):
        store.save_corpus({"id": corpus, "name": "case", "sources": sources})
    assert (store.adopt(), store.adopt()) == (3, 0)
    assert {tuple(c["sources"]): [v["corpus"] for v in c["versions"]] for c in store.collections()} == {
        ("/a",): ["c1", "c3"],
        ("/b",): ["c2"],
    }


def test_deleting_takes_all_versions_runs_and_uploads(store: Store, folder: Path) -> None:
    save(store, "one", "a")
    store.save_version(row("one", SECRET, kind="upload"), store.corpus("a"), None)
    save(store, "two", "b")
    save(store, "two", "shared")
    save(store, "one", "shared")
    runs = [begin(store, corpus=corpus, question=f"{SECRET} a") for corpus in ("a", "shared", "b")]
    for run in runs:
        tell(store, run, "x")
    upload = folder / "uploads" / "one"
    upload.mkdir(parents=True)
    (upload / "file").write_text(SECRET)
    seen = store.corpora_dir / ".seen" / "x.json"
    seen.parent.mkdir()
    seen.write_text('{"corpus": "a"}')
    store._write(lambda db: db.execute("UPDATE collection SET kind = 'upload' WHERE collection = 'one'"))

    receipt = store.delete_collection("one")
    assert (receipt["corpora"], receipt["runs"], receipt["kept"]) == (["a"], [runs[0]], ["shared"])
    assert receipt["folders"] == 2 and receipt["erased"] and not upload.exists() and not seen.exists()
    assert holding(folder, f"{SECRET} one") == [] and holding(folder, f"{SECRET} of a") == []
    assert [c["collection"] for c in store.collections()] == ["two"]
    assert store.was_deleted("collection", "one") and not store.was_deleted("collection", "two")

    store.delete_corpus("b")  # as the command line does: one version of several
    assert [v["corpus"] for v in store.collections()[0]["versions"]] == ["b", "shared"]
    store.delete_corpus("shared")
    assert store.collections() == [] and [p.name for p in store.corpora_dir.iterdir()] == [".seen"]
    with pytest.raises(InputError, match="no collection"):
        store.delete_collection("two")


def test_an_older_version_is_dropped_only_when_nothing_needs_it(store: Store) -> None:
    for corpus in ("a", "b", "c"):
        save(store, "one", corpus)
    save(store, "two", "b")
    tell(store, begin(store, corpus="a"), "x")
    save(store, "one", "d")
    assert [store.drop_unused(corpus) for corpus in ("a", "b", "c", "d")] == [False, False, True, False]
    assert sorted(p.name for p in store.corpora_dir.iterdir()) == ["a", "b", "d"]
    with Store(store.folder) as again:  # nothing is left to finish
        assert [v["corpus"] for v in again.collections()[1]["versions"]] == ["a", "b", "c", "d"]
