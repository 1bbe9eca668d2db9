"""A node laid out for the page: every piece with the event that brought it, and no text taken for more than text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from app.runs.detail.outputs import outputs
from app.runs.detail.pane import node_pane
from app.runs.detail.parts import long
from app.runs.node_detail import folded
from app.text.elements import Tree, elements, text_of
from engine.store import Store
from tests.app.runs.tree.hostile_run import HOSTILE, hostile
from tests.app.runs.tree.tree_fixture import Fact, grow
from tests.app.runs.tree.tree_server import write


@pytest.fixture(scope="module")
def facts() -> list[Fact]:
    return grow(3, 30, 60)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, facts: list[Fact]):
    folder = tmp_path_factory.mktemp("pane")
    with Store(folder) as made:
        write(folder, "run", facts)
        write(folder, "hostile", hostile())
        yield made


def pane(store: Store, run: str, node: str, upto: int | None = None) -> Any:
    return node_pane(folded(store, run, node, upto))


def of_class(tree: Tree, name: str) -> list[list[Any]]:
    return [one for one in elements([tree]) if name in one[1].get("class", "").split()]


def section(panes: Any, name: str) -> Tree:
    return dict(panes["sections"])[name]


def seqs(facts: Sequence[Fact], kind: str, node: str) -> list[int]:
    return [seq for seq, fact in enumerate(facts, 1) if (fact.kind, fact.node) == (kind, node)]


def test_each_cell_stands_from_the_event_that_began_it_and_its_end_from_its_own(store, facts) -> None:
    shown = [tree for name, tree in pane(store, "run", "0")["sections"] if name.startswith("turn")]
    cells = [one for tree in shown for one in of_class(tree, "cell")]
    assert [one[1]["dataset"]["since"] for one in cells] == seqs(facts, "cell_started", "0")
    ends = [one[1]["dataset"]["since"] for cell in cells for one in of_class(cell, "cell-end")]
    assert ends == seqs(facts, "cell_finished", "0")
    running = [one[1]["dataset"]["until"] for cell in cells for one in of_class(cell, "cell-running")]
    assert running == ends


def test_a_node_as_it_stood_earlier_holds_nothing_of_later(store, facts) -> None:
    begun = seqs(facts, "cell_started", "0")[1]
    trees = [tree for _, tree in pane(store, "run", "0", begun)["sections"]]
    numbers = [one[1].get("dataset", {}).get("since", 0) for one in elements(trees)]
    assert max(numbers) == begun
    last = [one for tree in trees for one in of_class(tree, "cell")][-1]
    assert "running" in text_of([last]) and not of_class(last, "cell-end")


def test_called_nodes_are_led_to_and_many_wait_behind_a_button(store, facts) -> None:
    trees = [tree for _, tree in pane(store, "run", "0")["sections"]]
    chips = [one[1]["dataset"]["node"] for tree in trees for one in of_class(tree, "chip")]
    children = [f.node for f in facts if f.kind == "node_started" and f.payload["parent"] == "0"]
    assert sorted(chips) == sorted(children)


def test_only_the_root_is_asked_another_question(store, facts) -> None:
    child = next(f.node for f in facts if f.kind == "node_started" and f.payload["kind"] == "rlm")
    for node, asked in (("0", True), (child, False)):
        editors = [one for _, tree in pane(store, "run", node)["sections"] for one in of_class(tree, "fork")]
        assert editors and all(bool(of_class(one, "fork-question")) is asked for one in editors)


def test_texts_for_the_clipboard_are_as_they_were_written(store) -> None:
    found = pane(store, "hostile", "0")
    copied = [one[1]["dataset"]["copy"] for _, tree in found["sections"] for one in elements([tree])
              if "copy" in one[1].get("dataset", {})]  # fmt: skip
    assert len(copied) == 2 and all(HOSTILE[5] in text and HOSTILE[6] in text for text in copied)
    assert found["text"].startswith("# 0  ") and "## Answer" in found["text"]


def test_hostile_text_makes_no_element_and_no_address(store) -> None:
    made = list(elements(tree for _, tree in pane(store, "hostile", "0")["sections"]))
    assert {one[0] for one in made} <= set(
        "header nav div h3 span button pre code p ul li details summary b small icon more table thead tbody tr th td textarea input".split()
    )
    assert not any(name in one[1] for one in made for name in ("src", "href", "onclick"))


STREAM = {"output_type": "stream", "name": "stdout", "text": "a\n"}


def test_pieces_of_one_stream_are_one_and_stand_from_its_first() -> None:
    error = {"output_type": "stream", "name": "stderr", "text": ["b", "c"]}
    shown = outputs([STREAM, STREAM, error, STREAM], [3, 4, 6, 9])
    assert [(text_of([tree]), seq) for tree, seq in shown] == [("a\na\n", 3), ("bc", 6), ("a\n", 9)]
    assert "stderr" in shown[1][0][1]["class"]


def test_two_displays_are_never_taken_for_one() -> None:
    display = {"output_type": "display_data", "data": {"text/plain": "x"}}
    assert [seq for _, seq in outputs([display, display], [1, 2])] == [1, 2]


def test_what_cannot_be_shown_is_named() -> None:
    for output, words in (
        ({"output_type": "display_data", "data": {"image/svg+xml": "<svg>"}}, "kind image/svg+xml is not"),
        ({"output_type": "display_data", "data": {}}, "kind unknown is not"),
        ({"output_type": "error", "ename": "", "evalue": "x", "traceback": []}, "Error: x"),
        (
            {"output_type": "display_data", "data": {"image/png": "https://evil.example/x.png"}},
            "is not shown",
        ),
    ):
        ((tree, _),) = outputs([output], [1])
        assert words in text_of([tree])


@pytest.mark.parametrize(
    "text, shown",
    [("a\n" * 50, 100), ("a\n" * 100, 200), ("a\n" * 400, 119), ("x" * 30_000, 12_000)],
)
def test_a_long_text_shows_its_beginning_and_all_of_it_on_demand(text: str, shown: int) -> None:
    tree = long(text, terminal=True)
    (block,) = [one for one in elements([tree]) if one[0] == "pre"]
    assert len(text_of([block])) == shown
    assert text_of([tree]) == text
    if shown < len(text):
        (more,) = [one for one in elements([tree]) if one[0] == "more"]
        assert more[1]["words"] == f"Show {len(text) - shown:,} more characters"


def test_a_turn_that_is_asked_for_again_has_no_figures_until_it_has_its_reply(tmp_path) -> None:
    facts = grow(1, 2, 5)
    reply = next(
        place for place, fact in enumerate(facts) if (fact.kind, fact.node) == ("turn_finished", "0")
    )
    begun = next(fact for fact in facts if (fact.kind, fact.node) == ("turn_started", "0"))
    with Store(tmp_path) as store:
        write(tmp_path, "again", [*facts[: reply + 1], begun])
        (turn,) = [tree for name, tree in pane(store, "again", "0")["sections"] if name == "turn 1"]
    assert of_class(turn, "turn") and not of_class(turn, "figures")
