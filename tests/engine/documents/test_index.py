"""The search index of a folder that is read again goes on from the one before, and nobody can tell."""

from __future__ import annotations

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.corpus.archive import SEARCH, Archive
from engine.corpus.search import forms
from engine.corpus.search.placement import Placement, joined, placement_of
from engine.documents import parser_pool
from engine.documents.ingest import ingest
from engine.documents.writing.index import IndexWriter
from engine.errors import Cancelled

WORDS = "harbour lease tenant vote cargo rent ship clerk ledger oak river market letter board".split()


def texts(count: int, seed: int = 1) -> dict[str, str]:
    """Documents of a few passages; many passages of different documents fit a query equally well."""
    dice = random.Random(seed)
    lines = [" ".join(dice.choices(WORDS, k=8)) + "." for _ in range(30)]
    return {
        f"{n:02}.md": f"# File {n}\n\n" + "\n\n".join(" ".join(dice.choices(lines, k=12)) for _ in range(5))
        for n in range(count)
    }


@pytest.fixture
def indexed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the rows that are written to an index."""
    rows: list[int] = []
    real = IndexWriter._insert

    def record(self: IndexWriter, found: list) -> None:
        rows.extend(row for row, _, _ in found)
        real(self, found)

    monkeypatch.setattr(IndexWriter, "_insert", record)
    return rows


def placed(path: Path) -> Placement:
    with sqlite3.connect(path / SEARCH) as index:
        return placement_of(index, len(Archive(path).passage_start))


def change(source: Path) -> dict[str, str]:
    """Change one file, move one, remove one; what is added besides."""
    (source / "03.md").write_text("# Changed\n\nthe harbour is closed")
    (source / "05.md").rename(source / "aa.md")
    (source / "07.md").unlink()
    return {"04a.md": "# New\n\nA ship of the harbour board."}


def test_only_what_changed_is_indexed(add, source: Path, indexed: list[int]) -> None:
    first = add(texts(20))
    assert len(indexed) == len(Archive(first.path).passage_start) > 40
    moved = Archive(first.path).passages(5)
    indexed.clear()
    second = add(change(source))
    assert len(indexed) == 2 + len(moved)
    assert min(indexed) > max(row for _, row, _ in placed(first.path).runs)
    corpus = Corpus.open(second.path)
    assert corpus.search("closed", 1)[0].name == "03.md" and corpus.search("File 5", 1)[0].name == "aa.md"


def test_a_search_finds_what_it_finds_in_an_index_made_anew(add, source: Path, tmp_path: Path) -> None:
    add(texts(30))
    again = add(change(source))
    fresh = ingest([source], tmp_path / "fresh", processes=1)
    assert again.id == fresh.id and placed(again.path).runs != placed(fresh.path).runs
    one, other = Corpus.open(again.path), Corpus.open(fresh.path)
    for query in (
        *WORDS,
        "harbour lease",
        '"rent ship" vote',
        "who is the clerk of the harbour board?",
        "File 5",
    ):
        for scope in (slice(None), slice(2, 9), slice(4, 5)):
            assert repr(one[scope].search(query, 9)) == repr(other[scope].search(query, 9)), (query, scope)
            assert repr(one[scope].passages(query, 4)) == repr(other[scope].passages(query, 4)), (
                query,
                scope,
            )


def test_of_passages_that_fit_equally_well_the_first_comes_first(add, source: Path) -> None:
    add({f"{n}.txt": f"an oak called {word}" for n, word in enumerate(("ash", "elm", "yew", "fir", "bay"))})
    (source / "4.txt").rename(source / "0a.txt")
    corpus = Corpus.open(add({"3.txt": "an oak called nut"}).path)
    assert [hit.name for hit in corpus.search("oak", 5)] == ["0.txt", "0a.txt", "1.txt", "2.txt", "3.txt"]


def test_words_in_every_passage_are_found_all_over(
    add, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.corpus.search.full_text.COMMON", 3)
    add(texts(30))
    again = Corpus.open(add(change(source)).path)
    fresh = Corpus.open(ingest([source], tmp_path / "fresh", processes=1).path)
    for query in ("harbour lease", "tenant vote cargo"):
        assert repr(again.search(query, 9)) == repr(fresh.search(query, 9))


def test_no_word_of_what_went_is_left_in_the_file(add, source: Path, corpora: Path) -> None:
    add({**texts(20), "secret.md": "# Canary\n\nzyzzogeton and quaxwombat sing\n"})
    (source / "secret.md").unlink()
    (source / "02.md").write_text("# Other\n\nwords")
    path = add({}).path
    assert placed(path).end > len(Archive(path).passage_start) + 1  # it went on
    data = (path / SEARCH).read_bytes().lower()
    for word in (b"zyzzo", b"quaxw", b"zogeton", b"wombat", b"canary"):
        assert word not in data


def test_an_index_that_is_gone_on_from_does_not_grow(add, source: Path) -> None:
    first = add(texts(60))
    (source / "02.md").write_text("# Other\n\nwords")
    second = add({})
    assert placed(second.path).end > placed(first.path).end
    assert (second.path / SEARCH).stat().st_size <= 1.3 * (first.path / SEARCH).stat().st_size


def test_a_small_part_that_stayed_is_no_reason_to_go_on(add, source: Path, indexed: list[int]) -> None:
    add({f"{n}.txt": f"text {n} " * 50 for n in range(6)})
    for n in range(4):
        (source / f"{n}.txt").unlink()
    indexed.clear()
    path = add({"new.txt": "new " * 300}).path
    assert len(indexed) == len(Archive(path).passage_start)
    assert placed(path).runs == [(0, 1, len(Archive(path).passage_start))]


def test_an_index_of_an_older_app_is_not_gone_on_from(add, source: Path, indexed: list[int]) -> None:
    first = add(texts(10))
    with sqlite3.connect(first.path / SEARCH) as index:
        index.execute("drop table runs")
    index.close()
    assert Corpus.open(first.path).search("harbour", 1)
    indexed.clear()
    path = add({"new.md": "new"}).path
    assert len(indexed) == len(Archive(path).passage_start)


def test_an_older_app_refuses_an_index_whose_rows_lie_elsewhere(add, source: Path) -> None:
    add(texts(10))
    path = add({"00a.md": "new"}).path
    with sqlite3.connect(path / SEARCH) as index:
        assert index.execute("pragma user_version").fetchone() == (forms.MOVED,)


def test_a_damaged_index_is_made_anew(add, source: Path, indexed: list[int]) -> None:
    first = add(texts(20))
    with sqlite3.connect(first.path / SEARCH) as index:
        index.execute("update passages_data set block = zeroblob(40) where id > 1")
    index.close()
    again = add(change(source))
    assert Corpus.open(again.path).search("closed", 1)[0].name == "03.md"
    assert [path.name for path in again.path.parent.glob(".new-*")] == []


def test_a_stop_at_any_time_leaves_nothing(
    add, source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parser_pool, "POLL_SECONDS", 300.0)  # how often it is asked is no matter of speed
    add(texts(20))
    change(source)
    before = sorted(path.name for path in corpora.iterdir())
    for step in range(1, 100):
        asked = iter(range(1, 10_000))
        try:
            ingest([source], corpora, processes=1, cancel=lambda: next(asked) == step)  # noqa: B023
        except Cancelled:
            assert sorted(path.name for path in corpora.iterdir()) == before
        else:
            break
    assert 20 < step < 99


def test_the_reading_before_may_go_meanwhile(add, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = add(texts(20))
    real = IndexWriter.__init__

    def gone(self: IndexWriter, folder: Path, before: Path | None = None, check=lambda: None) -> None:
        shutil.rmtree(first.path)
        real(self, folder, before, check)

    monkeypatch.setattr(IndexWriter, "__init__", gone)
    again = add(change(source))
    assert Corpus.open(again.path).search("closed", 1)[0].name == "03.md"


def test_runs_say_which_row_is_which_passage() -> None:
    placed = Placement(joined([(3, 1, 2), (0, 7, 2), (2, 9, 1), (5, 3, 2)]))
    assert placed.runs == [(0, 7, 3), (3, 1, 4)] and placed.end == 10
    rows = [row for low, high in placed.ranges(0, 7) for row in range(low, high)]
    assert rows == [7, 8, 9, 1, 2, 3, 4] and [placed.passage(row) for row in rows] == [*range(7)]
    assert placed.ranges(2, 4) == [(9, 10), (1, 2)] and placed.ranges(7, 9) == []
