"""Dates in many languages and notations: one meaning or none, and why none."""

from __future__ import annotations

import datetime
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.text import notation
from engine.text.amounts import amount
from engine.text.dates import date, month_of_year, months, unclear, written
from tests.engine.text.make_months import MONTHS

DAY = (2023, 3, 8)


@pytest.mark.parametrize(
    "text",
    [
        "2023-03-08", "2023/3/8", "2023.03.08", "2023. 3. 8.", "8.3.2023", "08.03.2023", "8. 3. 2023", "08.03.23", "2023年3月8日", "２０２３年３月８日",
        "2023년 3월 8일", "8 March 2023", "8th of March 2023", "March 8, 2023", "Mar. 8 2023", "8-Mar-2023", "8/Mar/2023", "2023 March 8",
        "8. März 2023", "8. Mär. 2023", "8 MÄRZ 2023", "8. Ma\u0308rz 2023", "8 mars 2023", "8 de marzo de 2023", "8 de março de 2023", "8 marzo 2023",
        "8 maart 2023", "8. marts 2023", "8 mars 2023", "8. maaliskuuta 2023", "8 marca 2023", "8. března 2023", "2023. március 8.", "8 Mart 2023",
        "8 марта 2023", "8 березня 2023", "8 Μαρτίου 2023", "8 مارس 2023", "8 במרץ 2023", "8 मार्च 2023", "8 มีนาคม 2566", "8 มี.ค. 2566", "2023 m. kovo 8",
        "8 mar 2023", "8 mar. de 2023",
    ],
)  # fmt: skip
def test_a_date_is_read_in_any_language(text: str) -> None:
    assert date(text) == DAY
    assert [value for _, _, value in written(f"On {text}, not before.")] == [DAY]
    assert unclear(text) == ""


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("03/04/2025", "03/04/2025 may be 2025-04-03 or 2025-03-04"), ("3-4-2025", "3-4-2025 may be 2025-04-03 or 2025-03-04"),
        ("3/4/25", "3/4/25 may be 2025-04-03 or 2025-03-04"), ("3. listopada 2024", "3. listopada 2024 may be 2024-10-03 or 2024-11-03"),
        ("30.02.2024", "30.02.2024 is no date"), ("13/13/2024", "13/13/2024 is no date"), ("2023-03-08", ""), ("04/04/2025", ""), ("12/31/2025", ""), ("a", ""),
    ],
)  # fmt: skip
def test_what_may_be_two_dates_is_none_and_says_why(text: str, why: str) -> None:
    assert unclear(f"It was {text} then.") == why
    assert (date(text) is None) == bool(why) or text == "a"


@pytest.mark.parametrize(
    "text",
    [
        "10.1.12.25",
        "12 people 2024",
        "version 1.12.2.2024",
        "3/4/2024/5",
        "2024-13",
        "8 monkeys 2023",
        "10 out of 1000",
        "10 out of 2000 patients",
        "10 OUT OF 2000",
        "12 van 2000",
        "3 see 1999",
        "3 set 2000",
        "3 now 2000",
        "sun 10 2000",
        "sat 10, 2000",
        "2000 cut 5",
        "8 me 2023",
        "10 Mar 1000",
        "10 Mar 2300",
        "10 march 1000",
        "10 March 0000",
        "clause 4.2.11",
        "version 3.11.12",
        "1.02.23",
        "01.2.23",
        "1:2/3/2024",
    ],
)
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert [*written(text)] == []


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("3 Set 2000", (2000, 9, 3)), ("3 set. 2000", (2000, 9, 3)), ("3 de out. de 2000", (2000, 10, 3)), ("3-out-2000", (2000, 10, 3)),
        ("8 mai 2023", (2023, 5, 8)), ("8 мая 2023", (2023, 5, 8)), ("8 jun 2023", (2023, 6, 8)), ("14 October 1066", (1066, 10, 14)),
    ],
)  # fmt: skip
def test_a_short_name_is_a_month_where_it_is_written_as_one(text: str, day: tuple[int, int, int]) -> None:
    assert date(text) == day


@given(
    st.from_regex(
        r"([0-9]{1,2}[ ./-])?(May|Mar|out|March|Set|0?[0-9])\.?[ ./-](of )?[0-9]{2,4}", fullmatch=True
    )
)
def test_nothing_that_looks_like_a_date_makes_trouble(text: str) -> None:
    amount(text)
    month_of_year(text)


def test_no_year_is_before_the_first() -> None:
    assert month_of_year("May 0000") is None and amount("May 0000") is None


def test_a_word_is_a_month_only_in_a_date() -> None:
    for text in ("12 out of", "12 may pay", "12 set"):
        assert notation.whole(text, 0, 2)
    for text in ("12 March and", "12 März", "12. May", "12 of August", "12 мая"):
        assert not notation.whole(text, 0, 2)


NAMES = [
    name
    for name, found in json.loads(MONTHS.read_text("utf-8")).items()
    if len(found) == 1 and "'" not in name and len(name) < 20
]


@settings(max_examples=20)
@given(st.dates(datetime.date(1600, 1, 1), datetime.date(2199, 1, 1)))
def test_every_name_of_a_month_makes_a_date(day: datetime.date) -> None:
    for name in NAMES:
        (month,) = months(name)
        name = name if len(name) > 3 else name.capitalize()
        try:
            wanted = (day.year, month, datetime.date(day.year, month, day.day).day)
        except ValueError:
            wanted = None
        found = date(f"{day.day} {name} {day.year}"), date(f"{name} {day.day}, {day.year}")
        assert found == (wanted, wanted), name


def test_the_names_are_those_of_cldr() -> None:
    from tests.engine.text.make_months import table

    known = json.loads(MONTHS.read_text("utf-8"))
    for language in ("de", "pt"):
        for name, found in table([language]).items():
            assert set(found) <= set(known[name])
