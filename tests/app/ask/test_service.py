"""What the form offers and asks about when documents are read again meanwhile. No browser, no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.ask import service
from app.library.service import Library
from app.questions.service import Asking
from engine.store import Store
from tests.app.library.opened import Hub, add, done, open_library
from tests.engine.conftest import fill


@pytest.fixture
def library(data_dir: Path) -> Iterator[Library]:
    with Store(data_dir) as store:
        opened = open_library(store, data_dir)
        yield opened
        opened.close()


@pytest.fixture
def bench(library: Library, data_dir: Path) -> Any:
    """A workbench whose runs and lists are only noted."""
    asked: list[str] = []
    runs = SimpleNamespace(
        start=lambda question, corpus, *rest, **more: (asked.append(corpus), SimpleNamespace(run="r"))[1]
    )
    models = SimpleNamespace(loading=lambda: False, choices=lambda: ([], None))
    engine = SimpleNamespace(store=library._store, model=None)
    return SimpleNamespace(
        library=library, data_dir=data_dir, runs=runs, models=models, asked=asked, engine=engine, hub=Hub()
    )


def test_the_choice_stays_with_the_documents_that_were_read_again(
    library: Library, bench: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "mine", {"a.txt": "a"})
    fill(tmp_path / "newer", {"b.txt": "b"})
    chosen = add(library, tmp_path / "mine")
    newer = add(library, tmp_path / "newer")
    assert service.corpora(bench, None)[1] == newer["id"]
    assert service.corpora(bench, chosen["id"])[1] == chosen["id"]
    service.remember(bench, chosen["id"])
    fill(tmp_path / "mine", {"a.txt": "changed"})
    done(library, library.rescan(chosen["card"]))
    now = library.card(chosen["card"])["id"]
    assert now != chosen["id"] and library.card(now)["versions"] == [now]  # the one before was used by nobody
    assert service.corpora(bench, chosen["id"])[1] == now
    assert service.corpora(bench, None)[1] == now
    service.start(bench, "Who?", chosen["id"], None, "", {})
    assert bench.asked == [now]
    monkeypatch.setattr(Asking, "_begin", lambda self, name: None)
    lists = Asking(bench)
    begun = lists.start(chosen["id"], "Who?", each=False, title="")
    assert bench.engine.store.question_list(begun["list"])["corpus"] == now
