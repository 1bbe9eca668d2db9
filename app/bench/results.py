"""What the Bench view shows, as trees: how far a bench is, and the results of a series with the questions of one row.

Buttons say in `data-does` what `bench.js` does when they are pressed; those of `sends` ask a route.
"""

from __future__ import annotations

import json

from app.bench.charts import charts, legend
from app.bench.words import METHODS, SUITES
from app.text.elements import Tree, chooses, el, meter, sends
from app.text.words import left
from engine.types import Json

COLUMNS = ("Questions", "Length", "Way", "Asked", "Right", "95 % interval", "Tokens", "Seconds", "Calls", "")
WORDS = ("Questions", "Way")  # columns of words, which begin at the left


def progress(now: Json, message: str, stopping: bool) -> list[Tree]:
    """How far a bench is (`app.bench.service.Measuring`), or why the last one ended before its end."""
    warned: list[Tree] = [] if now or not message else [el("icon", {"name": "warning"}), message]
    said = el("p", {"class": "bench-message small", "role": "status", "data-key": "message"}, *warned)
    return [_going(now, stopping), said] if now else [said]


def _going(now: Json, stopping: bool) -> Tree:
    rest = left(now["seconds_left"])
    count = f"{now['done']:,} of about {now['total']:,} questions" + (f" · about {rest}" if rest else "")
    stop = {"class": "button danger", "type": "button", "id": "bench-stop", **sends("/api/bench/stop")}
    return el(
        "div",
        {"class": "bench-progress", "data-key": "going"},
        el("p", {"id": "bench-doing"}, "Stopping" if stopping else now["doing"]),
        meter("bench-doing", now["done"], now["total"]),
        el("p", {"class": "muted small", "id": "bench-count"}, count),
        el("div", {"class": "row"}, el("button", stop, el("icon", {"name": "stop"}), "Stop")),
    )


def results(state: Json, row: str, trials: list[Json]) -> list[Tree]:
    """The results of a series, of `Measuring.overview`. `row` is the key of the row whose questions are shown: `trials`."""
    return [el("div", {"class": "bench-main"}, *_results(state["report"], state, row, trials))]


def _results(report: Json, state: Json, row: str, trials: list[Json]) -> list[Tree]:
    if not report or not report["rows"]:
        return [_nothing()]
    rows = report["rows"]
    methods = [name for name in METHODS if any(row["method"] == name for row in rows)]
    suites = [
        charts(name, SUITES.get(name, ""), [row for row in rows if row["suite"] == name], methods)
        for name in dict.fromkeys(row["suite"] for row in rows)
    ]
    region = {
        "class": "bench-scroll",
        "tabindex": "0",
        "role": "region",
        "aria-labelledby": "bench-table-title",
    }
    return [
        _verdict(report, state),
        el("section", {"class": "card bench-suite", "aria-label": "Charts"}, legend(methods), *suites),
        el(
            "div",
            {"data-key": f"figures-{report['series']}"},
            el("h2", {"id": "bench-table-title", "class": "sr"}, "Figures"),
            el("div", region, _table([(key(report["series"], one), one) for one in rows], row, trials)),
        ),
    ]


def key(series: str, row: Json) -> str:
    """What tells a row of results, or the trials of one, from all others."""
    return f"{series} {row['suite']} {row['windows']:g} {row['method']}"


def _nothing() -> Tree:
    return el(
        "section",
        {"class": "card bench-verdict"},
        el("h2", None, "What does recursion buy, with this model, on this machine?"),
        el(
            "p",
            None,
            "The bench asks the model questions about texts from half a window to a thousand windows long, and answers "
            "each in several ways: reading what fits, reading the best passages, reading on with notes, and recursively. "
            "Each question is a run that you can open.",
        ),
        el("p", {"class": "muted"}, "Nothing has been measured yet."),
    )


def _verdict(report: Json, state: Json) -> Tree:
    series, void = report["series"], report["void"]
    words = (report["verdict"] or "").replace(void, "").strip() if void else report["verdict"]
    image = {"class": "button", "href": f"/api/bench/{series}/chart.png", "download": "taproot-bench.png"}
    held = bool(state["running"]) and state["running"]["series"] == series
    delete = {
        "class": "button danger",
        "type": "button",
        "disabled": held,
        **sends(f"/api/bench/{series}", "del"),
    }
    about = f"a window of {report['model']['n_ctx']:,} tokens, {report['trials']:,} questions"
    return el(
        "section",
        {"class": "card bench-verdict", "aria-labelledby": "bench-title", "data-key": series},
        el(
            "div",
            {"class": "bench-head"},
            el("h2", {"id": "bench-title"}, report["model"]["name"]),
            el("span", {"class": "muted"}, about),
            el("span", {"class": "grow"}),
            _chooser(state["series"], series) if len(state["series"]) > 1 else None,
            el("a", image, el("icon", {"name": "download"}), "Chart as PNG"),
            el(
                "button",
                delete,
                el("icon", {"name": "trash"}),
                el("span", {"class": "usual"}, "Delete"),
                el("span", {"class": "sure"}, f"Delete {report['trials']:,} questions with their runs?"),
            ),
        ),
        words and el("p", {"id": "bench-verdict"}, words),
        void and el("p", {"class": "bench-void"}, el("icon", {"name": "warning"}), el("span", None, void)),
    )


def _chooser(series: list[Json], chosen: str) -> Tree:
    def option(one: Json) -> Tree:
        seed = f", seed {one['seed']}" if one["seed"] else ""
        here = {"value": one["series"], "selected": one["series"] == chosen}
        return el("option", here, f"{one['model']}, {one['n_ctx']:,} tokens{seed}")

    return el(
        "select", {"class": "field", "aria-label": "Results of", "name": "series"}, *map(option, series)
    )


def _table(rows: list[tuple[str, Json]], open_row: str, trials: list[Json]) -> Tree:
    head = [
        el(
            "th",
            {"scope": "col", "class": "left" if name in WORDS else ""},
            name or el("span", {"class": "sr"}, "Runs"),
        )
        for name in COLUMNS
    ]
    body = []
    suite = rows[0][1]["suite"]
    for name, row in rows:
        opened = name == open_row
        body.append(_row(row, name, opened, begins=row["suite"] != suite))
        suite = row["suite"]
        if opened:
            cell = {"class": "bench-trials", "colSpan": len(COLUMNS)}
            listed = el("ol", {"tabindex": "0", "aria-label": "Runs"}, *map(_trial, trials))
            body.append(el("tr", {"data-key": f"runs of {open_row}"}, el("td", cell, listed)))
    return el(
        "table", {"class": "bench-table"}, el("thead", None, el("tr", None, *head)), el("tbody", None, *body)
    )


def _row(row: Json, name: str, opened: bool, begins: bool) -> Tree:
    label = f"Runs of {row['suite']} at {row['windows']:g} windows, {row['method']}"
    button = {
        "class": "plain small",
        "type": "button",
        "aria-expanded": str(opened).lower(),
        "aria-label": label,
        **chooses(row="" if opened else name),
    }
    way = el("span", {"class": f"bench-dot m-{row['method']}"})
    return el(
        "tr",
        {"class": "bench-first" if begins else "", "data-key": name},
        el("th", {"scope": "row", "class": "left"}, row["suite"]),
        el("td", None, f"{row['windows']:,g}×"),
        el("td", {"class": "left"}, way, row["method"]),
        el("td", None, f"{row['n']:,}"),
        el("td", None, f"{100 * row['accuracy']:.0f} %"),
        el("td", {"class": "muted"}, f"{100 * row['low']:.0f}–{100 * row['high']:.0f} %"),
        el("td", None, f"{row['tokens']:,}"),
        el("td", None, f"{row['seconds']:.2f}"),
        el("td", None, f"{row['calls']:g}"),
        el("td", None, el("button", button, "Hide" if opened else "Runs")),
    )


def _trial(trial: Json) -> Tree:
    right = trial["score"] == 1
    wanted = trial["reference"]
    answer = trial["answer"]
    if answer is None:
        answer = f"no answer: {trial['reason']}" if trial["reason"] else "no answer"
    opens = {
        "class": "plain small",
        "type": "button",
        "aria-label": f"Open the run: {trial['question']}",
        "data-does": "open",
        "data-run": trial["run"],
    }
    return el(
        "li",
        None,
        el(
            "span",
            {"class": "right" if right else "wrong"},
            el("icon", {"name": "check" if right else "close"}),
            el("span", {"class": "sr"}, "right" if right else "wrong"),
        ),
        el(
            "span",
            {"class": "what"},
            el("span", None, trial["question"]),
            el("span", {"class": "muted small"}, str(answer)),
            None if right else el("span", {"class": "muted small"}, f"wanted: {_written(wanted)}"),
        ),
        el("button", opens, "Open") if trial["run"] else el("span", {"class": "muted small"}, "deleted"),
    )


def _written(reference: Json) -> str:
    return reference if isinstance(reference, str) else json.dumps(reference, ensure_ascii=False)
