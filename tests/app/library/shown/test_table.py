"""The table of documents as trees: cells, what a row does when it is chosen, and the order of columns."""

from __future__ import annotations

from typing import Any

from app.library.shown import table
from app.text.elements import elements, text_of
from engine.types import Json

HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe"
READ = {
    "document": 3,
    "name": "d/a.pdf",
    "status": "ok",
    "bytes": 20_480,
    "chars": 12_000,
    "pages": 1200,
    "problems": [],
}
LEFT = {"document": None, "name": "x.png", "status": "skipped", "bytes": None, "chars": 0, "pages": None}
IMAGE = {**LEFT, "problems": ["it is an image (PNG), not text"]}


def shown(*documents: Json, first: int = 0, sort: str = "", descending: bool = False, **more: Any) -> Json:
    found = {"total": len(documents), "first": first, "documents": list(documents)}
    return table.shown(found, sort, descending, more.get("problems", False), more.get("query", ""))


def cells(row: list[Any]) -> dict[str, str]:
    return {cell[1]["class"].removeprefix("doc-cell "): text_of(cell[2:]) for cell in row[2:]}


def test_a_row_says_what_a_document_holds_and_opens_it() -> None:
    (row,) = shown(READ, first=40)["rows"]
    assert cells(row) == {
        "name": "readd/a.pdf",
        "size": "20 KB",
        "chars": "12,000",
        "pages": "1,200",
        "status": "",
    }
    said = {name: row[1][name] for name in ("id", "data-row", "aria-rowindex", "data-document", "class")}
    assert said == {
        "id": "doc-row-40", "data-row": "40", "aria-rowindex": "42", "data-document": "3", "class": "doc-row ok"
    }  # fmt: skip


def test_what_was_not_read_says_why_when_it_is_chosen() -> None:
    (row,) = shown(IMAGE)["rows"]
    assert cells(row)["status"] == "It is an image (PNG), not text" and cells(row)["chars"] == ""
    assert row[1]["data-unread"] == "x.png was not read: it is an image (PNG), not text."
    assert "data-document" not in row[1]


def test_a_name_is_data() -> None:
    (row,) = shown({**IMAGE, "name": HOSTILE, "problems": [HOSTILE]})["rows"]
    texts = [text_of(one[2:]) for one in elements([row]) if one[1].get("class") == "doc-name"]
    assert texts == ["<img src=x onerror=alert(1)>U+202Egnp.exe"]
    assert {one[0] for one in elements([row])} == {"div", "span", "icon"}


def test_a_column_sorts_one_way_then_the_other_then_not_at_all() -> None:
    for column, ways in (
        ("size", ["true", "false"]),
        ("name", ["false", "true"]),
        ("status", ["false", "true"]),
    ):
        sort, descending, pressed = "", False, []
        for _ in range(3):
            head = shown(READ, sort=sort, descending=descending)["head"]
            (button,) = [one[1] for one in elements(head) if one[1].get("class") == f"doc-sort {column}"]
            sort, descending = button["data-sort"], button["data-descending"] == "true"
            pressed.append((sort, button["data-descending"]))
        assert pressed == [(column, ways[0]), (column, ways[1]), ("", "false")]


def test_only_the_column_of_the_order_says_how_it_is_sorted() -> None:
    head = shown(READ, sort="chars", descending=True)["head"]
    assert [cell[1].get("aria-sort") for cell in head] == [None, None, "descending", None, None]
    (button,) = [one[1] for one in elements(head) if one[1].get("class") == "doc-sort pages"]
    assert button["data-descending"] == "true"  # another column begins anew


def test_an_empty_table_says_what_there_is_none_of() -> None:
    assert shown(problems=True)["empty"] == "No document has a problem."
    assert shown(problems=True, query="x")["empty"] == "No document has such a name."
    assert shown(query="x")["empty"] == "No document has such a name." and shown(READ)["empty"] == ""
