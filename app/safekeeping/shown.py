"""What the panel of evidence and safekeeping shows, as trees: kept questions, logs taken in, what becomes of a backup.

Buttons say in `data-does` what `safekeeping.js` does when they are pressed.
"""

from __future__ import annotations

from typing import Any

from app.text.elements import Tree, el, meter
from app.text.words import amount, line, many, moment
from engine.types import Json

NONE_KEPT = (
    "None yet. “Keep as a check” below an answer keeps its question with that answer; asked again later, it tells what got "
    "worse."
)
LOGS = (
    "A log of rlms or fast-rlm becomes runs that can be looked at, played back and searched. They cannot be verified: they "
    "were not observed here."
)
LOG_FILES = ".jsonl,.json,.log,.txt"
BACKUP = (
    "Everything that is stored in one file, while the app goes on: questions with their records, texts, uploads. A new data "
    "folder is made of it by "
)


def kept_questions(checks: Json) -> list[Tree]:
    """The kept questions of `app.safekeeping.checks.Checks.overview`."""
    kept, running, message = checks["kept"], checks["running"], checks["message"]
    if running:
        number = f"{running['done'] + 1:,} of {running['of']:,}"
        message = f"Asking {number}: {line(running['question'], 200)}"
    rows = [_kept_row(row, running) for row in kept]
    return [
        el(
            "div",
            {"class": "row"},
            el("h3", {"class": "grow"}, "Kept questions"),
            _ask_all(running is not None) if kept else None,
        ),
        el("p", {"class": "muted small", "role": "status"}, message),
        el(
            "ul",
            {"class": "kept-list", "aria-label": "Kept questions"},
            *(rows or [el("li", {"class": "muted small"}, NONE_KEPT)]),
        ),
    ]


def _ask_all(running: bool) -> Tree:
    press = _press("button kept-ask", "stop_asking" if running else "ask_all")
    return el(
        "button", press, _icon("stop" if running else "refresh"), "Stop" if running else "Ask all again"
    )


def _kept_row(row: Json, running: Json) -> Tree:
    run, last = row["run"], row["last"]
    question = line(row["question"], 300)
    now = running if running and running["kept"] == run else None

    def tool(does: str, drawing: str, label: str, **more: Any) -> Tree:
        named = {"title": label, "aria-label": f"{label}: {question}", "data-key": label}
        return el("button", {**_press("quiet", does), **named, **more}, _icon(drawing))

    said = [_said("Accepted: ", row["accepted"])]
    if last and not last["right"]:
        said.append(_said("Last: ", "no answer" if last["answer"] is None else last["answer"]))
    if row["problem"]:
        said.append(_said("", row["problem"]))
    tools = []
    if now and now["run"]:
        tools.append(tool("open", "eye", "Follow", **{"data-run": now["run"]}))
    if last:
        sides = {"data-left": run, "data-right": last["run"]}
        tools.append(tool("compare", "compare", "Compare with the last time", **sides))
    tools += [
        tool("ask", "refresh", "Ask again", **{"data-run": run, "disabled": running is not None}),
        tool("drop", "trash", "Keep no longer", **{"data-run": run}),
    ]
    return el(
        "li",
        {"class": "kept-row", "data-key": run},
        el(
            "div",
            {"class": "grow"},
            el("button", {**_press("plain", "open"), "dir": "auto", "data-run": run}, question),
            *said,
            _meta(row, last, now),
        ),
        *tools,
    )


def _said(what: str, words: str) -> Tree:
    return el(
        "p",
        {"class": "small", "dir": "auto"},
        what and el("span", {"class": "muted"}, what),
        line(words, 300),
    )


def _meta(row: Json, last: Json, now: Json) -> Tree:
    kind, verdict = _verdict(row, now)
    asked = []
    if last:
        times = "once" if row["asked"] == 1 else f"{row['asked']:,} times"
        again = f"asked again {times}, the last time of {line(last['model'] or '', 50)}"
        asked = [el("span", None, again), el("time", None, moment(last["ts"]))]
    return el(
        "div",
        {"class": "kept-meta"},
        el("span", {"class": f"chip {kind}"}, verdict),
        el("span", None, line(row["corpus_name"] or "", 60)),
        *asked,
    )


def _verdict(row: Json, now: Json) -> tuple[str, str]:
    """The kind of its chip, and what it says."""
    if now:
        return "info", "Asking"
    if row["problem"]:
        return "bad", "Could not be asked"
    if not row["last"]:
        return "", "Not asked again yet"
    if row["last"]["worse"]:
        return "bad", f"Worse: {row['last']['worse']}"
    return ("ok", "Holds") if row["last"]["right"] else ("warn", "Another answer")


def logs() -> list[Tree]:
    """How logs of other engines are taken in."""
    return [
        el("h3", None, "Logs of other engines"),
        el("p", {"class": "muted small"}, LOGS),
        el(
            "div",
            {"class": "row"},
            el("button", _press("button", "choose"), _icon("upload"), "Import a log"),
            el("span", {"class": "muted small"}, "or drop one here"),
            el("input", {"type": "file", "hidden": True, "accept": LOG_FILES}),
        ),
    ]


def taken(name: str, found: Json) -> list[Tree]:
    """The runs that came of a log (`app.safekeeping.imports.take`)."""
    runs = found["runs"]
    opens = _press("plain", "open")
    rows = [
        el(
            "li",
            None,
            el("button", {**opens, "dir": "auto", "data-run": one["run"]}, line(one["question"], 200)),
        )
        for one in runs
    ]
    words = f"{line(name, 200)}: {many(len(runs), 'run')} of {line(found['program'], 60)}."
    return [el("p", None, words), el("ul", None, *rows)]


def backup(size: int, free: int) -> list[Tree]:
    """What a backup is, and what it would pack."""
    room = f"About {amount(size)} to pack; {amount(free)} are free on the disk of your home folder."
    command = el("code", None, "python3 launch.py restore FILE --data DIR")
    return [
        el("h3", None, "Backup"),
        el("p", {"class": "muted small"}, BACKUP, command, ". ", el("span", None, room)),
    ]


def backup_state(state: Json) -> list[Tree]:
    """What becomes of backups: `running`, `made` and `message` of `app.safekeeping.backups.Backups.overview`."""
    running, made = state["running"], state["made"]
    told = state["message"] or (_made(made) if made else "")
    now: list[Tree] = []
    if running:
        now = [_running(running), meter("backup-doing", running["done"], running["of"])]
    elif made and made["save"]:
        link = {"class": "button backup-file", "href": "/api/backup/file", "download": ""}
        now = [el("a", {**link, "data-key": "save"}, _icon("download"), "Save the file")]
    return [
        el("p", {"class": "small", "role": "status"}, told),
        el("div", {"class": "backup-state"}, *now),
    ]


def _running(now: Json) -> Tree:
    far = f"{amount(now['done'])} of {amount(now['of'])}"
    words = f"{line(now['file'], 300)}: {far}; {amount(now['free'])} were free there"
    stop = el("button", _press("button backup-stop", "stop_backup"), _icon("stop"), "Stop")
    return el("div", {"class": "row"}, el("span", {"class": "grow small", "id": "backup-doing"}, words), stop)


def _made(made: Json) -> str:
    where = "A backup is ready to be saved" if made["save"] else f"Backed up to {made['file']}"
    records = f"{many(made['runs'], 'question')} with their records"
    return f"{where}: {amount(made['bytes'])}, {records}, {made['corpora']:,} corpora."


def _press(kind: str, does: str) -> dict[str, Any]:
    return {"class": kind, "type": "button", "data-does": does}


def _icon(name: str) -> Tree:
    return el("icon", {"name": name})
