"""What written values amount to; hits ranked by it; two sets of documents."""

from __future__ import annotations

from datetime import date

import pytest

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
        ("2008-06-03", date(2008, 6, 3).toordinal()), ("03/06/2008", date(2008, 6, 3).toordinal()),
        ("03.06.2008", date(2008, 6, 3).toordinal()), ("June 11", None), ("31 February 2008", None), ("none", None),
    ],
)  # fmt: skip
def test_a_value_amounts_to_a_number(text: str, number: float | None) -> None:
    assert amount(text) == (number if number is None else pytest.approx(number))


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
