"""What a cell knows of the answers of sub-calls: their piece, how sure the model was, what they state, where they stand."""

from __future__ import annotations

import pickle

import pytest

from engine.kernel.cell import Answered
from engine.kernel.toolbox.replies import PieceAnswer, best, ranked
from engine.prompt import NOT_THERE
from engine.text.quoting import ALTERNATIVES


def answer(text: str, confidence: float | None = None, piece="", quoted: bool = True) -> PieceAnswer:
    return PieceAnswer.of(Answered(text, confidence, quoted=quoted), piece, ALTERNATIVES)


def test_an_answer_is_a_str_with_a_number_and_a_confidence():
    one = answer("EUR 1,250.00", -0.25)
    assert (one, one.number, one.confidence) == ("EUR 1,250.00", 1250.0, -0.25)
    assert (answer("Ada").number, answer("Ada").confidence) == (None, 0.0)
    assert type(pickle.loads(pickle.dumps(one))) is str


def test_best_is_the_surest_that_says_something():
    answers = [
        answer("NONE", -0.01),
        answer("six", -0.3),
        answer("five", -0.2),
        answer("four", -0.2),
        answer("", -0.1),
    ]
    assert best(answers) == "five" and best(answers) is answers[2]
    assert best(answers, -0.2) == "five" and best(answers, least=-0.1) == NOT_THERE
    assert best([]) == best(["none."]) == best(["(no answer: stopped)"]) == NOT_THERE
    assert best([answer("UNCLEAR", -0.01), answer("yes", -0.4)]) == "yes"
    assert best(["UNCLEAR"]) == NOT_THERE, "the answer that names none of the choices"
    assert best(["one", "two"]) == "one", "texts without a confidence count as sure"
    with pytest.raises(TypeError, match="map_query"):
        best([3])


def test_what_a_search_ranked_lower_must_be_surer():
    class Ranked(str):
        score = 3.0

    found = [
        PieceAnswer.of(Answered(text, sure), Ranked(text), ())
        for text, sure in (("six", -0.3), ("five", -0.25))
    ]
    assert best(found) == "five"
    assert [answer.rank for answer in ranked(found)] == [0, 1]
    assert best(found) == "six" and best(found, -0.2) == NOT_THERE
    assert [answer.rank for answer in ranked([answer("six", -0.3), answer("five", -0.2)])] == [0, 0], (
        "not of a search"
    )


def test_only_what_was_to_be_quoted_from_a_document_has_a_source():
    assert answer("x", piece="x y").source is None, "a plain text has no place"
    assert answer("x", quoted=False).source is answer("x").span is None
