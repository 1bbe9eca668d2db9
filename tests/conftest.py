"""Fixtures shared by all tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of its own for each test."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder
