"""What written values amount to; hits ranked by it; two sets of documents."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.text.amounts import amount

FILES = {
    "leases/elm.txt": "Lease: Elm House\n\nDeposit: EUR 1,200.50\nEnds on 3 June 2008.\nRuth Smith keeps the old mill.\n",
    "leases/fir.txt": "Lease: Fir House\n\nDeposit: EUR 900\nEnds on 2007-12-31.\nRuth Smith likes cats.\n",
    "leases/oak.txt": "Lease: Oak House\n\nDeposit: EUR 0.9 million\nNo end was agreed. The old mill is near.\n",
}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("EUR 1,200.50", 1200.5), ("CHF 1.234,50", 1234.5), ("1.234.567", 1_234_567), ("17,523 pounds", 17_523),
        ("$0.9 million", 900_000), ("12,5 %", 12.5), ("17 percent", 17), ("-30 °C", -30), ("Room 12", 12),
        ("nine working days", 9), ("3 weeks", 21), ("twenty-one days", 21), ("half an hour", 1 / 48), ("90 minutes", 1 / 16),
        ("500 grams", 0.5), ("2 tonnes", 2000), ("1.5 km", 1500), ("12 m", 12),
        ("45 cm", 0.45), ("90 seconds", 90 / 86_400), ("1.5 hours", 1.5 / 24), ("6-month", 6 * 30.44), ("2 ha", 20_000), ("40 GB", 40e9), ("3 ml", 0.003),
        ("3rd of May 2024", date(2024, 5, 3).toordinal()), ("May 2024", date(2024, 5, 1).toordinal()), ("1.5 thousand", 1500),
        ("3 June 2008", date(2008, 6, 3).toordinal()), ("June 3, 2008", date(2008, 6, 3).toordinal()),
        ("2008-06-03", date(2008, 6, 3).toordinal()), ("03/06/2008", None), ("23/06/2008", date(2008, 6, 23).toordinal()),
        ("03.06.2008", date(2008, 6, 3).toordinal()), ("June 11", None), ("31 February 2008", None), ("none", None),
        ("You may pay EUR 500", 500), ("12 out of 20", 12), ("the 4 marches", 4), ("10 out of 1000 patients", 10),
        ("12½ hours", 12.5 / 24), ("12 ½ hours", 12.5 / 24), ("½ hour", 0.5 / 24), ("-1¾", -1.75), ("3⅓", 10 / 3), ("12 or ½", 12), ("May 0000", None),
    ],
)  # fmt: skip
def test_a_value_amounts_to_a_number(text: str, number: float | None) -> None:
    assert amount(text) == (number if number is None else pytest.approx(number))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Pfand EUR 4.200,-", 4200), ("4.200", 4200), ("4,200", 4200), ("19,90 Euro", 19.9), ("0,065 EUR", 0.065), ("0.065", 0.065),
        ("CHF 7'410.20", 7410.2), ("7’410.–", 7410), ("2.750.000 EUR", 2_750_000), ("2,750,000", 2_750_000), ("1,25,000", 125_000),
        ("14 300 €", 14_300), ("14\u202f300,50 €", 14_300.5), ("14\u2009300", 14_300), ("1\u00a0250\u00a0000", 1_250_000),
        ("−14 300", -14_300), ("٧٬٤١٠٫٢", 7410.2), ("１２．５", 12.5), ("2024 500", 2024), ("030 123 456", 30), ("192.168.1.1", None),
        ("1.23.456,7", 1.0 * 123_456.7), ("1,234.567,8", None), ("1,2,3", None), ("12.3456", 12.3456), ("1250,125", 1250.125),
    ],
)  # fmt: skip
def test_numbers_are_read_as_they_are_written_anywhere(text: str, number: float | None) -> None:
    assert amount(text) == (number if number is None else pytest.approx(number))


GROUPS = st.sampled_from([".", ",", "'", "’", " ", "\u00a0", "\u2009", "\u202f"])


@given(st.integers(0, 999_999_999), st.integers(0, 99), GROUPS, st.booleans())
def test_a_number_is_the_same_however_it_is_grouped(whole: int, cents: int, group: str, signed: bool) -> None:
    point = "," if group == "." else "."
    grouped, sign = f"{whole:,}".replace(",", group), "-" if signed else ""
    value = -whole if signed else whole
    assert amount(f"{sign}{grouped}{point}{cents:02} EUR") == pytest.approx(
        value - cents / 100 if signed else value + cents / 100
    )
    assert amount(f"EUR {sign}{grouped}") == value


def test_three_digits_after_a_mark_are_what_the_text_around_them_shows(ingested) -> None:
    files = {
        "english.txt": "Weight 1.250 kg\nPrice 12.50 and 3,499.00\n", "german.txt": "Gewicht 1,250 kg\nPreis 12,50 und 3.499,00\n",
        "none.txt": "Gewicht 1.250 kg and 1,250 kg\n",
    }  # fmt: skip
    corpus = ingested(files)
    assert [hit.number for hit in corpus.grep(r"1[.,]250(?= kg)")] == [1.25, 1.25, 1250, 1250]
    assert [hit.number for hit in corpus.grep(r"3.499")] == [3499, 3499]


def test_a_date_that_may_be_two_says_so(ingested) -> None:
    corpus = ingested({"list.csv": "name,due,sum\nElm,03/04/2025,5\nFir,13/04/2025,6\n"})
    hits = corpus.column("due")
    assert [hit.number for hit in hits] == [None, date(2025, 4, 13).toordinal()]
    assert [hit.unclear for hit in hits] == ["03/04/2025 may be 2025-04-03 or 2025-03-04", ""]
    assert repr(hits).splitlines()[-1] == "(03/04/2025 may be 2025-04-03 or 2025-03-04)"


def test_hits_are_ranked_by_what_they_state(corpus: Corpus) -> None:
    hits = sorted(corpus.grep(r"(?<=Deposit: ).*"), key=lambda hit: hit.number)
    assert [hit.number for hit in hits] == [900, 1200.5, 900_000]
    assert hits[-1].name == "leases/oak.txt" and hits[-1].match == "EUR 0.9 million"
    assert [hit.number is None for hit in corpus.grep(r"Ends on .*|No end .*")] == [False, False, True]


def test_views_are_cut_and_subtracted(corpus: Corpus) -> None:
    ruth, mill = corpus.matching("Ruth Smith"), corpus.matching("old mill")
    assert (ruth & mill).names == ["leases/elm.txt"]
    assert (ruth - mill).names == ["leases/fir.txt"]
    assert (mill - ruth).names == ["leases/oak.txt"]
    assert len(corpus - corpus) == 0


def test_the_last_day_of_a_range_counts() -> None:
    assert amount("5 to 23 August 2024") == amount("23 August 2024") == amount("5-23 August 2024")
    assert amount("3 May 2021") < amount("5 to 23 August 2024")
