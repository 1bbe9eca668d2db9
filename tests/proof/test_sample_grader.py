"""The grader of the sample questions can say no."""

from tests.proof.sample import QUESTIONS, grade


def test_every_reference_is_right_and_every_other_reference_is_wrong():
    for question in QUESTIONS:
        assert grade(question, question["answer"]), question
        for other in QUESTIONS:
            if other["answer"] != question["answer"]:
                assert not grade(question, other["answer"]), (question, other)


def test_an_answer_that_lists_everything_is_wrong():
    everything = "; ".join(q["answer"] for q in QUESTIONS)
    assert not any(grade(q, everything) for q in QUESTIONS)


def test_full_document_names_and_line_breaks_are_accepted_for_fan_out():
    question = next(q for q in QUESTIONS if q["family"] == "fan-out")
    lines = "\n".join(f"contracts/{part}" for part in question["answer"].split("; "))
    assert grade(question, lines)
    assert not grade(question, lines.replace("six", "nine"))
