"""Columns of delimited text: found by their header, with the place of each field, in all rows or in some."""

from __future__ import annotations

import pytest

from engine.corpus import Corpus
from engine.text.columns import column, fields, layout, place

FILES = {
    "invoices.csv": 'invoice_no,customer,Total Amount,status\nA-1,"Wang, Lee & Co",1200.50,paid\nA-2,Orion Metals,80,open\n'
    'A-3,"Wang, Lee & Co","1,000.25",open\nA-4,Orion Metals\n',
    "stock.txt": "item;price;count\nlamp; 12.5 ;3\nclock;7;11\n",
    "crew.csv": 'Report, 2025\n\nname;role;"Pay\n(EUR)"\r\n"Berg; Ida";"first\r\n\r\nmate";"1.100,50"\r\nOtto;6" gun;0,75\r\n'
    'Ruth;"says ""no""\nagain";900\r\n',
    "notes.md": "# Notes\n\nThe total amount, as agreed, is high.\n",
}


def test_a_column_is_found_by_a_word_of_its_header(corpus: Corpus) -> None:
    hits = corpus.column("amount|price")
    assert [h.match for h in hits] == ["1200.50", "80", "1,000.25", "12.5", "7"]
    assert [h.number for h in hits] == [1200.5, 80, 1000.25, 12.5, 7]
    for hit in hits:
        assert corpus.text(hit.id, hit.match_start, hit.match_end) == hit.match
    assert hits[1].text == "A-2,Orion Metals,80,open" and hits[1].line == 3


def test_rows_whose_cells_hold_line_ends_are_rows(corpus: Corpus) -> None:
    hits = corpus.column("pay eur")
    assert [h.match for h in hits] == ["1.100,50", "0,75", "900"]
    assert [h.match for h in corpus.column("role")] == ["first  mate", '6" gun', 'says ""no"" again']
    assert [h.line for h in hits] == [4, 5, 6] and hits[2].text.startswith("Ruth")
    assert [h.match for h in corpus.column("name", "mate")] == ["Berg; Ida"]


@pytest.mark.parametrize(
    ("head", "about", "at"),
    [
        ("invoice_no,amount,Paid On", "invoices", 0),  # forms of a word, by its beginning
        ("invoice_no,amount,Paid On", "AMOUNTS", 1),
        ("invoice_no,amount,Paid On", "paid on", 2),
        ("invoice_no,amount,Paid On", "paid by", None),  # a column holds all words or is another one
        ("dates,date,rate", "date", 1),  # the very word before one that begins like it
        ("payment,no,notes", "no", 1),
        ("payment,notes,per", "no|pe", None),  # two letters are no beginning
        ("size,weight,price", "colour|price|weight", 2),  # the earliest alternative that is there
        ("Größe;Preis;Straße", "PREISE|STRASSE", 2),
    ],
)
def test_which_column_is_named(head: str, about: str, at: int | None) -> None:
    found = place(head, about)
    assert (found and found[0]) == at


def test_rows_are_chosen_by_a_pattern_anywhere_in_them(corpus: Corpus) -> None:
    assert [h.number for h in corpus.column("amount", r"(?i)wang")] == [1200.5, 1000.25]
    assert [h.match for h in corpus.column("customer", "open")] == ["Orion Metals", "Wang, Lee & Co"]
    assert not corpus.column("amount", "nobody")
    with pytest.raises(ValueError, match="expression"):
        corpus.column("amount", "(")


def test_what_is_no_table_has_no_columns(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match=r"no column 'weather'; \S+ has the columns name, role"):
        corpus.column("weather")
    with pytest.raises(ValueError, match="no document here is a table"):
        corpus[:0].column("weather")
    assert place("A plain line without marks", "plain") is None
    assert [*column("", "x")] == [*column("a,b", "a")] == []


def test_a_column_is_known_by_other_forms_of_its_words() -> None:
    head = "object;queen;given_by;queue\na;b;c;d\n"
    assert place(head, "giver") == (2, ";") and place(head, "queens") == (1, ";")
    assert place(head, "quest") is None and place(head, "give way") is None


@pytest.mark.parametrize("about", ["FY2024", "20230102", "item1", "address2", "Q1_FY2024"])
def test_a_column_with_another_number_in_its_name_is_another_column(about: str) -> None:
    assert place("FY2023;20230101;item10;address1;Q1_FY2023\n1;2;3;4;5\n2;3;4;5;6\n", about) is None


@pytest.mark.parametrize(
    ("line", "delimiter", "found"),
    [
        ('a,"b,c",d', ",", ["a", "b,c", "d"]),
        ("a; b ;c", ";", ["a", "b", "c"]),
        ("a,,c,", ",", ["a", "", "c", ""]),
        ("a|b|c", "|", ["a", "b", "c"]),
        ('it is 6" wide,610', ",", ['it is 6" wide', "610"]),
        ('"5"" pipe, long",450', ",", ['5"" pipe, long', "450"]),
        ('"so" called,"x', ",", ['"so" called', '"x']),
        ("a\t\t b", "\t", ["a", "", "b"]),
    ],
)
def test_lines_are_cut_into_fields(line: str, delimiter: str, found: list[str]) -> None:
    assert [line[a:b] for a, b in fields(line, delimiter)] == found


def test_the_rule_of_a_markdown_table_is_no_row() -> None:
    text = "# Rents\n\n| name | rent |\n|:---|---:|\n| Ida | 450 |\n| Otto | 610 |\n"
    assert [text[a:b] for _, _, a, b in column(text, "rent")] == ["450", "610"]


@pytest.mark.parametrize(
    ("head", "header"),
    [
        ("Report, all\n\na,b,c\n1,2,3\n4,5,6\n", "a,b,c"),
        ("sep=;\na;b\n1,5;2\n", "a;b"),
        ("a,b,c\n1,2,3\nTotal,5\n", "a,b,c"),
        ("Net, EUR;Tax, EUR\n1;2\n3;4\n", "Net, EUR;Tax, EUR"),
        ("A title\n\nOne line, with commas, of prose.\n", None),
        ("A title\n\nIt came, and went.\nThen nothing.\nThen, late, it came, again.\n", None),
    ],
)
def test_a_header_may_stand_below_lines_that_are_no_rows(head: str, header: str | None) -> None:
    found = layout(head)
    assert (found and head[found[1] : found[2]]) == header
