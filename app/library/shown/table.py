"""The documents of a corpus as the rows of a table, and the head of that table with the order of its rows."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import amount, line
from engine.types import Json

COLUMNS = {"name": "Name", "size": "Size", "chars": "Characters", "pages": "Pages", "status": "Problems"}
LARGEST_FIRST = ("size", "chars", "pages")
STATES = {"ok": ("check", "read"), "partly": ("warning", "read in part"), "skipped": ("close", "not read")}


def shown(found: Json, sort: str, descending: bool, only_problems: bool, query: str) -> Json:
    """Of `app.library.documents.Documents.list`: {head, rows: trees; empty: a sentence where there is no row}.

    A button of the head sorts by `data-sort`, with `data-descending`. A row opens the document `data-document`, or
    says in `data-unread` why it has no text.
    """
    none = "No document has a problem." if only_problems and not query else "No document has such a name."
    return {
        "head": [_column(name, label, sort, descending) for name, label in COLUMNS.items()],
        "rows": [_row(number, entry) for number, entry in enumerate(found["documents"], found["first"])],
        "empty": "" if found["total"] else none,
    }


def _column(name: str, label: str, sort: str, descending: bool) -> Tree:
    """One column. Pressed again and again it sorts one way, the other way, and not at all."""
    here, first = name == sort, name in LARGEST_FIRST
    if not here:
        then = (name, first)
    elif descending == first:
        then = (name, not first)
    else:
        then = ("", False)
    press = {"data-does": "sort", "data-sort": then[0], "data-descending": str(then[1]).lower()}
    button = {"class": f"doc-sort {name}", "type": "button", **press}
    order = {"aria-sort": "descending" if descending else "ascending"} if here else {}
    cell = {"class": f"doc-cell {name}", "role": "columnheader", **order}
    return el("div", cell, el("button", button, label, el("icon", {"name": "down"})))


def _row(number: int, entry: Json) -> Tree:
    sign, words = STATES[entry["status"]]
    problems = " ".join(entry["problems"])
    name = line(entry["name"], 400)
    cut = name.rfind("/") + 1
    state = el(
        "span",
        {"class": f"doc-state {entry['status']}", "title": words},
        el("icon", {"name": sign}),
        el("span", {"class": "sr"}, words),
    )
    folder = el("span", {"class": "doc-folder"}, name[:cut])
    known = entry["document"] is not None
    cells: dict[str, list[Tree]] = {
        "name": [state, el("span", {"class": "doc-name", "dir": "auto", "title": name}, folder, name[cut:])],
        "size": ["" if entry["bytes"] is None else amount(entry["bytes"])],
        "chars": [f"{entry['chars']:,}" if known else ""],
        "pages": [f"{entry['pages']:,}" if entry["pages"] else ""],
        "status": [el("span", {"title": problems}, _sentence(problems))],
    }
    unread = f"{line(entry['name'], 120)} was not read: {line(problems, 300)}."
    return el(
        "div",
        {
            "class": f"doc-row {entry['status']}",
            "role": "row",
            "id": f"doc-row-{number}",
            "aria-rowindex": str(number + 2),
            "data-row": str(number),
            **({"data-document": str(entry["document"])} if known else {"data-unread": unread}),
        },
        *(
            el("div", {"class": f"doc-cell {key}", "role": "gridcell"}, *inside)
            for key, inside in cells.items()
        ),
    )


def _sentence(text: str) -> str:
    """A reason as it stands in a table: with a capital, without a full stop."""
    short = line(text, 300).removesuffix(".")
    return short[:1].upper() + short[1:]
