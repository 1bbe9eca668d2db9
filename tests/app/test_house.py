"""The rules of the house on the app's side: short files, small folders, no circle of imports, in Python and in JavaScript."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.paths import ROOT
from app.server import static
from tests.imports import circles, graph, modules

APP, TESTS = ROOT / "app", ROOT / "tests" / "app"
CODE = {".py", ".js", ".css", ".html"}
FILES = sorted(file for top in (APP, TESTS) for file in top.rglob("*") if file.suffix in CODE)


def python() -> dict[str, set[str]]:
    """Which modules of the app import which, by their paths in `app`."""
    sources = modules(ROOT, "app")
    sources.pop("app")
    return {
        name.removeprefix("app.").replace(".", "/"): {
            other.removeprefix("app.").replace(".", "/") for other in wanted
        }
        for name, wanted in graph(sources).items()
    }


def javascript() -> dict[str, set[str]]:
    """Which ES modules import which when they are loaded, by their paths in `app`."""
    found = {}
    for address in static.modules():
        file = static.find(address)
        assert file is not None, address
        wanted = re.findall(r'^import (?:.* from )?"([^"]+)"', file.read_text(), re.M)
        targets = {name: static.find(name) for name in wanted}
        assert None not in targets.values(), (address, targets)
        found[_path(file)] = {_path(target) for target in targets.values() if target}
    return found


def _path(file: Path) -> str:
    return file.relative_to(APP).as_posix()


def folders(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The same for folders of features; what stands in `app` itself belongs to none."""
    found: dict[str, set[str]] = {}
    for file, others in graph.items():
        feature = file.partition("/")[0]
        reached = {other.partition("/")[0] for other in others} - {feature}
        found.setdefault(feature, set()).update(reached)
    return found


@pytest.mark.parametrize("imports", [python, javascript])
def test_no_module_and_no_feature_imports_itself_by_way_of_others(imports) -> None:
    whole = imports()
    assert sum(map(len, whole.values())) > 50
    for one in (whole, folders(whole)):
        assert circles(one) == set()


def test_no_folder_has_more_than_nine_files_of_code() -> None:
    counted: dict[Path, int] = {}
    for file in FILES:
        if file.name != "__init__.py":
            counted[file.parent] = counted.get(file.parent, 0) + 1
    assert len(counted) > 20 and {folder: n for folder, n in counted.items() if n > 9} == {}


# Where the page is watched, and for what; a value that is told that way would be smuggled.
WATCHES = {
    "shell/static/dom.js": "an element that Gradio has yet to make",
    "shell/static/themes.js": "the class of a theme, which Gradio sets too",
}


def test_form_and_page_talk_through_the_link_and_nothing_is_smuggled_between() -> None:
    code = {_path(file): file.read_text() for file in FILES if file.is_relative_to(APP)}
    watching = {file for file, text in code.items() if "new MutationObserver" in text}
    assert watching == WATCHES.keys()
    hidden = re.compile(r"""visible=(?:False|["']hidden["'])|elem_classes=.*visually-hidden""")
    card = ', elem_classes="card form-card") as card'
    made = [line for file, text in code.items() if file.endswith(".py") for line in text.splitlines()]
    assert [line.strip() for line in made if hidden.search(line)] == [
        'with gr.Column(elem_id="samples", visible=False) as sample_box:',  # shown with the sample documents
        *(f'with gr.Column(visible=False, elem_id="{name}-form"{classes}:'  # made when they are first looked at
          for name, classes in (("bench", card), ("models", ") as cards"), ("questions", card))),
    ]  # fmt: skip
    assert "gr.State(" not in "\n".join(made)  # each tab would hold a connection more, and a browser has six
    typed = re.compile(r"Object\.getOwnPropertyDescriptor|new (?:Input)?Event\(\"(?:input|change)\"")
    assert [file for file, text in code.items() if file.endswith(".js") and typed.search(text)] == []
    assert not [file for file, text in code.items() if "parseInt(pair, 16)" in text or ".hex()" in text]


def test_every_address_of_a_file_of_ours_is_served() -> None:
    named = {
        (file, address)
        for file in FILES
        for address in re.findall(r"/ui/[\w/-]+\.(?:js|css|svg|woff2)", file.read_text())
    }
    assert len(named) > 100
    assert {(file, address) for file, address in named if static.find(address) is None} == set()
