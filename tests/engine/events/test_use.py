"""Writers construct classes of the registry, and readers match on them: looked up in the sources."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from engine.events import KINDS

ROOT = Path(__file__).resolve().parents[3]
SOURCES = [path for room in ("engine", "app", "models") for path in sorted((ROOT / room).rglob("*.py"))]
CLASSES = {cls.__name__ for cls in KINDS.values()}
WRITERS = {
    "run.record",
    "run.commit",
    "self.record",
    "self.commit",
    "store.new_run",
    "store.resume_run",
    "log.prepare",
}
PASSED_ON = {
    "fact",
    "owned",
    "ended",
    *("made", "answered", "started"),
}  # facts that were constructed before, or are copied by a fork; `Answer.ended` returns a RunEnded
# Words of their own that many places use for other things; the others have a "_" and mean nothing else.
KIND_NAMES = {kind for kind in KINDS if "_" in kind}


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_writer_gives_a_class_of_the_registry() -> None:
    given: set[str] = set()
    for path in SOURCES:
        for call in calls(ast.parse(path.read_text())):
            if not isinstance(call.func, ast.Attribute) or not call.args:
                continue
            writer = f"{name_of(call.func.value)}.{call.func.attr}"
            if writer in WRITERS:
                told = call.args[-1]
                given.add(name_of(told.func) if isinstance(told, ast.Call) else name_of(told))
    assert given - PASSED_ON <= CLASSES
    assert given >= {"RunStarted", "NodeStarted", "NodeEnded", "TurnStarted", "DraftSaved", "ReplyWritten"}
    assert given >= {"CellStarted", "OutputWritten", "CellEnded", "CallMade", "CallAnswered", "Note"}


def test_every_class_is_written_somewhere() -> None:
    made = {name_of(call.func) for path in SOURCES for call in calls(ast.parse(path.read_text()))}
    assert made >= CLASSES


def test_no_kind_is_named_by_a_string_and_no_payload_read_by_its_keys() -> None:
    raw = {
        ROOT / "engine" / "store" / name for name in ("log/hash_chain.py", "log/log.py", "verification.py")
    }
    for path in SOURCES:
        if path.is_relative_to(ROOT / "engine" / "events"):
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            place = f"{path}:{getattr(node, 'lineno', 0)}"
            assert not (isinstance(node, ast.Constant) and node.value in KIND_NAMES), place
            if isinstance(node, ast.Attribute):
                assert node.attr != "payload" or path in raw, (
                    place
                )  # records of the chain, as they are stored
                assert (name_of(node.value), node.attr) != ("event", "kind"), place
