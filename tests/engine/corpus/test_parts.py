"""A question that asks several things at once, cut into questions of one thing each."""

from __future__ import annotations

import pytest

from engine.corpus.parts import parts


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What are the rent and the deposit of the Mill Row lease?",
         ["What is the rent of the Mill Row lease?", "What is the deposit of the Mill Row lease?"]),
        ("What are the rent of the Elm Lane lease, the deposit of the Fir Road lease and the penalty in the contract with Fenham Bakery?",
         ["What is the rent of the Elm Lane lease?", "What is the deposit of the Fir Road lease?",
          "What is the penalty in the contract with Fenham Bakery?"]),
        ("Give me the phone number and e-mail of Jan Koch.", ["What is the phone number of Jan Koch?", "What is the e-mail of Jan Koch?"]),
        ("Please list the fee, penalty and court of the Elm agreement.",
         ["What is the fee of the Elm agreement?", "What is the penalty of the Elm agreement?", "What is the court of the Elm agreement?"]),
        ("What are Jan Koch's phone number and email?", ["What is Jan Koch's phone number?", "What is Jan Koch's email?"]),
        ("What is the janitor and the number of rooms of the house at 9 Elm Lane?",
         ["What is the janitor of the house at 9 Elm Lane?", "What is the number of rooms of the house at 9 Elm Lane?"]),
        ("What is the date of birth and the address of Karla Novak?",
         ["What is the date of birth of Karla Novak?", "What is the address of Karla Novak?"]),
        ("For the pump, what is the serial number and the warranty?",
         ["For the pump, what is the serial number?", "For the pump, what is the warranty?"]),
        ("Who signed the contract with Weber and Sons, and when does it end?",
         ["Who signed the contract with Weber and Sons?", "when does the contract with Weber and Sons end?"]),
        ("When was the bridge built and who paid for it? Please answer briefly.", ["When was the bridge built?", "who paid for the bridge?"]),
        ("Who is the landlord of Mill Row 5 and how much is the rent?",
         ["Who is the landlord of Mill Row 5?", "how much is the rent of Mill Row 5?"]),
        ("Who is the tenant of Oak House, and what is their phone number?",
         ["Who is the tenant of Oak House?", "what is the tenant of Oak House's phone number?"]),
        ("How high is the excess in policy M-14? Up to what amount does policy M-14 pay?",
         ["How high is the excess in policy M-14?", "Up to what amount does policy M-14 pay?"]),
        ("Tell me, what is the weight and the price of the kettle?", ["what is the weight of the kettle?", "what is the price of the kettle?"]),
    ],
)  # fmt: skip
def test_a_question_for_several_things_is_cut(question: str, found: list[str]) -> None:
    assert parts(question) == found


@pytest.mark.parametrize(
    "question",
    [
        "How much does the boat cost?",
        "Which documents mention Weber and Sons?",
        "What is the address of Weber and Sons?",
        "Who is it? Thanks!",
        "",
    ],
)
def test_a_question_for_one_thing_stays_as_it_is(question: str) -> None:
    assert parts(question) == [question]
