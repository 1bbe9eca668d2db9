"""Every drawing that our code names is in its sheet."""

from __future__ import annotations

import re

import pytest

from app.paths import ROOT

APP = ROOT / "app"
SHEETS = {"shell/static": "shell/static/icons.svg", "runs/static": "runs/static/tree/icons.svg"}
OF_THE_TREE = "/ui/runs/controls.js"  # who imports it draws from the sheet of the tree


def drawings(sheet: str) -> set[str]:
    return set(re.findall(r'<path id="(\w+)"', (APP / SHEETS[sheet]).read_text()))


def named() -> dict[str, set[str]]:
    """The drawings that are named where they are shown, by sheet; names that are worked out are not seen here."""
    found: dict[str, set[str]] = {sheet: set() for sheet in SHEETS}
    for file in sorted({*APP.rglob("*.js"), *APP.rglob("*.py")}):
        text = file.read_text()
        sheet = (
            "runs/static"
            if OF_THE_TREE in text or re.search("runs/(detail|tree)/", file.as_posix())
            else "shell/static"
        )
        pattern = r'\bicon\("(\w+)"\)|"icon", \{"name": "(\w+)"\}|\bbutton\("(\w+)", "[A-Z]'
        found[sheet] |= {a or b or c for a, b, c in re.findall(pattern, text)}
    return found


@pytest.mark.parametrize("sheet", SHEETS)
def test_every_drawing_that_is_named_is_there(sheet: str) -> None:
    wanted = named()[sheet]
    assert len(wanted) > 8 and wanted - drawings(sheet) == set()
