"""What the starter learns to read: phrases, pages with many facts, several values of one line, rows of tables."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import pytest

from engine.corpus.forms import FORMS
from models.starter import brought, gatherings, plainly, reading, registers, scenes, tables
from models.starter.cells import CELLS, FORM_OF_TYPE
from models.starter.episode import Episode
from models.starter.facts import kinds, make_thing
from models.starter.grade import right
from models.starter.oracle import Oracle
from models.starter.rehearsal import OracleModel, rehearse, store
from models.starter.worlds import make_world


@pytest.mark.parametrize("file", ["scenes.txt", "phrases.txt"])
def test_every_question_of_a_sentence_asks_for_a_slot_that_it_has(file):
    forms = scenes.forms(file)
    assert len(forms) > 30
    for form in forms:
        slots = dict(scenes.SLOT.findall(form.text))
        assert form.asks and {slot for slot, _ in form.asks} <= {*slots}, form.text
        used = {name for _, question in form.asks for name in re.findall(r"\{(\w+)\}", question)}
        assert used <= {*slots, "crew"}, form.text
        for kind in slots.values():
            assert scenes.drawn(random.Random(1), kind)


def test_an_answer_stands_in_its_page_word_for_word_and_none_is_said_of_the_rest():
    absent = asked = 0
    for seed in range(150):
        turns = reading.page(random.Random(f"page {seed}"))
        text = turns[0][0].split("\n\nQuestion: ")[0]
        for prompt, answer in turns:
            assert prompt.endswith("If it is not there, say NONE.")
            asked, absent = asked + 1, absent + (answer == "NONE")
            assert answer == "NONE" or answer in text
    assert asked > 600 and 0.04 < absent / asked < 0.2


def test_a_register_answers_for_what_stands_in_it_and_says_none_of_strangers():
    strangers = 0
    for seed in range(150):
        turns = registers.register(random.Random(f"register {seed}"))
        text = turns[0][0].split("\n\nQuestion: ")[0]
        answers = [answer for _, answer in turns]
        assert all(answer == "NONE" or answer in text for answer in answers)
        found = [answer for answer in answers if answer != "NONE"]
        assert len({*found}) == len(found) and answers.count("NONE") <= 2
        strangers += "NONE" in answers
    assert 50 < strangers < 120


def test_registers_have_values_before_and_after_the_names_and_names_that_share_words():
    rng, first, shared = random.Random(5), 0, 0
    lease = replace(kinds()["lease"], subjects=[("the lease of {address}", "{address}")])
    for _ in range(200):
        form = registers.said_of(rng, lease).says[0]
        first += form.find("{v}") < form.find("{s}")
        one, other = (make_thing(rng, lease) for _ in range(2))
        named = registers.namesake(rng, one, other)
        shared += named != other and bool({*named.name.split()} - {*other.name.split()})
    assert 60 < first < 130
    assert shared > 150


def test_a_line_is_read_or_says_nothing_of_what_is_asked():
    answers = [reading.line(random.Random(f"line {seed}")) for seed in range(200)]
    for prompt, answer in answers:
        assert (answer in prompt.split("\n\nQuestion: ")[0]) == (answer != "NONE")
    assert 20 < sum(answer == "NONE" for _, answer in answers) < 90


def test_plain_questions_have_a_form_that_the_engine_knows():
    for form, _, question in plainly.plain():
        assert form == "read" or form in FORMS, question
        assert question.endswith(("?", ".")) or question[0].islower(), question  # or a few bare words
        assert set(re.findall(r"\{(\w+)\}", question)) <= {*"x p n t day base past done".split()}, question
    assert set(FORM_OF_TYPE.values()) <= {*FORMS}
    cells = [plainly.plain_question(random.Random(seed))[1] for seed in range(300)]
    assert CELLS["read"] in cells


@pytest.mark.parametrize(
    ("make", "least"), [(reading.phrase, 0.85), (gatherings.gathered, 0.8), (tables.which_row, 0.9)]
)
def test_a_right_choice_of_the_cell_is_enough(make, least, tmp_path):
    done: list[bool] = []
    for seed in range(150):
        rng = random.Random(f"cells {seed}")
        world = make_world(rng, documents=5)
        episode = _of(make, rng, world)
        if episode is None:
            continue
        corpus = store(world.documents, tmp_path / str(seed))
        answer = rehearse(OracleModel(Oracle(episode)), corpus, episode.question)
        done.append(right(answer, episode.answer, episode.kind, episode.others))
        if len(done) == 20:
            break
    assert len(done) >= 12 and sum(done) >= least * len(done)


def _of(make, rng, world) -> Episode | None:
    if make is tables.which_row:
        return make(rng, world.table) if world.table else None
    return make(rng, world)


def test_lines_that_a_search_brings_are_asked_for_what_they_say_and_for_what_they_do_not():
    said = absent = 0
    for seed in range(4):
        rng = random.Random(f"brought {seed}")
        world = make_world(rng, documents=8)
        text = "\n".join(world.documents.values())
        for turns in brought.brought(rng, world):
            line = turns[0][0].split("\n\nQuestion: ")[0]
            assert line in text and len(turns) <= brought.TURNS
            for _, answer in turns:
                said, absent = said + (answer != "NONE"), absent + (answer == "NONE")
                assert answer == "NONE" or answer in line
    assert said > 20 and absent > 2 * said
