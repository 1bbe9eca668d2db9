"""The words of a question lead to the line that answers it."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.documents.ingest import ingest
from tests.engine.conftest import LEASE, fill

FILLER = "The committee met on a Tuesday and talked about the weather, the harbour and the price of fish.\n\n"
FILES = {
    "contracts/lease.md": LEASE,
    "letters/anna.txt": "Dear Anna,\n\nyour deposit of 900 EUR was paid back on 2024-03-01.\n\nKind regards\n",
    "letters/otto.txt": "Dear Otto,\n\nyour deposit of 450 EUR was kept.\n\nKind regards\n",
    "minutes.txt": FILLER * 40
    + "The lighthouse keeper, Magnus Tveit, was appointed in 1893.\n\n"
    + FILLER * 40
    + "Magnus ate fish.\n\n",
    "invoices.csv": "number,customer,amount\n" + "".join(f"INV-{n},Customer {n % 7},{n}.50\n" for n in range(2000, 2100)),
    "long.txt": "Filler words go on. " * 30 + "The reactor was shut down in June. " + "More words follow. " * 30,
    "köln.txt": "Der Mietvertrag läuft aus.\n\nDie Kündigungsfrist beträgt drei Monate.\n",
    "契約.txt": "賃料は毎月末日までに支払う。\n\n契約期間は六か月とします。\n",
    "wrapped.txt": "The board of the harbour company met in the old customs house on Friday and\n"
    "decided that Dr. Ida Holm becomes the director of the new shipyard, which\nopens in spring. "
    "The vote was close.\n" * 6,
    "boiler.txt": "Confidential and privileged.\n\n" * 40 + "Confidential terms about zinc.\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("search")
    fill(root / "source", FILES)
    return Corpus.open(ingest([root / "source"], root / "corpora").path)


@pytest.mark.parametrize(
    ("query", "name", "text"),
    [
        ("How long is the notice period?", "contracts/lease.md", "The notice period is six months."),
        ("notice periods", "contracts/lease.md", "The notice period is six months."),
        (
            "When was the lighthouse keeper appointed?",
            "minutes.txt",
            "The lighthouse keeper, Magnus Tveit, was",
        ),
        ("Who is Magnus Tveit", "minutes.txt", "The lighthouse keeper, Magnus Tveit, was"),
        ("INV-2041 rent", "contracts/lease.md", "The rent is 1,200 EUR a month, see invoice INV-2041."),
        ("What is the amount of INV-2077?", "invoices.csv", "INV-2077,Customer 5,2077.50"),
        ("inv-2077", "invoices.csv", "INV-2077,Customer 5,2077.50"),
        ("Anna's deposit", "letters/anna.txt", "your deposit of 900 EUR was paid back on 2024-03-01."),
        ("Otto deposit", "letters/otto.txt", "your deposit of 450 EUR was kept."),
        ("2024-03-01", "letters/anna.txt", "your deposit of 900 EUR was paid back on 2024-03-01."),
        ("reactor shut down", "long.txt", "The reactor was shut down in June."),
        ("1,200 EUR", "contracts/lease.md", "The rent is 1,200 EUR a month"),
        ("muller", "contracts/lease.md", "This lease is between Anna Müller and the Northwind company."),
        ("Kündigung", "köln.txt", "Die Kündigungsfrist beträgt drei Monate."),
        ("kundigungsfrist", "köln.txt", "Die Kündigungsfrist beträgt drei Monate."),
        ("契約期間", "契約.txt", "契約期間は六か月とします。"),
        ('"deposit of 450"', "letters/otto.txt", "your deposit of 450 EUR was kept."),
        (
            "director of the shipyard",
            "wrapped.txt",
            "The board of the harbour company met in the old customs house on Friday and\n"
            "decided that Dr. Ida Holm becomes the director of the new shipyard, which\nopens in spring.",
        ),
        ("confidential zinc", "boiler.txt", "Confidential terms about zinc."),
    ],
)
def test_the_best_hit_is_the_line_that_answers(corpus: Corpus, query: str, name: str, text: str) -> None:
    hits = corpus.search(query)
    assert (hits[0].name, hits[0].text[: len(text)]) == (name, text), hits
    for hit in hits:
        assert corpus.text(hit.id, hit.start, hit.end) == hit.text
        assert corpus.locate(hit.id, hit.start) == (hit.line, hit.page)


def test_hits_are_best_first_distinct_and_at_most_k(corpus: Corpus) -> None:
    hits = corpus.search("the fish of Magnus", k=3)
    assert len(hits) == 3 and [h.score for h in hits] == sorted((h.score for h in hits), reverse=True)
    assert len({(h.id, h.start) for h in corpus.search("fish price harbour", k=50)}) == len(
        corpus.search("fish price harbour", k=50)
    )
    assert (
        sum(h.text == "Confidential and privileged." for h in corpus.search("confidential privileged", k=20))
        <= 3
    )


def test_search_stays_in_a_document_a_view_and_a_piece(corpus: Corpus) -> None:
    assert corpus["otto.txt"].search("deposit")[0].text == "your deposit of 450 EUR was kept."
    assert {h.name for h in corpus["otto.txt"].search("deposit Anna")} == {"letters/otto.txt"}
    letters = corpus.select(["anna.txt", "otto.txt"])
    assert {h.name for h in letters.search("deposit EUR rent notice")} == {
        "letters/anna.txt",
        "letters/otto.txt",
    }
    view = corpus.select(["minutes.txt", "köln.txt"])
    assert {h.name for h in view.search("fish Mietvertrag")} == {"minutes.txt", "köln.txt"}
    minutes = corpus["minutes.txt"]
    assert [h.text for h in minutes[-200:].search("Magnus")] == ["Magnus ate fish."]
    assert not minutes[:200].search("Magnus") and minutes.search("Magnus", k=5)[0].start > 200
    assert len(corpus[5:5].search("fish")) == 0


def test_hits_in_a_table_are_shown_under_its_columns_once(corpus: Corpus) -> None:
    hits = corpus.document("invoices.csv").grep(r"INV-20[0-2]1")
    assert [hit.header for hit in hits] == ["number,customer,amount"] * 3
    assert repr(hits).splitlines() == [
        "invoices.csv has the columns number,customer,amount",
        "[0] invoices.csv:3: INV-2001,Customer 6,2001.50",
        "[1] invoices.csv:13: INV-2011,Customer 2,2011.50",
        "[2] invoices.csv:23: INV-2021,Customer 5,2021.50",
    ]
    assert "has the columns" not in repr(corpus.search("lighthouse keeper", 3))


def test_common_words_alone_and_unknown_words_do_no_harm(corpus: Corpus) -> None:
    assert corpus.search("the of")[0].text
    assert (
        not corpus.search("xylophone")
        and not corpus.search("")
        and not corpus.search("?!")
        and not corpus.search("fish", 0)
    )


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.text(st.sampled_from("ab\"*():^-+{}\\\0 %_'ÄNDORTEé\n賃😀"), max_size=30))
def test_no_query_is_a_syntax_error(corpus: Corpus, query: str) -> None:
    for hit in corpus.search(query, k=3):
        assert hit.text
    corpus[0].search(f"NEAR({query}, 5) AND {query}*")


def test_letters_that_no_text_can_hold_find_the_other_words(corpus: Corpus) -> None:
    query = "caf\udce9s of the lighthouse keeper"  # of an argument that is not in the terminal's encoding
    assert "Magnus Tveit" in str(corpus.search(query, 1)[0])
    assert "Magnus Tveit" in "".join(map(str, corpus.passages(query, 3)))


def test_search_works_from_many_threads(corpus: Corpus) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda n: str(corpus.search(f"INV-{n}")[0].text), range(2050, 2090))]
    assert found == [f"INV-{n},Customer {n % 7},{n}.50" for n in range(2050, 2090)]


def test_a_heading_and_a_name_count_as_context(tmp_path: Path) -> None:
    fill(tmp_path / "source", {
        "berlin.md": "# Flat\n\nIt has two rooms.\n\n# Deposit\n\nIt is three times the rent.\n",
        "munich.md": "# Flat\n\nIt has four rooms.\n\n# Deposit\n\nIt is twice the rent.\n",
    })  # fmt: skip
    corpus = Corpus.open(ingest([tmp_path / "source"], tmp_path / "corpora").path)
    assert [h.text for h in corpus.search("rooms in munich", 1)] == ["It has four rooms."]
    assert [h.text for h in corpus.search("deposit rent berlin", 1)] == ["It is three times the rent."]


def test_a_sentence_is_whole_wherever_its_paragraph_is_cut(tmp_path: Path) -> None:
    names = [
        f"{a}{b}"
        for a in ("Bel", "Cor", "Dal", "Fen", "Gor", "Hul")
        for b in ("den", "mark", "rick", "sund", "wyck")
    ]
    sentences = [
        f"The {name} mill was sold by its owner to a neighbour from the next valley." for name in names
    ]
    fill(tmp_path / "source", {"mills.txt": textwrap.fill(" ".join(sentences), 70) + "\n"})
    corpus = Corpus.open(ingest([tmp_path / "source"], tmp_path / "corpora").path)
    for name, sentence in zip(names, sentences, strict=True):
        assert " ".join(corpus.search(f"who sold the {name} mill", 1)[0].text.split()) == sentence


SAMPLE = Path(__file__).parents[4] / "app" / "sample"


def test_questions_about_the_sample_corpus_find_their_answers(tmp_path: Path) -> None:
    corpus = Corpus.open(ingest([SAMPLE / "documents"], tmp_path).path)
    for item in json.loads((SAMPLE / "questions.json").read_text()):
        if item["family"] == "look-up":
            assert item["answer"] in " ".join(corpus.search(item["question"], 1)[0].text.split()), item
        if item["question"].startswith("What is the notice period in each"):
            assert all(
                h.name.rpartition("/")[2] in item["answer"] for h in corpus.search(item["question"], 3)
            )
