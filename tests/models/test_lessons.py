"""Questions in several parts, lines that need a label, cells with a mistake: what the starter is taught of them."""

from __future__ import annotations

import random

import pytest

from engine.bench import labels
from engine.corpus.parts import parts
from engine.types import Message
from models.starter import compound, opinions, slips
from models.starter.cells import CELLS, compare, extreme, look_up
from models.starter.evaluate import Stumbling
from models.starter.lessons import recovery
from models.starter.rehearsal import OracleModel
from models.starter.worlds import make_world


def test_a_question_in_parts_is_cut_into_as_many_as_it_has() -> None:
    rng, right, drawn = random.Random(7), 0, 0
    for seed in range(60):
        episode = compound.several(rng, make_world(random.Random(seed), documents=8))
        if episode:
            drawn += 1
            right += len(parts(episode.question)) == len(episode.answer)
    assert drawn > 25 and right >= 0.9 * drawn


def test_what_is_said_of_an_opinion_follows_from_its_mood_and_topic() -> None:
    opinion = opinions.Opinion("The soup was cold.", "food", "-")
    asked = opinions.Sorting
    assert asked("", "count", mood="-").label(opinion) == "yes"
    assert asked("", "count", mood="+").label(opinion) == "no"
    assert asked("", "count", mood="-", topic="price").label(opinion) == "no"
    assert asked("", "split", ("food", "price", "noise"), topic="food").label(opinion) == "food"
    assert asked("", "split", ("price", "noise", "staff"), topic="price").label(opinion) == "NONE"
    assert asked("", "split", ("negative", "positive")).label(opinion) == "negative"
    assert asked("", "list", mood="-").label(None) == "no"


def test_opinions_are_other_lines_than_those_of_the_bench() -> None:
    tested = {line for by_topic in labels.MOODS.values() for lines in by_topic.values() for line in lines}
    taught = {line for lines in opinions.said().values() for line in lines}
    assert len(taught) > 150 and not tested & taught


@pytest.mark.parametrize(
    "cell",
    [*CELLS.values(), look_up("name", "owner|keeper"), extreme("money", "rent", True, False), compare("date", "", False)],
)  # fmt: skip
def test_a_mistake_in_any_cell_is_shown_and_the_right_cell_follows(cell: str) -> None:
    rng = random.Random(11)
    shown = [
        talk for _ in range(12) if (talk := recovery(rng, ("What is the rent of Elm House?", cell, False)))
    ]
    assert len(shown) >= 3
    for talk in shown:
        assert [message["role"] for message in talk] == ["user", "assistant", "user", "assistant"]
        assert talk[1]["given"] and talk[1]["content"] != talk[3]["content"]
        assert str(talk[2]["content"]).startswith("Output:")
        assert talk[3]["content"] == f"```repl\n{cell}\n```" and "given" not in talk[3]


def test_a_stumbling_model_begins_a_root_with_the_given_cell_once() -> None:
    model = Stumbling(OracleModel(lambda node, messages: f"own {node}"))
    model.first = "1 / 0"
    asked = lambda key: model.submit(_Request(key)).result().text  # noqa: E731
    assert asked("run/0.1") == "own 0.1"
    assert asked("run/0") == "```repl\n1 / 0\n```"
    assert asked("run/0") == "own 0"


class _Request:
    messages = (Message("user", "x"),)

    def __init__(self, conversation: str):
        self.conversation = conversation


def test_a_slip_does_not_finish() -> None:
    rng = random.Random(2)
    for cell in CELLS.values():
        for _ in range(5):
            slipped = slips.slip(rng, cell)
            assert slipped != cell
