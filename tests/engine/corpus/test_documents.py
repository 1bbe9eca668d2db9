"""Documents are real strings that know their place, whatever is cut out of them."""

from __future__ import annotations

import json
import pickle
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus, Document, Piece
from engine.types import Span
from tests.engine.conftest import LEASE, stored

TEXTS = st.text("ab é€😀\n\t .,", min_size=1, max_size=60)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    texts = {"a/lease.md": LEASE, "köln.txt": "Grüße\naus Köln.\n", "b/notes.md": "one\n\ntwo\n"}
    return stored(tmp_path, texts, pages={"köln.txt": [0, 6]})


@settings(max_examples=80)
@given(before=TEXTS, text=TEXTS, data=st.data())
def test_every_cut_keeps_its_exact_place(before: str, text: str, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        corpus = stored(Path(folder), {"before": before, "this": text})
        document = corpus[1]
        bounds = st.one_of(st.none(), st.integers(-len(text) - 2, len(text) + 2))
        a, b, c, d = (data.draw(bounds) for _ in range(4))
        piece = document[a:b]
        inner = piece[c:d]
        assert (document, piece, inner) == (text, text[a:b], text[a:b][c:d])
        cuts = [document, piece, inner, *piece.split(" "), *piece.split("\n", 1), *piece.splitlines()]
        cuts += [*piece.splitlines(True), *piece.lines(), piece.strip(), piece.lstrip("a "), piece.rstrip()]
        for cut in cuts:
            assert isinstance(cut, Piece) and cut.document == 1
            assert corpus.text(cut.id, cut.start, cut.end) == text[cut.start : cut.end] == cut
            assert corpus.locate(1, cut.start)[0] == text.count("\n", 0, cut.start) + 1 == cut.line
        assert [*piece.split(" ")] == text[a:b].split(" ") and piece.splitlines() == text[a:b].splitlines()
        assert piece.strip() == text[a:b].strip() and piece.split() == text[a:b].split()
        assert document[::2] == text[::2] and [*document] == [*text]


def test_a_document_is_a_str_to_everything(corpus: Corpus) -> None:
    document = corpus[0]
    assert isinstance(document, str) and document == LEASE and len(document) == len(LEASE)
    assert re.findall(r"INV-\d+", document) == ["INV-2041"]
    assert json.loads(json.dumps(document)) == LEASE
    assert type(str(document)) is str and f"{document}" == LEASE and document + "!" == LEASE + "!"
    assert type(pickle.loads(pickle.dumps(document))) is str
    assert hash(document) == hash(LEASE) and {document: 1}[LEASE] == 1


def test_a_document_knows_its_name_number_and_pages(corpus: Corpus) -> None:
    document = corpus[1]
    assert (document.name, document.id, document.pages, document.span) == ("köln.txt", 1, 2, Span(1, 0, 16))
    assert document.page_text(2) == "aus Köln.\n" and document.page_text(2).page == 2
    with pytest.raises(IndexError, match="2 pages"):
        document.page_text(3)
    assert corpus[0].pages is None
    assert (
        corpus.locate(1, 0) == (1, 1) and corpus.locate(1, 7) == (2, 2) and corpus.locate(0, 5) == (1, None)
    )
    assert document.describe() == "Document 1 'köln.txt', 16 characters"


def test_count_is_that_of_a_pattern_and_falls_back_to_the_letters(corpus: Corpus) -> None:
    document = corpus[0]
    assert document.count(r"\d{4}") == 1 and document.count("the") == LEASE.count("the")
    assert document.count(".") == LEASE.count(".") and document.count("(") == 0
    assert document.count("is (") == 0 and document.count("e", 0, 10) == LEASE.count("e", 0, 10)


def test_a_corpus_is_a_sequence_of_documents(corpus: Corpus) -> None:
    assert len(corpus) == 3 and [d.id for d in corpus] == [0, 1, 2]
    assert isinstance(corpus[-1], Document) and corpus[-1].name == "b/notes.md"
    assert repr(corpus) == f"Corpus of 3 documents, {len(LEASE) + 16 + 9:,} characters"
    assert repr(corpus[:1]).startswith("Corpus of 1 document,")
    with pytest.raises(IndexError, match="there are 3 documents"):
        corpus[3]


def test_views_keep_the_numbers_of_their_documents(corpus: Corpus) -> None:
    view = corpus[1:]
    assert view.names == ["köln.txt", "b/notes.md"] and view[0].id == 1
    assert view.total_chars == 25 and view[::-1].names == ["b/notes.md", "köln.txt"]
    assert view[1:][0].name == "b/notes.md" and len(corpus[5:]) == 0
    assert view.count("the") == 0 and corpus.count("the") == LEASE.count("the")
    assert corpus.matching("Köln").names == ["köln.txt"] and len(view.matching("lease")) == 0
    assert len(corpus[5:].grep("a")) == 0


def test_documents_are_found_by_name_ending_or_number(corpus: Corpus) -> None:
    assert (
        corpus.document("a/lease.md")
        == corpus.document("lease.md")
        == corpus.document(0)
        == corpus["lease.md"]
    )
    with pytest.raises(KeyError, match=r"names look like .*a/lease\.md"):
        corpus.document("nowhere.md")
    assert corpus.document("other/lease.md").id == 0 and "other/lease.md" not in corpus
    with pytest.raises(KeyError, match=r"names look like .b/notes\.md."):
        corpus.document("b/note")
    with pytest.raises(KeyError):
        corpus[1:].document("a/lease.md")
    assert corpus.select(["notes.md", 0, 0]).names == ["b/notes.md", "a/lease.md"]
    assert corpus.select(corpus.grep("Köln")).names == ["köln.txt"] and corpus.select("lease.md").names == [
        "a/lease.md"
    ]


def test_in_asks_for_a_document_a_name_or_a_text(corpus: Corpus) -> None:
    assert corpus[1] in corpus and corpus[0] not in corpus[1:]
    assert "köln.txt" in corpus and "six months" in corpus and "six months" not in corpus[1:]


def test_a_range_that_does_not_exist_is_refused(corpus: Corpus) -> None:
    for document, start, end in ((0, 5, 2), (0, -1, 2), (0, 0, 10_000), (9, 0, 1), (-1, 0, 1)):
        with pytest.raises(IndexError):
            corpus.text(document, start, end)


def test_many_documents_open_without_reading_them(tmp_path: Path) -> None:
    corpus = stored(tmp_path, {f"folder/{n}.txt": f"text {n}" for n in range(3000)})
    reopened = Corpus.open(tmp_path)
    assert reopened.names == corpus.names and reopened[2999] == "text 2999"
    assert reopened.document("folder/1234.txt").id == 1234
