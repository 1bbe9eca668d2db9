"""Documents come in by `Engine.add`: what of a folder is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.corpus import Corpus
from engine.engine import Engine
from tests.engine.conftest import fill

pytestmark = pytest.mark.sandbox


def test_our_own_data_in_a_folder_is_not_read_as_documents(tmp_path: Path, kernels: Any) -> None:
    fill(tmp_path / "case", {"a.txt": "a", "data/notes.txt": "an older answer"})
    with Engine(tmp_path / "case" / "data", None, kernels) as engine:
        first = engine.add([tmp_path / "case"])
        assert [document.name for document in Corpus.open(first.path)] == ["a.txt"]
        assert any("Taproot's own data" in notice for notice in first.notices)
        assert engine.add([tmp_path / "case"]).id == first.id
