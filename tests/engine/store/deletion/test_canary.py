"""A canary in documents, names, questions, cells, outputs, answers, titles and kept questions: after deleting, no byte of it.

Every byte of the data folder is looked at, in any case, in UTF-8 and UTF-16, and what is packed is unpacked.
"""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import zipfile
import zlib
from pathlib import Path

import pytest

from engine import checks
from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.notes.making import make_notes
from engine.store import Store
from engine.store.database import database
from tests.engine.run.conftest import cell

CANARY = "Qzwx4711Heliotrope"
PACKED = re.compile(rb"\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]|PK\x03\x04")  # gzip, zlib, an entry of a ZIP


def places(folder: Path, word: str = CANARY) -> set[str]:
    """Where a word stands below a folder: names of files, `name` or `name, packed`."""
    found = set()
    for root, folders, names in os.walk(folder):
        found |= {name for name in (*folders, *names) if word.lower() in name.lower()}
        for name in names:
            data = (Path(root) / name).read_bytes()
            found |= {name} if holds(data, word) else set()
            found |= {f"{name}, packed"} if any(holds(part, word) for part in unpacked(data)) else set()
    return found


def holds(data: bytes, word: str) -> bool:
    lower = data.lower()  # ASCII letters, also those of UTF-16
    return any(word.lower().encode(how) in lower for how in ("utf-8", "utf-16-le", "utf-16-be"))


def unpacked(data: bytes):
    for match in PACKED.finditer(data):
        at, bits = match.start(), 47
        if match[0].startswith(b"PK"):
            at += 30 + sum(int.from_bytes(data[at + n : at + n + 2], "little") for n in (26, 28))
            bits = -15
        try:
            yield zlib.decompressobj(bits).decompress(data[at:], 1 << 24)
        except zlib.error:
            continue


@pytest.fixture
def used(data_dir: Path, tmp_path: Path, kernels):
    """Two corpora and three runs; the first corpus and all about it hold the canary."""
    secret, plain = tmp_path / CANARY, tmp_path / "plain"
    for folder, text in (
        (secret, f"The {CANARY} is kept in the cellar.\n{CANARY.upper()}\n"),
        (plain, "Nothing.\n"),
    ):
        folder.mkdir()
        (folder / f"{folder.name}.txt").write_text(text * 50)
    look = f"hits = context.grep({CANARY!r})\nprint('{CANARY} ' * 9000)\nprint({CANARY!r}.upper().encode('utf-16-le').hex())\nhits"
    draw = f"import matplotlib.pyplot as plt\nplt.title({CANARY!r})\nplt.show()\nllm_query('Is it {CANARY}?')"
    replies = [cell(look), cell(draw), f"yes, {CANARY}", cell(f"FINAL('{CANARY} is there', hits)")]
    model = ScriptedModel([*replies, cell("FINAL('no')"), cell(f"FINAL('no {CANARY}')"), cell("FINAL('no')")])
    with Engine(data_dir, model, kernels) as engine:
        corpus, other = engine.add([secret]), engine.add([plain])
        make_notes(engine.store, ScriptedModel(lambda request: CANARY), corpus.id)
        first = engine.ask(f"Where is the {CANARY}?", corpus)
        kept = engine.ask("Is anything here?", other)
        alone = engine.ask(f"Is {CANARY} here?", other)
        engine.store.name_session(first.run, f"About {CANARY}")
        checks.keep(engine.store, first.run, f"{CANARY}, in the cellar")
        database._back_up(data_dir / database.FILE_NAME, 5.0)  # as before a migration
        yield engine.store, corpus, first.run, alone.run, kept.run


def test_a_deleted_corpus_is_nowhere_in_the_data_folder(used, data_dir: Path) -> None:
    store, corpus, first, alone, kept = used
    before = places(data_dir)
    assert CANARY in str(store.notes_on(corpus.id))
    assert {"taproot.db", "text.bin"} <= before or len(before) >= 3, before
    assert [hit.run for hit in store.find(CANARY.lower(), 9)] != []
    receipt = store.delete_corpus(corpus.id)
    assert (receipt["runs"], receipt["corpora"], receipt["checks"], receipt["backups"]) == (
        [first],
        [corpus.id],
        1,
        1,
    )
    assert receipt["erased"] and receipt["folders"] == 1 and receipt["bytes"] > 0
    assert receipt["heads"][first]["events"] == receipt["events"] > 10
    assert {hit.run for hit in store.find(CANARY, 9)} == {alone}
    receipt = store.delete_run(alone)
    assert receipt["erased"] and store.find(CANARY, 9) == []
    assert places(data_dir) == set()
    assert store.check() == [] and [row["run"] for row in store.runs()] == [kept]


def test_nothing_of_it_comes_back_after_a_restart(used, data_dir: Path) -> None:
    store, corpus, _, alone, _ = used
    store.delete_run(alone)
    store.delete_corpus(corpus.id)
    with Store(data_dir) as again:
        assert again.find(CANARY, 9) == [] and again.kept() == []
    assert places(data_dir) == set()


def test_the_search_of_this_test_finds_what_is_hidden(tmp_path: Path) -> None:
    """A canary that is packed, in UTF-16, or the name of a file is seen."""
    hidden = f"behind {CANARY.upper()}".encode()
    (tmp_path / "a").write_bytes(gzip.compress(hidden))
    (tmp_path / "b").write_bytes(b"head" + zlib.compress(hidden) + b"tail")
    (tmp_path / "c").write_bytes(CANARY.encode("utf-16-be"))
    with zipfile.ZipFile(tmp_path / "d", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", hidden * 9)
    (tmp_path / CANARY.lower()).mkdir()
    assert places(tmp_path) == {"a, packed", "b, packed", "c", "d, packed", CANARY.lower()}


def test_words_are_gone_from_the_index_itself(used, data_dir: Path) -> None:
    store, corpus, _, alone, _ = used
    store.delete_run(alone)
    store.delete_corpus(corpus.id)
    with sqlite3.connect(data_dir / "taproot.db") as db:
        db.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'search', 'row')")
        terms = [term for (term,) in db.execute("SELECT term FROM words")]
    assert terms and not [term for term in terms if CANARY.lower()[:4] in term]
