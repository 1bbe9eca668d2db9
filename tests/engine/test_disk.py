"""The last bytes of a disk are kept for the record: what else would fill it is refused with a sentence."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from engine import disk
from engine.documents.ingest import ingest
from engine.errors import StoreError

GIB = 1 << 30


@pytest.fixture
def free(monkeypatch):
    """Pretend how large the disk is and how much of it is free."""

    def set_to(free: int, total: int = 500 * GIB) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=total, free=free))

    return set_to


def test_a_gigabyte_is_kept_and_of_a_small_disk_less(tmp_path, free):
    free(3 * GIB)
    assert (disk.floor(tmp_path), disk.room(tmp_path)) == (GIB, 2 * GIB)
    free(GIB // 2)
    assert disk.room(tmp_path) == 0
    free(GIB, total=10 * GIB)
    assert (disk.floor(tmp_path), disk.room(tmp_path)) == (GIB // 2, GIB // 2)


def test_a_corpus_that_would_touch_the_floor_is_refused_and_leaves_nothing(tmp_path, free):
    (tmp_path / "a.txt").write_text("word " * 1000)
    free(GIB + 6_000)
    with pytest.raises(
        StoreError, match=r"a\.txt cannot be stored: the disk .* nearly full.*Free some space"
    ):
        ingest([tmp_path / "a.txt"], tmp_path / "corpora")
    assert [entry.name for entry in (tmp_path / "corpora").iterdir()] == []
    free(GIB + 20_000)
    assert ingest([tmp_path / "a.txt"], tmp_path / "corpora").documents == 1
