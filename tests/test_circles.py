"""No module is imported, by however many others, by a module that it imports itself; also not inside a function."""

from __future__ import annotations

from pathlib import Path

from tests.imports import circles, graph, modules

ROOT = Path(__file__).resolve().parent.parent


def test_there_are_no_circles_of_imports() -> None:
    sources = modules(ROOT, "engine", "app", "models")
    assert len(sources) > 200
    assert circles(graph(sources)) == set()


def test_a_circle_is_found_wherever_its_imports_stand() -> None:
    sources = {
        "a": "from p import b\nimport d",
        "p": "",
        "p.b": "def f():\n    from c import x",
        "c": "import a",
        "d": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a",
    }
    assert circles(graph(sources)) == {frozenset({"a", "p.b", "c"})}
    sources["d"] = "import a"
    assert circles(graph(sources)) == {frozenset({"a", "p.b", "c", "d"})}


def test_a_module_that_imports_from_its_own_face_is_a_circle() -> None:
    sources = {"p": "from p.b import x", "p.b": "from p import x"}
    assert circles(graph(sources)) == {frozenset({"p", "p.b"})}
