"""What the Models view shows, as trees: the model in use, the files that are there, the catalogue, this machine.

The words are those of `app.models.view.words`. Buttons say in `data-does` what `models.js` does when they are pressed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from app.models.view import words
from app.text.elements import Tree, el, meter, sends
from engine.types import Json


def shown(found: Json, unfolded: Sequence[str] = ()) -> Json:
    """What the page shows: {trees, loading: whether a model is on its way, problem: why the last one did not come}.

    `found` is an overview of `app.models.service.Models`; `unfolded` are the paths of files whose details are shown.
    """
    page = words.page(found)
    return {"trees": _view(page, unfolded), "loading": bool(page["loading"]), "problem": page["problem"]}


def news(of: Json) -> Json:
    """What the page is told of a load or a download: {id, state, path, progress: trees, said: of its end}."""
    said = f"{of['title']} was downloaded and its checksum is right."
    return {**{key: of[key] for key in ("id", "state", "path")}, "progress": progress(of), "said": said}


def _view(page: Json, unfolded: Sequence[str]) -> list[Tree]:
    return [
        el(
            "div",
            {"class": "models-main"},
            _now(page["now"], page["loading"]),
            _section("models-files-title", "On this machine", page["folder"],
                     _rows(page["files"], unfolded, {"id": "models-files"})),
            _section("models-catalogue-title", "Catalogue", "",
                     _muted(page["note"]),
                     el("div", {"id": "models-catalogue"}, *map(_group, page["groups"]))),
        ),
        _machine(page["machine"]),
    ]  # fmt: skip


def progress(of: Json) -> list[Tree]:
    """How a load or a download stands (`words.load`, `words.download`), below its `data-progress`."""
    said = {"class": f"grow small {of['tone']}", "role": "alert" if of["state"] == "failed" else None}
    off = {
        "aria-disabled": "true" if of["state"] == "stopping" else None
    }  # `disabled` would take the focus away

    def button(word: str, does: str, label: str) -> Tree:
        look = {"data-key": does, "aria-label": label, **off}
        return el("button", _press("button", **_request(does, of["id"]), **look), word)

    return [
        el("div", {"class": "row"}, el("span", said, of["words"]), *(button(*one) for one in of["buttons"])),
        *([] if of["percent"] is None else [meter("", of["percent"], 100, of["label"])]),
    ]


def _request(does: str, of: str) -> dict[str, str]:
    """What a button asks for; `of` is the path of a model that is being loaded, or the id of a download."""
    download = f"/api/models/download/{quote(of, safe='')}"
    return {
        "cancel": sends("/api/models/cancel", path=of),
        "go": sends("/api/models/download", name=of),
        "pause": sends(f"{download}/pause"),
        "discard": sends(download, "del"),
    }[does]


def _now(now: Json, loading: Json) -> Tree:
    marks = {"ok": "check", "warn": "warning"}
    return el(
        "section",
        {"class": "card models-now", "aria-label": "Model in use", "tabindex": "-1", "data-key": "now"},
        el(
            "div",
            {"class": "row"},
            el("h2", {"id": "models-current"}, now["title"]),
            *(_chip(*one, sign=marks.get(one[0], "")) for one in now["chips"]),
        ),
        _facts(now["facts"]),
        now["limits"] and _muted(now["limits"]),
        *(_mark("models-notice", one) for one in now["notices"]),
        _standing("models-loading", loading) if loading else None,
        now["problem"]
        and _mark("models-problem", now["problem"], **{"role": "alert", "data-key": "problem"}),
    )


def _standing(kind: str, of: Json) -> Tree:
    return el(
        "div",
        {"class": kind, "data-progress": of["id"], "data-key": f"progress of {of['id']}"},
        *progress(of),
    )


def _section(name: str, title: str, about: str, *rest: Tree) -> Tree:
    head = el("div", {"class": "models-head"}, el("h2", {"id": name}, title), about and _muted(about))
    return el("section", {"class": "models-section", "aria-labelledby": name}, head, *rest)


def _group(group: Json) -> Tree:
    title = el("h3", None, group["title"], el("span", {"class": "muted"}, f" {group['about']}"))
    return el("div", {"class": "models-group", "data-key": group["key"]}, title, _rows(group["rows"], ()))


def _rows(rows: list[Json], unfolded: Sequence[str], attributes: dict[str, str] | None = None) -> Tree:
    listed = (_row(row, unfolded) for row in rows)
    return el("ul", {"class": "models-list", **(attributes or {})}, *listed)


def _row(row: Json, unfolded: Sequence[str]) -> Tree:
    names = {"data-key": row["key"], "data-id": row["key"], "data-name": row.get("file") or ""}
    details, going = row.get("details"), row.get("download")
    return el(
        "li",
        {"class": f"models-row {row['state']}", **names},
        el(
            "div",
            {"class": "models-line"},
            _fold(row, unfolded) if details else None,
            _what(row),
            *(_chip(*one) for one in row["chips"]),
            _use(row),
        ),
        _details(details) if details and row["key"] in unfolded else None,
        _standing("models-download", going) if going else None,
    )


def _fold(row: Json, unfolded: Sequence[str]) -> Tree:
    opened = row["key"] in unfolded
    look = {"aria-expanded": str(opened).lower(), "aria-label": f"Details of {row['name']}"}
    does = {"data-does": "fold", "data-path": row["key"], "data-key": "fold"}
    return el("button", _press("quiet", **look, **does), _icon("down" if opened else "right"))


def _what(row: Json) -> Tree:
    """A model's name, and what is said of it."""
    tag, source = row.get("tag"), row.get("source")
    return el(
        "div",
        {"class": "models-what"},
        el(
            "div",
            {"class": "row"},
            el("span", {"class": "models-name"}, row["name"]),
            tag and el("span", {"class": "chip"}, tag),
            _chip("ok", row["there"], sign="check") if row.get("there") else None,
        ),
        *(el("div", {"class": kind}, said) for kind, said in row["lines"]),
        _source(*source) if source else None,
        _mark("models-problem", row["problem"]) if row.get("problem") else None,
    )


def _source(file: str, *about: str) -> Tree:
    return el(
        "details",
        {"class": "small muted models-source"},
        el("summary", None, "Where it comes from"),
        el("p", {"class": "mono"}, file),
        *(el("p", None, one) for one in about),
    )


def _use(row: Json) -> Tree | None:
    """The button that loads or downloads a model, or that it is in use."""
    if row.get("used"):
        return el("span", {"class": "chip ok models-use"}, _icon("check"), "in use")
    if not (action := row.get("action")):
        return None
    name = {"path" if action["do"] == "load" else "name": action["what"]}
    look = {
        "disabled": action.get("off", False),
        "aria-label": action["label"],
        "title": action.get("title") or None,
    }
    return el(
        "button",
        _press(
            "button models-use", **sends(f"/api/models/{action['do']}", **name), **look, **{"data-key": "use"}
        ),
        _icon("download") if action["do"] == "download" else None,
        action["words"],
    )


def _details(of: Json) -> Tree:
    """What is unfolded below a file; with `settings` it can be loaded."""
    path, settings = of["path"], of.get("settings")
    copy = {"title": "Copy the path", "aria-label": "Copy the path", "data-does": "copy", "data-path": path}
    choose = {"data-does": "settings", "data-path": path}
    return el(
        "div",
        {"class": "models-details", "data-key": "details"},
        el(
            "p",
            {"class": "row small"},
            el("span", {"class": "mono models-path"}, path),
            el("button", _press("quiet", **copy), _icon("copy")) if settings else None,
        ),
        _facts(of["facts"]),
        _mark("models-problem", of["problem"]) if of.get("problem") else None,
        *(_mark("models-notice", one) for one in of["notices"]),
        el("div", None, el("button", _press("button", **choose), "Choose window and adapter"))
        if settings
        else None,
    )


def _machine(machine: Json) -> Tree:
    used: dict[str, Tree] = {"Memory": meter("", machine["used"], 100, "Memory in use")}
    good = machine["good"]
    return el(
        "aside",
        {"class": "card models-machine", "aria-label": "This machine"},
        el("h2", None, "This machine"),
        _facts(machine["facts"], "models-machine-facts", used),
        good and el("p", {"class": "small models-good"}, _icon("check"), good),
        machine["plain"] and el("p", {"class": "small muted"}, machine["plain"]),
    )


def _facts(
    known: list[tuple[str, str]], kind: str = "models-facts", below: dict[str, Tree] | None = None
) -> Tree | None:
    """Names and words; `below` holds what else stands with a name."""
    more = below or {}
    pairs = [
        el("div", None, el("dt", None, name), el("dd", None, said, more.get(name))) for name, said in known
    ]
    return el("dl", {"class": kind}, *pairs) if known else None


def _chip(tone: str, said: str, title: str = "", need: str = "", *, sign: str = "") -> Tree:
    return el(
        "span",
        {"class": f"chip {tone}", "title": title or None},
        _icon(sign) if sign else None,
        said,
        need and el("span", {"class": "models-need"}, need),
    )


def _mark(kind: str, said: str, **more: str) -> Tree:
    return el("p", {"class": f"{kind} small", **more}, _icon("warning"), el("span", None, said))


def _muted(said: str) -> Tree:
    return el("p", {"class": "muted small"}, said)


def _press(kind: str, **more: Any) -> dict[str, Any]:
    return {"class": kind, "type": "button", **more}


def _icon(name: str) -> Tree:
    return el("icon", {"name": name})
