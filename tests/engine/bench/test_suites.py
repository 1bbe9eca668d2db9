"""The suites: the same for the same seed, of the length asked for, with the answer in the text and nowhere else."""

from __future__ import annotations

import re

import pytest

from engine.bench.grade import normal, score, stands
from engine.bench.suites.labels import MOODS, TOPICS
from engine.bench.suites.suites import BLOCK, LEXICAL, SEMANTIC, SUITES, Block, Question, block

LONG = 40_000


@pytest.mark.parametrize("suite", SUITES)
def test_a_block_is_the_same_for_the_same_seed_and_has_the_length_asked_for(suite: str) -> None:
    one, other = block(suite, 0, 4, LONG, 0), block(suite, 0, 4, LONG, 0)
    assert one == other
    assert one != block(suite, 1, 4, LONG, 0) and one != block(suite, 0, 4, LONG, 1)
    assert len(one.questions) == BLOCK
    for texts in one.haystacks:
        assert 0.9 * LONG < sum(map(len, texts.values())) < 1.2 * LONG


@pytest.mark.parametrize("windows", [0.5, 16.0])
@pytest.mark.parametrize("suite", LEXICAL)
def test_what_is_asked_stands_in_its_haystack_once_among_distractors(suite: str, windows: float) -> None:
    made = block(suite, 3, windows, LONG, 0)
    for question in made.questions:
        text = whole(made, question)
        wanted = question.reference if question.kind == "all" else [question.reference]
        for value in wanted:
            assert stands(normal(value), normal(text))
        assert len(question.others) >= 3 - (question.kind == "all")
        assert all(other in text and other not in wanted for other in question.others)
        names = re.findall(r"[A-Z][a-z]+ (?=[A-Z])\w+", question.text.replace("What", "").replace("Who", ""))
        assert all(text.count(name) == 1 for name in names if "contract" not in name)
        assert score(", ".join(wanted), question.reference, question.kind, question.others) == 1


def test_documents_are_many_files_and_a_fact_is_in_one() -> None:
    short, long = block("documents", 0, 0.5, 4_000, 0), block("documents", 0, 64, 300_000, 0)
    assert len(short.haystacks[0]) == 8 and len(long.haystacks[0]) == 200
    for question in long.questions:
        subject = re.findall(r"(?:the|with) ([A-Z]\w+ [A-Z]\w+)", question.text)[0]
        holding = [name for name, text in long.haystacks[question.haystack].items() if subject in text]
        assert len(holding) == 1


@pytest.mark.parametrize("suite", SEMANTIC)
def test_labels_of_lines_give_the_reference(suite: str) -> None:
    said = {
        text: (mood, topic)
        for mood, topics in MOODS.items()
        for topic, texts in topics.items()
        for text in texts
    }
    made = block(suite, 5, 1, 3_000, 0)
    for question in made.questions:
        lines = []
        for line in whole(made, question).splitlines():
            who, thing, text = re.fullmatch(r"(.+) on the (\w+): (.+)\.", line).groups()  # type: ignore[union-attr]
            lines.append((who, thing, *said[text]))
        if suite == "count":
            mood = next(mood for mood in MOODS if mood in question.text)
            assert question.reference == sum(line[2] == mood for line in lines)
        elif suite == "table":
            assert question.reference == {topic: sum(line[3] == topic for line in lines) for topic in TOPICS}
        else:
            thing = re.search(r"of the (\w+)\?", question.text)[1]  # type: ignore[index]
            unhappy = sorted(who for who, what, mood, _ in lines if (what, mood) == (thing, "negative"))
            assert question.reference == [[a, b] for i, a in enumerate(unhappy) for b in unhappy[i + 1 :]]
            assert 3 <= len(unhappy) <= 4


def test_lines_of_reviews_hold_no_word_that_gives_their_label_away() -> None:
    for mood, topics in MOODS.items():
        for topic, texts in topics.items():
            assert not any(mood in text or topic in text for text in texts)


def whole(made: Block, question: Question) -> str:
    return "\n".join(made.haystacks[question.haystack].values())
