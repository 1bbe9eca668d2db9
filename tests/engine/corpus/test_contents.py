"""What is in a corpus, file by file, and how two versions of a folder differ."""

from pathlib import Path

import pytest

from engine.corpus.archive import INDEX, Archive
from engine.corpus.contents import changes, entries, source_bytes
from engine.errors import StoreError


def test_each_file_has_its_size_and_its_problems(add, source: Path) -> None:
    info = add(
        {"a.txt": "one", "b.bin": bytes(range(200)), "c.pdf": "no pdf: at all", "d": b"text \xff\xfe" * 40}
    )
    found = {entry.name: entry for entry in entries(info.path, Archive(info.path))}
    assert [*found] == ["a.txt", "c.pdf", "d", "b.bin"]
    assert (found["a.txt"].status, found["a.txt"].bytes, found["a.txt"].chars) == ("ok", 3, 3)
    assert (found["b.bin"].status, found["b.bin"].document, found["b.bin"].bytes) == ("skipped", None, 200)
    assert found["b.bin"].problems == ("it is binary, not text",)
    assert (found["c.pdf"].status, found["c.pdf"].problems) == (
        "partly",
        ("it is called .pdf but is plain text.",),
    )
    assert source_bytes(info.path) == 3 + 200 + 14 + 280


def test_changes_name_what_came_went_moved_and_differs(add, source: Path) -> None:
    first = add({"same.txt": "s", "old.txt": "o", "edit.txt": "1", "here/a.txt": "a", "b.txt": "a"})
    (source / "old.txt").unlink()
    (source / "here/a.txt").rename(source / "there.txt")
    second = add({"new.txt": "n", "edit.txt": "2", "copy.txt": "s"})
    found = changes(first.path, second.path)
    assert (found.added, found.changed, found.removed) == (
        ("copy.txt", "new.txt"),
        ("edit.txt",),
        ("old.txt",),
    )
    assert found.moved == (("here/a.txt", "there.txt"),) and found.same == 2
    assert found and not changes(first.path, first.path)


def test_each_file_that_went_is_moved_once(add, source: Path) -> None:
    first = add({"a1.txt": "a", "a2.txt": "a", "b.txt": "b"})
    (source / "a1.txt").unlink()
    (source / "a2.txt").unlink()
    second = add({f"n{n}.txt": "a" for n in range(3)})
    found = changes(first.path, second.path)
    assert found.moved == (("a1.txt", "n0.txt"), ("a2.txt", "n1.txt"))
    assert (len(found.added), found.removed, found.same) == (1, (), 1)


@pytest.mark.parametrize("lost", [1, 3, 8, 40, 200])
def test_a_corpus_that_lost_the_end_of_its_index_is_not_opened(add, lost: int) -> None:
    path = add({"a.md": "# One\n\ntwo"}).path
    (path / INDEX).write_bytes((path / INDEX).read_bytes()[:-lost])
    with pytest.raises(StoreError, match="Add its folder again"):
        Archive(path)


def test_a_folder_whose_stored_corpus_is_damaged_is_read_anew(add, source: Path) -> None:
    first = add({"a.md": "one", "b.md": "two"})
    (first.path / INDEX).write_bytes((first.path / INDEX).read_bytes()[:-60])
    second = add({"b.md": "three"})
    assert [Archive(second.path).text(n) for n in (0, 1)] == ["one", "three"]
