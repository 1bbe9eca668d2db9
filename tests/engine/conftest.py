"""Corpora for tests: `ingested` through the real parser processes, `stored` straight into the layout. And patience."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.corpus.archive import Archive, ArchiveWriter
from engine.documents.ingest import CorpusInfo, ingest
from engine.kernel.host import client
from engine.text import passages

Files = dict[str, "str | bytes"]
LEASE = (
    "# Lease\n\nThis lease is between Anna Müller and the Northwind company.\n\n"
    "## Notice\n\nThe notice period is six months.\nIt must be given in writing.\n\n"
    "## Rent\n\nThe rent is 1,200 EUR a month, see invoice INV-2041.\n"
)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    return folder


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    return tmp_path / "corpora"


def fill(folder: Path, files: Files) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


@pytest.fixture
def add(source: Path, corpora: Path) -> Callable[[Files], CorpusInfo]:
    """Write files into the source folder and ingest it."""

    def add_files(files: Files) -> CorpusInfo:
        fill(source, files)
        return ingest([source], corpora, processes=1)

    return add_files


@pytest.fixture(scope="module")
def corpus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """The corpus of the FILES of a test module, through the real parser processes."""
    root: Path = tmp_path_factory.mktemp("corpus")
    fill(root / "source", request.module.FILES)
    return Corpus.open(ingest([root / "source"], root / "corpora").path)


@pytest.fixture
def ingested(add: Callable[[Files], CorpusInfo]) -> Callable[[Files], Corpus]:
    """Write files, ingest them and open the corpus."""
    return lambda files: Corpus.open(add(files).path)


def stored(folder: Path, texts: dict[str, str], pages: dict[str, list[int]] | None = None) -> Corpus:
    """Store texts without parsing or a search index: quick enough for hundreds of examples."""
    writer = ArchiveWriter(folder)
    for name, text in texts.items():
        encoded = text.encode()
        starts, headings = passages.split(text)
        offsets = [len(text[:start].encode()) for start in starts]
        writer.add(
            name, encoded, len(text), pages=(pages or {}).get(name, ()), passages=offsets, headings=headings
        )
    writer.close()
    return Corpus(Archive(folder))


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell that is to be stopped has a minute to react, where its session must live: so long a slow machine may take."""
    monkeypatch.setattr(client, "INTERRUPTS", 60 / client.STEP_SECONDS)
