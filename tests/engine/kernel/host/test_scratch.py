"""Scratch folders are measured and removed, whatever was left in them."""

from __future__ import annotations

import os

from engine.kernel.host import scratch


def test_usage_counts_what_lies_deep_and_stops_at_the_limit(tmp_path):
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").write_bytes(b"x" * 100_000)
    assert 100_000 <= scratch.usage(tmp_path, 1 << 30) < 200_000
    assert scratch.usage(tmp_path, 50_000) == 50_001


def test_too_many_files_are_over_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(scratch, "MAX_FILES", 10)
    for i in range(12):
        (tmp_path / str(i)).touch()
    assert scratch.usage(tmp_path, 1 << 30) == (1 << 30) + 1


def test_a_folder_that_is_gone_uses_nothing(tmp_path):
    assert scratch.usage(tmp_path / "gone", 100) == 0


def test_removing_lifts_what_is_too_deep_for_a_path(tmp_path):
    top = tmp_path / "scratch"
    top.mkdir()
    (top / "file").touch()
    (top / "link").symlink_to(tmp_path)
    (tmp_path / "outside").touch()
    here = os.open(top, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d" * 100, dir_fd=here)
        inner = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(os.open("file", os.O_CREAT, dir_fd=inner))
        os.close(here)
        here = inner
    os.close(here)
    scratch.remove(top)
    assert not top.exists()
    assert (tmp_path / "outside").exists()


def test_removing_what_is_not_there_is_no_error(tmp_path):
    scratch.remove(tmp_path / "gone")
