"""What a cell did to the variables: those that it added, changed and removed, with type, size and the head of each. Pure."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import line, many
from engine.types import Json

SIGNS = {"added": "+", "changed": "~", "removed": "\u2212"}


def variables(changes: Json) -> Json:
    """{"words": "2 variables added, 1 changed", "table": elements}; None where a cell changed none or nobody looked.

    `changes` is {"added": [{"name", "type", "size", "repr"}], "changed": the same, "removed": [name]}.
    """
    words: list[str] = []
    rows: list[Tree] = []
    for kind in SIGNS:
        some = (changes or {}).get(kind) or []
        if some:
            words.append(f"{many(len(some), 'variable') if not words else f'{len(some):,}'} {kind}")
        rows += (_row(kind, {"name": one} if isinstance(one, str) else one) for one in some)
    if not words:
        return None
    table = el("div", {"class": "table variables"}, el("table", {}, el("tbody", {}, *rows)))
    return {"words": ", ".join(words), "table": table}


def _row(kind: str, one: Json) -> Tree:
    size = one.get("size")
    sign = el(
        "td", {"class": "sign", "title": kind}, SIGNS[kind], el("span", {"class": "unseen"}, f" {kind}")
    )
    return el(
        "tr",
        {"class": kind},
        sign,
        el("th", {"scope": "row"}, line(one["name"], 100)),
        el("td", {}, line(one.get("type", ""), 60)),
        el("td", {"class": "numeric"}, "" if size is None else f"{size:,}"),
        el("td", {"class": "value", "dir": "auto"}, line(one.get("repr", ""), 120)),
    )
