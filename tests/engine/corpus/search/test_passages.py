"""Passages to read: the words of a question lead to the few lines that hold its answer, each line once."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.corpus.search.excerpts import Passage
from engine.corpus.search.retrieval import fuse
from engine.documents.ingest import ingest
from tests.engine.conftest import LEASE, fill
from tests.engine.documents.test_formats import pdf

FILLER = "The committee met on a Tuesday and talked about the weather, the harbour and the price of fish.\n\n"
FILES: dict[str, str | bytes] = {
    "contracts/lease.md": LEASE,
    "letters/ines.txt": "Ines Kowalczyk\n18 Larch Rise\n\nDear Sir,\n\nThe glass door of my cupboard is cracked.\n"
    "The joiner wants 265 to put in a new pane.\n\nI ask you to refund 355 to my account by 31 March.\n",
    "minutes.txt": FILLER * 40 + "The lighthouse keeper, Magnus Tveit, was appointed in 1893.\n\n" + FILLER * 40,
    "invoices.csv": "number,customer,amount\n" + "".join(f"INV-{n},Customer {n % 7},{n}.50\n" for n in range(2000, 2400)),
    "gate.log": "".join(f"2024-03-01 10:{n // 60:02}:{n % 60:02} gate {n % 9} opened by card {n:05}\n" for n in range(3000)),
    "one.txt": "Only the cellar floods in spring.",
    "line.json": "[" + ", ".join(f'{{"id": {n}, "word": "w{n * 7919 % 10007}"}}' for n in range(5000)) + "]",
    "köln.txt": "Der Mietvertrag läuft aus.\n\nDie Kündigungsfrist beträgt drei Monate.\n",
    "契約.txt": "賃料は毎月末日までに支払う。\n\n契約期間は六か月とします。\n",
    "table.md": "# Prices\n\n| item | price |\n|---|---|\n" + "".join(f"| lamp {n} | {n * 3} |\n" for n in range(90)),
    "report.pdf": pdf("The first page tells of ropes.", "The second page says that the anchor weighs 90 kilograms."),
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("passages")
    fill(root / "source", FILES)
    return Corpus.open(ingest([root / "source"], root / "corpora", processes=1).path)


def check(corpus: Corpus, found: list[Passage], k: int, size: int) -> None:
    """Passages are true slices of documents, not too long, too many or twice the same text."""
    assert len(found) <= k
    assert sum(map(len, found)) <= max(size, int(0.6 * k * size))
    taken: dict[int, list[tuple[int, int]]] = {}
    for one in found:
        assert 0 < len(one) <= size
        assert str(one) == corpus.text(one.id, one.start, one.end)
        assert all(one.end <= a or one.start >= b for a, b in taken.get(one.id, []))
        taken.setdefault(one.id, []).append((one.start, one.end))


@pytest.mark.parametrize(
    ("words", "name", "text"),
    [
        ("How long is the notice period?", "contracts/lease.md", "The notice period is six months."),
        ("When was the lighthouse keeper appointed?", "minutes.txt", "was appointed in 1893."),
        ("How much money does Ines Kowalczyk want back?", "letters/ines.txt", "refund 355"),
        ("What is the amount of INV-2377?", "invoices.csv", "INV-2377,Customer 4,2377.50"),
        ("who opened the gate with card 02871", "gate.log", "card 02871"),
        ("What floods in spring?", "one.txt", "Only the cellar floods in spring."),
        ("w3845", "line.json", '"w3845"'),
        ("Kündigungsfristen", "köln.txt", "Die Kündigungsfrist beträgt drei Monate."),
        ("kundigung", "köln.txt", "Die Kündigungsfrist beträgt drei Monate."),
        ("契約期間はどのくらいですか", "契約.txt", "契約期間は六か月とします。"),
        ("price of lamp 77", "table.md", "| lamp 77 | 231 |"),
        ("How heavy is the anchor?", "report.pdf", "the anchor weighs 90 kilograms"),
    ],
)
def test_the_first_passage_holds_the_answer(corpus: Corpus, words: str, name: str, text: str) -> None:
    found = corpus.passages(words)
    check(corpus, found, 8, 600)
    assert found[0].name == name and text in found[0], found


def test_lines_that_belong_together_are_one_passage(corpus: Corpus) -> None:
    found = corpus.passages("What does the joiner of Ines want for the cracked glass door?")
    assert "The glass door" in found[0] and "265" in found[0] and found[0].line < 6


def test_a_row_stands_under_the_names_of_its_columns(corpus: Corpus) -> None:
    row = corpus.passages("INV-2377", 1)[0]
    assert row.above == "number,customer,amount"
    assert f"{row.above}\n{row}" in repr(corpus.passages("INV-2377", 1))
    assert corpus.passages("lamp 77", 1)[0].above == "| item | price |"
    assert corpus.passages("gate card 02871", 1)[0].above == ""


def test_a_line_stands_under_its_heading(corpus: Corpus) -> None:
    found = corpus["contracts/lease.md"].passages("INV-2041", 1, 60)[0]
    assert (found.above, found) == ("Rent", "The rent is 1,200 EUR a month, see invoice INV-2041.")
    whole = corpus["contracts/lease.md"].passages("lease", 1)[0]
    assert whole.above == "" and whole == whole.strip()


def test_a_passage_of_a_page_knows_its_page(corpus: Corpus) -> None:
    assert [one.page for one in corpus["report.pdf"].passages("the anchor weighs", 1, 70)] == [2]


def test_several_phrasings_are_fused(corpus: Corpus) -> None:
    found = corpus.passages(["How is the agreement ended?", "notice period", "lighthouse"], 4, 200)
    check(corpus, found, 4, 200)
    told = " ".join(found)
    assert "six months" in told and "Magnus Tveit" in told
    hits = corpus.search(["notice period", "lighthouse keeper"], 2)
    assert {hit.name for hit in hits} == {"contracts/lease.md", "minutes.txt"}
    assert hits[0].score >= hits[1].score


def test_what_many_phrasings_find_comes_first() -> None:
    worth = fuse([["a", "b", "c"], ["b", "d"], ["e", "b"]])
    assert max(worth, key=worth.__getitem__) == "b" and worth["a"] > worth["d"] > worth["c"]


@pytest.mark.parametrize(
    "words", ["", "   ", "?!", "zzzqqqxxx", [], ["", "?"], '"', "\0", "NOT AND (", "a* -b:c"]
)
def test_words_that_are_nowhere_find_nothing_and_break_nothing(
    corpus: Corpus, words: str | list[str]
) -> None:
    found = corpus.passages(words)
    check(corpus, found, 8, 600)
    if not any(map(str.isalpha, "".join(words))) or "zzz" in words:
        assert found == [] and repr(found) == "no passages"


def test_none_are_given_where_none_are_asked_for(corpus: Corpus) -> None:
    assert corpus.passages("lease", 0) == corpus.passages("lease", 8, 0) == corpus[:0].passages("lease") == []
    assert corpus["one.txt"][:0].passages("cellar") == []  # type: ignore[attr-defined]


def test_a_view_and_a_piece_are_searched_alone(corpus: Corpus) -> None:
    view = corpus.select(["letters/ines.txt", "köln.txt", "minutes.txt"])
    assert {one.name for one in view.passages("notice period glass Mietvertrag")} <= {*view.names}
    document = corpus["minutes.txt"]
    half = document[: len(document) // 3]
    found = half.passages("lighthouse harbour")
    assert found and all(one.end <= half.end and "lighthouse" not in one for one in found)
    check(corpus, found, 8, 600)


def test_what_was_searched_and_handed_out_is_noted(corpus: Corpus) -> None:
    view = Corpus(corpus.archive, corpus.select(["köln.txt", "one.txt"]).numbers)
    first = view.passages("Kündigungsfrist", 1)[0]
    assert view.tracker.searched == {*view.numbers}
    assert [first.id, first.start, first.end] in view.claims(f"Read: {first}")


def test_the_text_shown_names_each_place(corpus: Corpus) -> None:
    shown = repr(corpus.passages("INV-2377", 1))
    assert shown.startswith("[0] invoices.csv:") and "number,customer,amount\n" in shown


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from("the card lamp 契約期間 Monate fish 2377 w3845 price ß İ '’ \" * notice".split()), max_size=6),
    st.integers(1, 9),
    st.integers(1, 700),
)  # fmt: skip
def test_any_words_and_sizes_give_disjoint_true_slices(
    corpus: Corpus, words: list[str], k: int, size: int
) -> None:
    check(corpus, corpus.passages(" ".join(words), k, size), k, size)
    check(corpus, corpus.passages(words, k, size), k, size)


def test_one_line_in_ten_thousand_documents_lines_is_found(corpus: Corpus, tmp_path) -> None:
    lines = [f"Note {n}: the pump {n % 13} ran for {n % 50} minutes." for n in range(10_000)]
    lines[7_531] = "Note 7531: the pump leaked glycol onto the floor."
    fill(tmp_path / "source", {"pumps.txt": "\n".join(lines)})
    pumps = Corpus.open(ingest([tmp_path / "source"], tmp_path / "corpora", processes=1).path)
    found = pumps.passages("Which liquid, glycol or water, leaked out of the pump?", 8)
    check(pumps, found, 8, 600)
    assert "glycol" in found[0] and found[0].line <= 7_532 < found[0].line + found[0].count("\n") + 1
