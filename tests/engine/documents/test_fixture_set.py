"""The set of fixtures, written by other programs or hostile: each gives the expected text at its place, or the expected reason."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.documents.formats.pdf.scans import data_folder
from engine.documents.ingest import ingest
from tests.fixtures.hostile import FILES

FOLDER = Path(__file__).parents[2] / "fixtures"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())


@dataclass
class Read:
    corpus: Corpus
    reasons: dict[str, str]

    def text(self, name: str, inside: str) -> tuple[int, str]:
        full = f"{name}/{inside}" if inside else name
        assert full in self.corpus.names, self.reasons.get(full, "it gave no text and no reason")
        number = self.corpus.names.index(full)
        return number, str(self.corpus[number])


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    """All of them through the sandboxed parsers, together, as one folder."""
    root = tmp_path_factory.mktemp("fixtures")
    shutil.copytree(FOLDER / "documents", root / "all")
    (root / "all/hostile").mkdir()
    for name, (make, *_) in FILES.items():
        (root / "all/hostile" / name).write_bytes(make())
    info = ingest([root / "all"], root / "corpora")
    assert not any("without a sandbox" in notice for notice in info.notices)
    return Read(Corpus.open(info.path), {skip["path"]: skip["reason"] for skip in info.skipped})


def loose(text: str) -> str:
    return r"\s+(?:\|\s+)?".join(map(re.escape, text.split()))


@pytest.mark.parametrize("name", EXPECTED)
def test_what_other_programs_write_is_read_or_refused_as_expected(read: Read, name: str) -> None:
    expected = EXPECTED[name]
    inside = expected.get("in", "")
    if "reason" in expected:
        assert expected["reason"] in read.reasons[f"{name}/{inside}" if inside else name]
        return
    if expected.get("ocr") and not data_folder():
        pytest.skip("tesseract is not installed")
    number, text = read.text(name, inside)
    for words in expected["holds"]:
        found = re.search(loose(words), text)
        assert found, f"{words!r} is not in it:\n{text[:2000]}"
    if "page" in expected:
        assert read.corpus[number][found.start() : found.end()].page == expected["page"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file_gives_its_text_or_its_reason_and_harms_no_other(read: Read, name: str) -> None:
    _, inside, holds, reason = FILES[name]
    if holds:
        assert holds in read.text(f"hostile/{name}", inside)[1]
    else:
        full = f"hostile/{name}/{inside}" if inside else f"hostile/{name}"
        assert re.search(reason, read.reasons[full])


def test_the_set_is_as_large_and_as_foreign_as_it_says() -> None:
    files = {
        path.relative_to(FOLDER / "documents").as_posix() for path in (FOLDER / "documents").rglob("*.*")
    }
    assert files == set(EXPECTED) and len(FILES) >= 20 and len(files) + len(FILES) >= 80
    assert sum((FOLDER / "documents" / name).stat().st_size for name in files) < 3_000_000
    told = (FOLDER / "README.md").read_text()
    programs = {part.strip() for entry in EXPECTED.values() for part in entry["by"].split(",")}
    assert len(programs) > 10 and all(program in told for program in programs)
    reasons = (*(entry.get("reason", "") for entry in EXPECTED.values()), *(f[3] for f in FILES.values()))
    assert all(any(kind in reason for reason in reasons) for kind in (".doc", ".ppt", "rar", "PST"))
