"""What an answer says and what its sources say: stated there, computed from them, judged, or not there."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.answer.agreement import Cited, judge, sentence
from engine.answer.stated import Passage
from engine.types import to_json
from tests.engine.answer.agreement_cases import ABSENT, STATED


def cited(*texts, name="a.txt", named=True, beside=("", "")):
    passages = [Passage(n, n, f"{n}/{name}", 100 * n, text, *beside) for n, text in enumerate(texts, 1)]
    documents = {p.document: p.name for p in passages}
    return Cited(len(texts), passages, named, len(texts), documents)


def code(text):
    return {"cell": 2, "codes": ["hits = context.grep('x')\ndocs = context[:3]", text]}


@pytest.mark.parametrize(("value", "sources", "written"), STATED)
def test_what_stands_in_a_source_is_stated_there(value, sources, written):
    found = judge(value, cited(*sources))
    assert found.status == "stated"
    assert found.where[0].written == written
    assert sentence(to_json(found)) == (f"Stated there, written {written}" if written else "Stated there")


@pytest.mark.parametrize(("value", "sources"), ABSENT)
def test_what_only_looks_like_it_is_not(value, sources):
    assert judge(value, cited(*sources)).status == "absent"
    assert judge(value, cited(*sources), cell=2, codes=[f"FINAL({value!r})"]).status == "absent"


def test_the_cases_are_many_and_half_of_them_near_misses():
    assert len(STATED) + len(ABSENT) >= 80 and len(ABSENT) >= len(STATED)


def test_the_place_of_a_value_is_that_in_its_document():
    found = judge("Ada Fenn", cited("nobody", "The keeper is Ada Fenn."))
    assert [(p.source, p.document, p.start, p.end) for p in found.where] == [(2, 2, 214, 222)]


@pytest.mark.parametrize("beside", [("1,", " EUR"), ("", ".50"), ("-", ""), ("1", "")])
def test_a_source_that_cuts_a_number_does_not_state_it(beside):
    assert judge("250", cited("250", beside=beside)).status == "absent"
    assert judge("250", cited("250", beside=("It cost ", " EUR"))).status == "stated"


def test_a_short_value_in_a_long_source_stands_there_by_chance():
    long = "The notice period is 6 weeks. The keeper is Ada Fenn. " * 20
    assert judge("6", cited(long)).status == "absent"
    assert judge("Ada Fenn", cited(long)).status == "stated"


@pytest.mark.parametrize(
    ("value", "status"),
    [("450", "absent"), ("450.00", "stated"), ("450.0", "stated"), ("0001", "absent"), ("paid", "stated"),
     ("rent, Mill Lane", "stated"), ("2024-01-02", "stated"), ("2 January 2024", "stated"), ("1", "stated"),
     ("HR24-0001", "stated"), ("24", "absent"), ("12,5", "absent")],
)  # fmt: skip
def test_fields_of_a_table_are_values_of_their_own(value, status):
    row = 'HR24-0001,2024-01-02,"rent, Mill Lane",1,450.00,12,paid'
    if value == "450":
        row = row.replace("450.00", "450.50")
    assert judge(value, cited(row, name="ledger.csv")).status == status


@pytest.mark.parametrize("value", ["yes", "No.", "True", "Yes, the deposit is 450 crowns", "ja", "no"])
def test_yes_and_no_are_judgements(value):
    assert judge(value, cited("yes, no. True: ja")).status == "judged"


def test_a_house_number_is_no_judgement():
    assert judge("No. 5 Mill Lane", cited("at No. 5 Mill Lane, Halden")).status == "stated"


def test_that_it_is_not_there_needs_no_source_and_a_value_without_one_has_none():
    assert judge("not in these documents", cited()).status == "unneeded"
    assert judge("Not in these documents.", cited("something")).status == "unneeded"
    assert judge("Not in these documents: no lease says so", cited()).status == "unneeded"
    assert judge("not in these documents, but 450 crowns", cited()).status == "uncited"
    assert judge("450 crowns", cited()).status == "uncited"
    assert judge("yes", cited()).status == "uncited"


def test_a_source_that_is_not_in_the_documents_states_nothing():
    assert judge("450 crowns", Cited(1)).status == "absent"
    assert judge("yes", Cited(1)).status == "absent"


# --- items ------------------------------------------------------------------------------------------------


def statuses(found):
    return found.status, [item.status for item in found.items]


LEASES = (
    "The deposit of Mill Lane is 4,500 euros.\nThe deposit of the loft is 900 euros.",
    "Keeper: Ada Fenn",
)


@pytest.mark.parametrize(
    ("answer", "parts", "status", "items"),
    [
        ("Ada Fenn, 900 euros", [["Ada Fenn"], ["900 euros"]], "stated", ["stated", "stated"]),
        ("Ada Fenn, Tom Reed", [["Ada Fenn"], ["Tom Reed"]], "absent", ["stated", "absent"]),
        ("Ada Fenn, 900 euros", [], "absent", []),  # one text: it may be one value
        ("- Ada Fenn\n- 900 euros", [], "stated", ["stated", "stated"]),
        ("1. Ada Fenn\n2. Ada Fern", [], "absent", ["stated", "absent"]),
        ("Mill Lane: 4,500 euros\nloft: 900 euros", [["Mill Lane", "4,500 euros"], ["loft", "900 euros"]], "stated", ["stated"] * 2),
        ("Mill Lane: 900 euros\nloft: 4,500 euros", [["Mill Lane", "900 euros"], ["loft", "4,500 euros"]], "absent", ["absent"] * 2),
        ("Mill Lane: 900 euros; loft: 900 euros", [], "absent", ["absent", "stated"]),
        ("Mill Lane, 4500", [["Mill Lane", "4500"]], "stated", ["stated"]),
        ("Mill Lane, 900", [["Mill Lane", "900"]], "absent", ["absent"]),
        ("loft: 900, 900", [["loft", "900", "900"]], "absent", ["absent"]),  # it stands there once
        ("1/a.txt: 900 euros\n2/a.txt: Ada Fenn", [], "stated", ["stated"] * 2),
        ("1/a.txt: Ada Fenn\n2/a.txt: 900 euros", [], "absent", ["absent"] * 2),
        ("Ada Fenn, 900 euros, and more", [["Ada Fenn"], ["900 euros"]], "absent", []),  # items that leave a rest
        ("Smith, John", [["Smith", "John"]], "absent", ["absent"]),
        ("2. Ada Fenn\n1. 900 euros", [], "absent", ["absent", "absent"]),  # no list that runs from 1
    ],
)  # fmt: skip
def test_items_are_judged_one_by_one_and_pairs_must_stand_together(answer, parts, status, items):
    assert statuses(judge(answer, cited(*LEASES), parts=parts)) == (status, items)


@pytest.mark.parametrize(
    ("answer", "source"),
    [("3. May 2024", "13. May 2024"), ("12. Smith Street", "14. Smith Street"), ("- 5", "it is 5 now")],
)
def test_one_line_is_no_list_and_keeps_its_number(answer, source):
    assert judge(answer, cited(source)).status == "absent"


def test_a_value_belongs_to_the_key_before_it():
    source = cited("Rent: 900; Deposit: 500")
    assert (
        judge("Rent: 900; Deposit: 500", source, parts=[["Rent", "900"], ["Deposit", "500"]]).status
        == "stated"
    )
    assert (
        judge("Rent: 500; Deposit: 900", source, parts=[["Rent", "500"], ["Deposit", "900"]]).status
        == "absent"
    )


def test_names_of_cited_documents_are_computed_and_others_are_not_there():
    sources = cited("x", "y", name="lease.txt")
    found = judge("1/lease.txt, 2/lease.txt", sources, cell=2, parts=[["1/lease.txt"], ["2/lease.txt"]])
    assert statuses(found) == ("computed", ["computed", "computed"])
    assert (found.cell, found.how) == (2, "the names of 2 documents cited")
    mixed = judge("1/lease.txt, x", sources, parts=[["1/lease.txt"], ["x"]])
    assert mixed.how == "the name of a document cited; 1 more stated there"
    assert (
        judge("1/lease.txt, 3/lease.txt", sources, parts=[["1/lease.txt"], ["3/lease.txt"]]).status
        == "absent"
    )
    assert judge("lease.txt", sources).status == "absent"  # which of the two?
    assert judge("lease.txt", cited("x", name="lease.txt")).status == "computed"


def test_too_many_items_are_not_said_to_be_stated():
    many = "\n".join(f"item {n}" for n in range(1500))
    found = judge(many, cited(*[f"item {n}" for n in range(1500)]))
    assert found.status == "absent" and "too many" in found.how


# --- computed ---------------------------------------------------------------------------------------------

LINES = ("Rent: 1,280.00 EUR", "Rent: 450.50 EUR on 3 May 2024", "Rent: 20.00 EUR, see HR24-0068")
PAIRS = ("12 ropes at 5.00 EUR", "3 ropes at 7.50 EUR")


@pytest.mark.parametrize(
    ("value", "sources", "last", "how"),
    [
        ("3", LINES, "FINAL(len(docs), docs)", "the number of documents cited"),
        ("3", LINES, "n = len(docs)\nFINAL(n, docs)", "the number of documents cited"),
        ("3", LINES, "n = 0\nfor d in docs:\n    n += 1\nFINAL_VAR('n')", "the number of documents cited"),
        ("3", LINES, "answer['content'] = sum(1 for h in hits)\nanswer['ready'] = True", "the number of documents cited"),
        ("45", LINES, "FINAL(len(hits), hits[:3])", "the number of hits"),
        ("45", LINES, "rows = {h.line: h for h in hits}\nFINAL(len(rows), [*rows.values()][:3])", "the number of rows"),
        ("1750.5", LINES, "FINAL(sum(h.number for h in hits), hits)", "the sum of 3 numbers in the sources"),
        ("1,750.50", LINES, "total = round(sum(h.number for h in hits), 2)\nFINAL(f'{total:,.2f}', hits)", "the sum of 3 numbers in the sources"),
        ("1750.5000000000002", LINES, "FINAL(sum(h.number for h in hits), hits)", "the sum of 3 numbers in the sources"),
        ("583.5", LINES, "from statistics import mean\nFINAL(mean(h.number for h in hits), hits)", "the mean of 3 numbers in the sources"),
        ("829.5", LINES[:2], "FINAL(hits[0].number - hits[1].number, hits)", "the difference of 2 numbers in the sources"),
        ("1,750.50 EUR", LINES, "total = sum(h.number for h in hits)\nFINAL(f'{total:,.2f} EUR', hits)", "the sum of 3 numbers in the sources"),
        ("15", PAIRS, "FINAL(sum(int(h.text.split()[0]) for h in hits), hits)", "the sum of 2 numbers in the sources"),
        ("12.5", PAIRS, "FINAL(sum(prices), hits)", "the sum of 2 numbers in the sources"),
        # near misses
        ("1.5", ("2 or 1",), "FINAL(price / area, hits)", ""),  # a division is no mean
        ("4", LINES, "FINAL(len(docs), docs)", ""),  # three are cited, and docs is written down nowhere as found
        ("45", LINES, "FINAL(len(hits), docs[:3])", ""),  # others are cited than were counted
        ("45", LINES, "hits = [1] * 45\nFINAL(len(hits), hits[:3])", ""),
        ("45", LINES, "len = max\nFINAL(len(hits), hits[:3])", ""),
        ("2", LINES, "FINAL(len(hits), hits[:20])", ""),  # fewer than are cited
        ("3", LINES, "FINAL(3, hits)", ""),  # written down, not counted
        ("3", LINES, "n = 3\nFINAL(n, hits)", ""),
        ("3", LINES, "FINAL('3', hits)", ""),
        ("3", LINES, "FINAL(hits[0].number, hits)", ""),  # no count
        ("3 EUR", LINES, "FINAL(len(hits), hits)", ""),
        ("1750.5", LINES, "FINAL(1750.5, hits)", ""),
        ("1750.5", LINES, "FINAL(len(hits), docs)", ""),
        ("1750.6", LINES, "FINAL(sum(h.number for h in hits), hits)", ""),
        ("1750.5 USD", LINES, "FINAL(sum(h.number for h in hits), hits)", ""),
        ("829.5", LINES, "FINAL(hits[0].number - hits[1].number, hits)", ""),  # of three numbers
        ("17", PAIRS, "FINAL(sum(x), hits)", ""),  # 12 and 5 of one line are not one of each
        ("3", LINES, "FINAL(len(hits), hits) if hits else FINAL(len(docs), docs)", ""),  # which of them?
    ],
)  # fmt: skip
def test_a_number_that_a_cell_made_is_checked_by_making_it_again(value, sources, last, how):
    found = judge(value, cited(*sources), **code(last))
    if how:
        assert (found.status, found.cell, found.how) == ("computed", 2, how)
        assert sentence(to_json(found)) == f"Computed from them by cell 2: {how}"
    else:
        assert found.status == "absent"


def test_a_count_is_not_stated_because_its_number_stands_somewhere():
    sources = cited("450 crowns", "17 ropes")
    assert judge("17", sources, **code("FINAL(len(context), hits)")).status == "absent"
    assert judge("17", sources, **code("FINAL(hits[1].number, hits)")).status == "stated"


def test_nothing_is_computed_of_sources_that_the_answer_does_not_name():
    assert judge("2", cited("a", "b", named=False), **code("FINAL(len(docs))")).status == "absent"


def test_sums_of_a_table_take_one_column():
    rows = ["HR24-0001,2,450.00,900.00", "HR24-0002,3,100.00,300.00"]
    total = code("FINAL(sum(hits.column('amount')), hits)")
    assert judge("1200.0", cited(*rows, name="l.csv"), **total).how == "the sum of 2 numbers in the sources"
    assert judge("1000", cited(*rows, name="l.csv"), **total).status == "absent"


# --- what a person is told --------------------------------------------------------------------------------


def test_a_record_of_an_older_version_says_nothing():
    assert sentence(None) == ""


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (judge("yes", cited("x")), "Judged from them, stated nowhere"),
        (judge("nobody", cited("x")), "Not found there"),
        (judge("Ada Fenn; Ada Fern", cited("Ada Fenn")), "Not found there: 1 of 2 items"),
        (judge("Ada Fenn; Tom Reed", cited("Ada Fenn", "Tom Reed")), "Stated there, each of 2"),
        (judge("x", cited()), "No source is named"),
        (judge("not in these documents", cited()), ""),
    ],
)
def test_each_agreement_has_its_words(found, words):
    assert sentence(to_json(found)) == words


PIECES = st.sampled_from(
    "1 250 1,250 1.250,00 -5 % EUR € 3 May 2024 2024-05-03 12/5/2024 Ada Fenn Fenn-Holt o'B . , ; : \n \t five hundred ½ \u00ad \u0301 ** [1] yes a.txt 北京".split(
        " "
    )
)
TEXT = st.lists(PIECES | st.text(max_size=3), max_size=8).map(" ".join)


@given(
    TEXT,
    st.lists(TEXT, max_size=3),
    st.sampled_from(["a.txt", "a.csv"]),
    st.lists(st.lists(TEXT, max_size=3), max_size=3),
    TEXT,
)
def test_any_answer_and_any_sources_have_an_agreement_and_what_is_stated_word_for_word_stands_there(
    answer, sources, name, parts, last
):
    found = judge(answer, cited(*sources, name=name), cell=1, codes=[last], parts=parts)
    assert isinstance(sentence(to_json(found)), str)
    for one in (found, *found.items):
        for place in one.where:
            start = place.start - 100 * place.source
            stands = sources[place.source - 1][start : place.end - 100 * place.source]
            assert stands and (not place.written or place.written == " ".join(stands.split()))


def test_long_and_repetitive_texts_are_compared_in_a_moment():
    begun = time.thread_time()
    assert sum(n for n in range(2_000_000)) > 0
    unit = time.thread_time() - begun  # of this machine as it is now
    for value, text in (
        ("a" * 4000, "a-\n" * 30_000),
        ("1 " * 1500, "1 " * 50_000),
        ("x" * 10**6, "x" * 10**5),
        ("a b " * 900, "a b \n" * 20_000),
    ):
        begun = time.thread_time()
        judge(value, cited(text), cell=1, codes=["FINAL(" + "(" * 50 + "1" + ")" * 50 + ")"])
        assert time.thread_time() - begun < max(5, 100 * unit)  # seconds of the processor
