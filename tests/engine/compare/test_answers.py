import pytest

from engine.compare.answers import holds, same_answer


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("450 crowns", "450 Crowns."),
        ("1,200", "1200"),
        ("1.200,00", "1200"),
        ("EUR 450", "450 €"),
        ("3 June 2008", "2008-06-03"),
        ("Anna Brisk; Tom Reed", "Tom Reed, Anna Brisk"),
        ("- Anna\n- Tom", "1. Tom\n2. Anna"),
        ("“yes”", "Yes"),
        (None, None),
    ],
)
def test_the_same_said_otherwise(one, other):
    assert same_answer(one, other) and same_answer(other, one)
    assert holds(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("450 crowns", "460 crowns"),
        ("450 crowns", "450 pounds"),
        ("-5", "5"),
        ("3 June 2008", "3 June 2009"),
        ("Anna; Tom", "Anna; Tom; Tom"),
        ("Anna; Anna; Tom", "Anna; Tom; Tom"),
        ("yes", "no"),
        (None, "2"),
        ("2", None),
    ],
)
def test_something_else(one, other):
    assert not same_answer(one, other) and not same_answer(other, one)
    assert not holds(one, other)


@pytest.mark.parametrize(
    ("answer", "accepted", "is_held"),
    [
        ("The deposit is 450 crowns.", "450 crowns", True),
        ("The deposit is 450 or 460 crowns.", "450 crowns", False),
        ("There are 12.", "2", False),
        ("Anna Brisk signed it", "Anna Brisk", True),
        ("Anna Briskly", "Anna Brisk", False),
        ("Anna wrote, then Tom", "Anna; Tom", True),
        ("Anna wrote", "Anna; Tom", False),
    ],
)
def test_an_answer_may_say_what_was_accepted_in_a_sentence_of_its_own(answer, accepted, is_held):
    assert holds(answer, accepted) is is_held
