"""The rules of the house on the app's side: short files, small folders, no circle of imports, in Python and in JavaScript."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from app.paths import ROOT
from app.server import static

APP, TESTS = ROOT / "app", ROOT / "tests" / "app"
CODE = {".py", ".js", ".css", ".html"}
FILES = sorted(file for top in (APP, TESTS) for file in top.rglob("*") if file.suffix in CODE)


def imports(tree: ast.AST) -> Iterator[str]:
    """Modules that a module imports when it runs, anywhere in it."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


def module_of(name: str) -> Path | None:
    """The file of a module of the app, or of the module that a name stands in."""
    path = ROOT / name.replace(".", "/")
    for found in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if found.is_file():
            return found
    return None


def python() -> dict[Path, set[Path]]:
    """Which modules of the app import which."""
    return {
        file: {
            found
            for name in imports(ast.parse(file.read_text()))
            if name.startswith("app.") and (found := module_of(name)) and found != file
        }
        for file in APP.rglob("*.py")
    }


def javascript() -> dict[Path, set[Path]]:
    """Which ES modules import which when they are loaded."""
    found = {}
    for address in static.modules():
        file = static.find(address)
        assert file is not None, address
        wanted = re.findall(r'^import (?:.* from )?"([^"]+)"', file.read_text(), re.M)
        targets = {name: static.find(name) for name in wanted}
        assert None not in targets.values(), (address, targets)
        found[file] = {target for target in targets.values() if target}
    return found


def folders(graph: dict[Path, set[Path]]) -> dict[str, set[str]]:
    """The same for folders of features; what stands in `app` itself belongs to none."""
    found: dict[str, set[str]] = {}
    for file, others in graph.items():
        feature = file.relative_to(APP).parts[0]
        reached = {other.relative_to(APP).parts[0] for other in others} - {feature}
        found.setdefault(feature, set()).update(reached)
    return found


@pytest.mark.parametrize("graph", [python, javascript])
def test_no_module_and_no_feature_imports_itself_by_way_of_others(graph) -> None:
    whole = graph()
    assert sum(map(len, whole.values())) > 50
    for one in (whole, folders(whole)):
        try:
            TopologicalSorter(one).prepare()
        except CycleError as circle:
            pytest.fail(" -> ".join(map(str, circle.args[1])))


def test_no_folder_has_more_than_nine_files_of_code() -> None:
    counted: dict[Path, int] = {}
    for file in FILES:
        if file.name != "__init__.py":
            counted[file.parent] = counted.get(file.parent, 0) + 1
    assert len(counted) > 20 and {folder: n for folder, n in counted.items() if n > 9} == {}


def test_every_address_of_a_file_of_ours_is_served() -> None:
    named = {
        (file, address)
        for file in FILES
        for address in re.findall(r"/ui/[\w/-]+\.(?:js|css|svg|woff2)", file.read_text())
    }
    assert len(named) > 100
    assert {(file, address) for file, address in named if static.find(address) is None} == set()
