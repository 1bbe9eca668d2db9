"""What is an answer and what is not: by its form alone, in any language."""

from __future__ import annotations

import pytest

from engine import prompt
from engine.answer.flaws import flaw, says_nothing

QUESTION = "How much is the deposit for the Mill Lane shop?"
NAMES = ("hits", "deposit", "total")


@pytest.mark.parametrize(
    "answer",
    [
        "7",
        "no",
        "No.",
        "yes",
        "€ 12",
        "450 crowns",
        "Ada",
        "Halden",
        "the cleaners",
        "Ada, Tom, Renske",
        "lease-a.md: 18,000 euros\nlease-b.md: 4,500 euros",
        "not in these documents",
        "Not in these documents: the parking permit is not mentioned.",
        "The deposit for the Mill Lane shop is 4,500 euros.",
        "How much is the deposit for the Mill Lane shop? 4,500 euros",
        "There is no deposit.",
        "none of them",
        "4,500 euros (see hits)",
        "**4,500 euros**",
        "<b>4,500</b>",
        "stands@osterwickfair.example",
        "<stands@osterwickfair.example>",
        "n.orlebar@hessindale.example, w.strodd@hessindale.example",
        "Boyd (2019)",
        "Smith (Ltd)",
        "E = mc2",
        "sales.csv",
        "https://example.org/a?b=c",
        "C++",
        "Python",
        "depot",
        "4.500 Euro",
        "四千五百欧元",
        "٤٥٠٠ يورو",
        "нет",
        "いいえ",
        "Η προκαταβολή είναι 450 ευρώ;",
        "[1] 4,500 euros",
        "x < 5 and y > 3",
        "the error rate is 5 %",
        "1. Ada\n2. Tom",
        "The rooms are, in this order:",
        "comfort: 4\nlocation: 3\nsafety: 3",
        "total: 12\ndeposit: 450",
        "| name | sum |\n|---|---|\n| Ada | 7 |",
    ],
)
def test_a_true_answer_has_no_flaw(answer: str) -> None:
    assert flaw(answer, QUESTION, NAMES) == ""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "is empty"),
        (" \n\t ", "is empty"),
        ("...", "is empty"),
        ("**", "is empty"),
        ("---\n***", "is empty"),
        ("<p></p>", "is empty"),
        ("<br/>", "is empty"),
        ("[]", "is empty"),
        ("{}", "is empty"),
        ("()", "is empty"),
        ("''", "is empty"),
        ("set()", "is empty"),
        ("dict()", "is empty"),
        ("no hits", "is empty"),
        ("```\n```", "is empty"),
        ("```repl\n\n```", "is empty"),
        ("```", "is empty"),
        ("```repl\nhits = 1\n```", "is code"),
        ("Here it is:\n```python\nprint(hits)\n```", "is code"),
        ("The answer is:\n```\nprint('x')", "is code"),
        ("def find_all(prefix):", "is code"),
        ("for hit in hits:", "is code"),
        ("print(hits)", "is code"),
        ("hits[0].text", "is code"),
        ("answer['content']", "is code"),
        ("len(hits)", "is code"),
        ("total = 5", "is code"),
        ("a = 1\nb = 2", "is code"),
        ("import re", "is code"),
        ("for hit in hits:\n    print(hit)", "is code"),
        ("context.search('deposit', 5)", "is code"),
        ('I call FINAL("4,500 euros") now', "is code"),
        ("llm_query(question)", "is code"),
        ("hits", "is the name of a variable"),
        ("`deposit`", "is the name of a variable"),
        ('"context"', "is the name of a variable"),
        ("question", "is the name of a variable"),
        ("value", "is a placeholder"),
        ("Name", "is a placeholder"),
        ("Ada Fenn", "is a placeholder"),
        ("<|im_end|>", "is a token of a template"),
        ("<|im_start|>assistant\nfour", "is a token of a template"),
        ("[/INST] four", "is a token of a template"),
        ("<start_of_turn>model", "is a token of a template"),
        ("{{ answer }}", "is a token of a template"),
        ("{answer_text}", "is a token of a template"),
        ("<your answer>", "is a token of a template"),
        ("[insert the date here]", "is a token of a template"),
        ("Traceback (most recent call last):\n  File \"<cell>\", line 1", "is an error message"),
        ("NameError: name 'deposit' is not defined", "is an error message"),
        ("It failed.\nValueError: no", "is an error message"),
        ("json.decoder.JSONDecodeError: Expecting value", "is an error message"),
        ("Ellipsis", "is a Python object, not a value"),
        ("<function search at 0x7f00aa>", "is a Python object, not a value"),
        ("<bound method Corpus.search of Corpus of 3 documents, 70 characters>", "is a Python object, not a value"),
        ("<class 'str'>", "is a Python object, not a value"),
        ("[<engine.corpus.document.Hit object at 0x7f3b>]", "is a Python object, not a value"),
        ("Corpus of 3 documents, 1,234 characters", "is a Python object, not a value"),
        ("Document 0 'letters/anna.txt', 70 characters", "is a Python object, not a value"),
        ("NONE", "says nothing"),
        ("None.", "says nothing"),
        ("null", "says nothing"),
        ("N/A", "says nothing"),
        ("NONE, NONE, NONE", "says nothing"),
        ("['NONE', 'NONE']", "says nothing"),
        ("(no answer: it was stopped)", "only says that a part of the work gave none"),
        (QUESTION, "is the question again"),
        (QUESTION.upper(), "is the question again"),
        (QUESTION.removesuffix("?"), "is the question again"),
        (f"Question: {QUESTION}", "is the question again"),
        (f"The question is: {QUESTION}", "is the question again"),
        (f"{QUESTION}\nAnswer:", "is the question again"),
        ("How much is the deposit of the Mill Lane shop?", "is the question again"),
        ("the deposit for the Mill Lane shop", "is the question again"),
        (f"{QUESTION} Answer from the text above only. If it is not there, say NONE.", "repeats the instructions"),
        ("Answer from the text above only.", "repeats the instructions"),
        (prompt.LEAF_SYSTEM, "repeats the instructions"),
        (prompt.COMPACT_SYSTEM, "is code"),
        ("your best answer", "repeats the instructions"),
        ("Look at the documents and give what they say", "repeats the instructions"),
        ("Use code for what code can decide and a sub-call for what needs reading.", "repeats the instructions"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_named(answer: str, why: str) -> None:
    assert flaw(answer, QUESTION, NAMES) == why


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        ("Wie hoch ist die Kaution?", "Wie hoch ist die Kaution", "is the question again"),
        ("Wie hoch ist die Kaution?", "Die Kaution ist 450 Kronen hoch.", ""),
        ("押金是多少？", "押金是多少", "is the question again"),
        ("押金是多少？", "450", ""),
        ("Is the shop open on Sunday?", "The shop is open on Sunday.", ""),
        ("Is the shop open on Sunday?", "Is the shop open on a Sunday?", "is the question again"),
        ("Who has to buy the soap, the cleaners or somebody else?", "the cleaners", ""),
        ("Who wrote the letter to Halden?", "Ada wrote the letter to Halden.", ""),
        ("What does Tom ask in his letter?", "Who pays for the ferry to Halden?", ""),
        ("Deposit?", "The deposit is 450 crowns.", ""),
        ("", "7", ""),
    ],
)
def test_the_question_is_known_by_its_own_words(question: str, answer: str, why: str) -> None:
    assert flaw(answer, question) == why


@pytest.mark.parametrize(
    "answer",
    [
        "```python\nprint('the ferry')\n```",
        "print('the ferry')",
        "TimeoutError: the pump did not answer",
        "[redacted]",
        "<|fim|>",
        "Ada Fenn",
    ],
)
def test_what_stands_in_the_documents_is_a_quotation(answer: str) -> None:
    assert flaw(answer, QUESTION, NAMES)
    assert flaw(answer, QUESTION, NAMES, quoted=lambda text: "ferry" in text or text in answer) == ""


def test_an_empty_fence_and_the_question_stay_flaws_whatever_the_documents_hold() -> None:
    for answer in ("```\n```", QUESTION, "hits", "[]", "NONE"):
        assert flaw(answer, QUESTION, NAMES, quoted=lambda text: True)


def test_a_long_answer_is_judged_in_no_time() -> None:
    assert flaw("The ferry leaves at noon. " * 40_000, QUESTION) == ""


def test_the_word_for_nothing_is_told_from_answers_that_begin_with_it() -> None:
    assert says_nothing("NONE") and says_nothing("none, n/a") and not says_nothing("none of them")
    assert not says_nothing("") and not says_nothing("no")


def test_what_the_engine_said_in_this_conversation_is_no_answer_but_a_place_that_says_it_too_is():
    told = [prompt.forced("the time limit of 20 seconds is nearly reached")]
    echo = "the time limit of 20 seconds is nearly reached."
    assert flaw(echo, QUESTION, told=told) == "repeats the instructions"
    assert flaw(echo, QUESTION) == ""
    assert flaw(echo, QUESTION, quoted=lambda text: True, told=told) == ""
    assert flaw("20 seconds", QUESTION, told=told) == ""


def test_a_sentence_of_the_engine_among_others_is_no_answer():
    told = ["The code block was not closed: the reply may have been cut off in it."]
    echo = "The code block was not closed. Please provide a shorter version of the reply."
    assert flaw(echo, QUESTION, told=told) == "repeats the instructions"
    assert flaw(echo, QUESTION) == ""
