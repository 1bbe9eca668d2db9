"""No glyph, width, accent, hyphen or joined particle hides a word from `search`; older archives still open."""

from __future__ import annotations

import shutil
import sqlite3
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.corpus.archive import SEARCH
from engine.corpus.search import forms
from engine.documents.ingest import ingest
from engine.errors import StoreError
from tests.engine.conftest import fill

FILES = {
    "arabic.txt": "وُقِّعَ الاتِّفاقُ في مدينة دمشق. البنـــد الثالث مهم. الأجرة ٤٥٠٠ ليرة.\n",
    "decomposed.txt": unicodedata.normalize("NFD", "Die Prüfung fand in Malmö statt. 등기부는 사무실에 있다.\n"),
    "invisible.txt": "The light\u00adhouse at Tor\u00adby is shut.\nA row\u200bboat and a می\u200cخواهم here.\n",
    "japanese.txt": "倉庫番ｻﾄｳさんはＢ７７号を点検した。\n",
    "korean.txt": "임대인은 보증금을 돌려주었다. 회의록이 작성되었습니다.\n",
    "ligature.txt": "The ﬁnal oﬃce ﬂoor plan was ﬁled by Zoë Strauß.\n",
    "narrow.txt": "They say that the settle-\nment of the Birken-\nfeld mill is non-\nnegotiable.\n",
    "quotes.txt": "The landlord’s letter said “never again” about model RK‑9‑1.\nSee the footnote¹ and 3 m².\n",
    "thai.txt": "ผู้เช่าต้องจ่ายค่าเช่าทุกเดือน\n",
    "wide.txt": "Filler of no use. " * 60 + "\n\nThe ＬＡＭＰ was lit.\n",
}  # fmt: skip


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("اتفاق", "arabic.txt"), ("الاتفاق", "arabic.txt"), ("الاتِّفاقُ", "arabic.txt"), ("والبند", "arabic.txt"), ("البند", "arabic.txt"),
        ("4500", "arabic.txt"), ("الأجرة", "arabic.txt"), ("اجره", "arabic.txt"),
        ("Prüfung", "decomposed.txt"), ("PRUFUNG", "decomposed.txt"), ("malmo", "decomposed.txt"), ("등기부", "decomposed.txt"),
        ("lighthouse", "invisible.txt"), ("light\u00adhouse", "invisible.txt"), ("rowboat", "invisible.txt"), ("boat", "invisible.txt"),
        ("می خواهم", "invisible.txt"), ("サトウ", "japanese.txt"), ("ｻﾄｳ", "japanese.txt"), ("B77", "japanese.txt"), ("倉庫", "japanese.txt"),
        ("임대인", "korean.txt"), ("보증금", "korean.txt"), ("증금", "korean.txt"), ("보증금은", "korean.txt"), ("회의", "korean.txt"),
        ("final office", "ligature.txt"), ("filed", "ligature.txt"), ("STRAUSS", "ligature.txt"), ("zoe", "ligature.txt"), ("ﬂoor", "ligature.txt"),
        ("settlement", "narrow.txt"), ("Birkenfeld", "narrow.txt"), ("non-negotiable", "narrow.txt"), ('"the settlement of the Birkenfeld mill"', "narrow.txt"),
        ("landlord's", "quotes.txt"), ('"never again"', "quotes.txt"), ("RK-9-1", "quotes.txt"), ("footnote", "quotes.txt"), ("m²", "quotes.txt"),
        ("ค่าเช่า", "thai.txt"), ("เช่", "thai.txt"), ("lamp", "wide.txt"), ("ｌａｍｐ", "wide.txt"),
    ],
)  # fmt: skip
def test_the_word_is_found_as_it_may_be_written(corpus: Corpus, query: str, name: str) -> None:
    hits = corpus.search(query)
    assert hits and hits[0].name == name, hits
    assert corpus.passages(query)[0].name == name
    for hit in hits:
        assert corpus.text(hit.id, hit.start, hit.end) == hit.text


@pytest.mark.parametrize("query", ["금보", "청구서", "عقار", "lightship", "房东", "サケト", "negotia tion"])
def test_what_is_not_there_is_not_found(corpus: Corpus, query: str) -> None:
    assert not corpus.search(query)


def test_a_hit_shows_both_lines_of_a_broken_word(corpus: Corpus) -> None:
    assert "settle-\nment" in corpus.search("settlement")[0].text


def test_a_broken_word_is_in_one_passage(tmp_path: Path) -> None:
    lines = [
        f"and so it went on with the long story of number {n:03} in the har-\nbour{n:03} of"
        for n in range(200)
    ]
    fill(tmp_path / "source", {"story.txt": "\n".join(lines) + " the town.\n"})
    corpus = Corpus.open(ingest([tmp_path / "source"], tmp_path / "corpora").path)
    assert len(corpus.archive.passage_start) > 20
    assert [
        n for n in range(200) if f"har-\nbour{n:03}" not in corpus.search(f"harbour{n:03}", 1)[0].text
    ] == []


def older(corpus: Corpus, folder: Path) -> Path:
    """The same archive as versions before the folding wrote it."""
    shutil.copytree(corpus.archive.path, folder)
    (folder / SEARCH).unlink()
    index = sqlite3.connect(folder / SEARCH)
    index.executescript(forms.schema(1))
    archive = corpus.archive
    for number in range(archive.count):
        first, last = archive.passage_first[number], archive.passage_first[number + 1]
        ends = [*archive.passage_start[first + 1 : last], archive.byte_start(number + 1)]
        for n, end in zip(range(first, last), ends, strict=True):
            text = archive.raw_range(archive.passage_start[n], end).decode()
            row = (n + 1, forms.spaced(text), forms.spaced(archive.name(number)))
            index.execute("insert into passages(rowid, text, about) values (?, ?, ?)", row)
    index.commit()
    assert index.execute("pragma user_version").fetchone() == (0,)
    index.close()
    return folder


def test_an_archive_written_before_is_searched_its_own_way(corpus: Corpus, tmp_path: Path) -> None:
    old = Corpus.open(older(corpus, tmp_path / "old"))
    for query, name in (("landlord's", "quotes.txt"), ("倉庫", "japanese.txt"), ("zoe", "ligature.txt")):
        assert [hit.name for hit in old.search(query)] == [name]
        assert old.passages(query)[0].name == name
    assert not old.search("lighthouse") and not old.search("보증금")


def test_an_index_of_a_later_version_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    folder = older(corpus, tmp_path / "later")
    index = sqlite3.connect(folder / SEARCH)
    index.execute(f"pragma user_version={max(forms.FORMS) + 1}")
    index.close()
    with pytest.raises(StoreError, match="Add its folder again"):
        Corpus.open(folder).search("mill")


@given(st.lists(st.text("ab -\nßé계\u00ad\u200b‐ق", max_size=12), max_size=6))
def test_a_quicker_way_of_indexing_gives_the_same(parts: list[str]) -> None:
    prepare = forms.indexer("".join(parts).encode())
    assert [*map(prepare, parts)] == [*map(forms.indexed, parts)]
