"""What the Questions view shows, as trees: the lists there are, and one of them with its answers.

Buttons say in `data-does` what `questions.js` does when they are pressed; those of `sends` ask a route.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from app.questions.rows import COLUMNS, ordered, wanted
from app.text.elements import Tree, chooses, el, meter, sends
from app.text.words import duration, line, many
from engine.types import Json

STATUS = {
    "open": "Not asked",
    "running": "Working",
    "answered": "Answered",
    "unanswered": "No answer",
    "interrupted": "Interrupted",
    "failed": "Failed",
    "refused": "Refused",
}


MORE = 1000  # rows


@dataclass(frozen=True)
class Look:
    """How a person looks at the rows of a list: which are kept, in which order, and how many are shown."""

    words: str = ""
    status: str = ""
    column: str = "number"
    down: bool = False
    shown: int = 200


def parts(side: list[Tree], main: list[Tree]) -> list[Tree]:
    """The two parts of the view, from `lists` and from `nothing` or `one_list`."""
    return [
        el(
            "section",
            {"class": "card questions-side", "aria-labelledby": "lists-title"},
            el("h2", {"id": "lists-title"}, "Lists"),
            el("ul", {"class": "questions-lists"}, *side),
        ),
        el("div", {"class": "questions-main"}, *main),
    ]


def lists(state: Json, chosen: str | None) -> list[Tree]:
    """The lists of `app.questions.service.Asking.overview`, to choose from."""

    def one(found: Json) -> Tree:
        here = str(found["list"] == chosen).lower()
        about = f"{line(found['corpus_name'] or '', 60)} · {_progress(found)}"
        return el(
            "li",
            {"data-key": found["list"]},
            el(
                "button",
                _button(
                    "questions-pick",
                    {"data-does": "list", "data-list": found["list"]},
                    **{"aria-pressed": here},
                ),
                el("span", {"dir": "auto"}, line(found["title"] or found["list"], 80)),
                el("span", {"class": "small muted"}, about),
            ),
        )

    return [one(found) for found in state["lists"]] or [el("li", {"class": "muted"}, "None yet.")]


def nothing() -> list[Tree]:
    """What stands in the place of a list where there is none."""
    return [
        el(
            "section",
            {"class": "card"},
            el("h2", None, "Many questions at once"),
            el(
                "p",
                None,
                "Every question becomes a row with its answer and its sources, and every row is a run that you can open. "
                "A list may be stopped at any time; going on asks only what has no answer yet.",
            ),
            el("p", {"class": "muted"}, "Nothing has been asked yet."),
        )
    ]


def one_list(found: Json, state: Json, rows: list[Json], look: Look) -> list[Tree]:
    """A list of `Asking.overview`, with its rows (`Asking.rows`) as a person looks at them."""
    return [_head(found, state), _filter(rows, look), _answers(rows, look)]


def _head(found: Json, state: Json) -> Tree:
    done = found["rows"] - found["left"]
    running = state["running"] == found["list"]
    about = f"{line(found['corpus_name'] or '', 80)} · {_progress(found)}"
    message = "" if running else state["message"]
    return el(
        "section",
        {"class": "card questions-head", "aria-labelledby": "list-title", "data-key": found["list"]},
        el("h2", {"id": "list-title", "dir": "auto"}, line(found["title"] or found["list"], 120)),
        el("p", {"class": "muted", "id": "list-progress", "role": "status"}, about),
        meter("list-title", done, found["rows"]),
        message and el("p", {"class": "small questions-message"}, _icon("warning"), message),
        el("div", {"class": "row questions-tools"}, *_tools(found, state, running)),
    )


def _tools(found: Json, state: Json, running: bool) -> list[Tree]:
    address = f"/api/questions/{quote(found['list'], safe='')}"

    def save(kind: str) -> Tree:
        link = {
            "class": "button",
            "href": f"{address}/table.{kind}",
            "download": f"answers.{kind}",
            "data-key": kind,
        }
        return el("a", link, _icon("download"), kind.upper())

    tools: list[Tree] = []
    if running:
        tools = [
            el(
                "button",
                _button("button danger", sends("/api/questions/stop"), **{"data-key": "go"}),
                _icon("stop"),
                "Stop",
            )
        ]
    elif found["left"]:
        look = {"disabled": bool(state["running"]), "data-key": "go"}
        go = _button("button primary", sends(f"{address}/resume"), **look)
        tools = [el("button", go, _icon("play"), f"Go on with {found['left']:,}")]
    tools += [save("csv"), save("xlsx"), el("span", {"class": "grow"})]
    if not running:
        sure = f"Delete {many(found['rows'], 'row')} with their runs?"
        tools.append(
            el(
                "button",
                _button("button danger", sends(address, "del"), **{"data-key": "delete"}),
                _icon("trash"),
                el("span", {"class": "usual"}, "Delete"),
                el("span", {"class": "sure"}, sure),
            )
        )
    return tools


def _filter(rows: list[Json], look: Look) -> Tree:
    search = {
        "class": "field grow",
        "type": "search",
        "name": "words",
        "placeholder": "Filter",
        "aria-label": "Filter the rows",
    }
    kinds = dict.fromkeys([*(row["status"] for row in rows), *filter(None, [look.status])])
    return el(
        "div",
        {"class": "row questions-filter"},
        el("input", search),
        el(
            "select",
            {"class": "field", "aria-label": "Status", "name": "status"},
            el("option", {"value": ""}, "All rows"),
            *(el("option", {"value": kind}, STATUS.get(kind, kind)) for kind in kinds),
        ),
    )


def _answers(rows: list[Json], look: Look) -> Tree:
    each = any(row["name"] for row in rows)
    found = ordered(wanted(rows, look.words, look.status), look.column, look.down)
    more = len(found) - look.shown
    table = el(
        "table",
        {"class": "questions-table"},
        el("thead", None, el("tr", None, *_columns(each, look))),
        el("tbody", None, *(_row(row, each) for row in found[: look.shown])),
    )
    return el(
        "div",
        {"class": "questions-scroll", "tabindex": "0", "role": "region", "aria-label": "Answers"},
        table,
        None if found else el("p", {"class": "empty"}, "No row is like this."),
        el("button", _button("plain", chooses(shown=look.shown + MORE)), f"Show more of {more:,}")
        if more > 0
        else None,
    )


def _columns(each: bool, look: Look) -> list[Tree]:
    def column(name: str, label: str) -> Tree:
        here = name == look.column
        order = ("descending" if look.down else "ascending") if here else "none"
        arrow = el("span", {"aria-hidden": "true"}, " ↓" if look.down else " ↑") if here else None
        then = chooses(column=name, down=here and not look.down)
        button = el("button", _button("questions-sort", then), label, arrow)
        return el("th", {"scope": "col", "class": f"col-{name}", "aria-sort": order}, button)

    return [column(name, label) for name, label in COLUMNS.items() if each or name != "name"]


def _row(row: Json, each: bool) -> Tree:
    status = STATUS.get(row["status"], row["status"])
    answer = row["answer"]
    said = answer if answer is not None else line(row["reason"], 200) or status
    name = {"aria-label": f"Open the run of row {row['number']}"}
    opens = _button("plain small", {"data-does": "open", "data-run": row["run"]}, **name)
    told = {"class": f"small questions-said said-{row['agreement']}"}
    sources = [el("li", {"dir": "auto"}, line(one, 160)) for one in row["sources"]]
    return el(
        "tr",
        {"data-status": row["status"], "data-key": str(row["number"])},
        el("td", {"class": "num"}, str(row["number"])),
        el("td", None, line(row["name"], 120)) if each else None,
        el("td", {"dir": "auto"}, line(row["question"], 400)),
        el(
            "td",
            {"dir": "auto", "class": "muted" if answer is None else ""},
            line(said, 600),
            row["said"] and el("span", told, row["said"]),
        ),
        el(
            "td",
            {"class": "questions-sources"},
            el("ul", None, *sources) if sources else None,
            el("span", {"class": "small muted"}, f"and {row['more']} more") if row["more"] else None,
        ),
        el("td", None, status),
        el("td", {"class": "num"}, "" if row["seconds"] is None else duration(row["seconds"])),
        el("td", None, el("button", opens, "Open") if row["run"] else None),
    )


def _button(kind: str, does: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"class": kind, "type": "button", **does, **more}


def _icon(name: str) -> Tree:
    return el("icon", {"name": name})


def _progress(found: Json) -> str:
    rest = f", {found['left']:,} to ask" if found["left"] else ""
    return f"{found['counts'].get('answered', 0):,} of {many(found['rows'], 'row')} answered{rest}"
