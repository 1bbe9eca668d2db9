"""Syntax trees of cells, made by many threads at once: a run with children parses the replies of all of them."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from engine.reply import source
from engine.reply.source import tree_of

LINES = 80
CELL = "names = [d.name for d in context]\nprint(len(names))\n" * (LINES // 2)


class Finalized:
    """Runs Python when it is collected, so that another thread may go on in the middle of what this one does."""

    def __init__(self) -> None:
        self.me = self

    def __del__(self) -> None:
        for _ in range(3):
            pass


@pytest.fixture
def interrupted():
    """Threads take turns as often as can be, also within the making of a tree."""
    before, over = sys.getswitchinterval(), threading.Event()

    def litter() -> None:
        while not over.is_set():
            Finalized()
            time.sleep(0)

    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=litter)
    thread.start()
    yield
    over.set()
    thread.join()
    sys.setswitchinterval(before)


def test_trees_that_many_threads_make_at_once_are_whole(interrupted: None) -> None:
    lines: list[int | None] = []

    def make() -> None:
        for _ in range(300):
            tree = tree_of(CELL)
            lines.append(tree and len(tree.body))

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lines == [LINES] * 900


def test_a_tree_that_another_package_disturbs_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    troubles = [SystemError("AST constructor recursion depth mismatch (before=18, after=13)")] * 3

    def disturbed(*words: object, **options: object) -> object:
        if troubles:
            raise troubles.pop()
        return compile(*words, **options)

    monkeypatch.setattr(source, "compile", disturbed, raising=False)
    assert tree_of("x = 1") is not None
    assert troubles == []
