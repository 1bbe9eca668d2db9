"""What modules import what, and where that goes in a circle: for the tests that hold the tree to its rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path


def modules(root: Path, *tops: str) -> dict[str, str]:
    """The source of every module below the folders `tops` of `root`, by dotted name; a package has the plain name."""
    paths = [path for top in tops for path in sorted((root / top).rglob("*.py"))]
    named = {".".join(path.relative_to(root).with_suffix("").parts): path for path in paths}
    return {name.removesuffix(".__init__"): path.read_text("utf-8") for name, path in named.items()}


def imported(tree: ast.AST) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(module, names from it) of every import but those for type checkers alone."""
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            todo += node.orelse
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name their module in full"
            yield node.module or "", tuple(alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        todo += ast.iter_child_nodes(node)


def graph(sources: dict[str, str]) -> dict[str, set[str]]:
    """What each module imports of the others: `from package import name` is the module of that name if there is one."""
    found = {}
    for module, source in sources.items():
        wanted: set[str] = set()
        for name, parts in imported(ast.parse(source)):
            full = [f"{name}.{part}" for part in parts]
            wanted |= {part if part in sources else name for part in full} if full else {name}
        found[module] = {name for name in wanted if name in sources and name != module}
    return found


def circles(edges: dict[str, set[str]]) -> set[frozenset[str]]:
    """The sets of modules of which each reaches each other one."""
    reached: dict[str, set[str]] = {}
    for start in edges:
        reached[start], todo = set(), [start]
        while todo:
            new = edges[todo.pop()] - reached[start]
            reached[start] |= new
            todo += new
    return {
        frozenset({start, *(other for other in reached[start] if start in reached[other])})
        for start in edges
        if start in reached[start]
    }
