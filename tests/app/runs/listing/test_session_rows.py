"""The rows of the list of sessions, and the words for what was deleted."""

from __future__ import annotations

import pytest

from app.runs.listing.session_rows import receipt_words, session_row
from app.text.elements import elements, text_of

ONE = {
    "id": "r1", "title": "", "question": "Who signs <b>the lease</b>?", "answer": None, "status": "failed",
    "forced": False, "forked": None, "corpus": "c", "corpus_name": "Letters", "model": None, "started": 1.5,
    "seconds": 65.0, "runs": ["r1", "r2"], "hits": [],
}  # fmt: skip


def marked(row) -> list[str]:
    return [text_of([one]) for one in elements([row]) if one[0] == "mark"]


def test_a_row_opens_the_last_question_and_says_how_it_ended() -> None:
    row = session_row(ONE, "")
    (opening,) = [one for one in elements([row]) if one[1].get("class") == "session-open"]
    assert opening[1]["dataset"] == {"does": "run", "run": "r2"}
    assert text_of([opening]) == "Who signs <b>the lease</b>?FailedLetters2 questionstook 1:05"


def test_words_of_the_query_are_marked_as_text_whatever_they_hold() -> None:
    assert marked(session_row(ONE, "LEASE (sign .*")) == ["sign", "lease"]
    assert marked(session_row(ONE, "")) == marked(session_row(ONE, "? b")) == []


def test_a_hit_leads_to_its_node_with_the_found_characters_marked() -> None:
    hit = {
        "run": "r2",
        "node": "0.1",
        "kind": "code",
        "seq": 4,
        "excerpt": "\U0001f600 search()",
        "marks": [[2, 8]],
    }
    row = session_row({**ONE, "hits": [hit] * 6}, "search")
    assert marked(row) == ["search"] * 4
    assert [one[1]["dataset"] for one in elements([row]) if one[1].get("class") == "session-hit"] == [
        {"does": "run", "run": "r2", "node": "0.1"}
    ] * 4


def test_a_fork_and_an_answer_at_a_limit_are_told() -> None:
    forked = {"run": "r0", "node": "0.2", "cell": 3}
    text = text_of([session_row({**ONE, "forced": True, "answer": "x", "forked": forked}, "")])
    assert "At a limit" in text and "forked from r0 at cell 3 of node 0.2" in text


@pytest.mark.parametrize(
    "receipt, words",
    [
        ({}, "Deleted: the session."),
        ({"runs": ["a"], "events": 1200, "blobs": 2}, "Deleted: 1 question, 1,200 events, 2 stored images or long texts."),
        ({"runs": ["a", "b"], "erased": False, "notices": ["Busy."], "quoted_by": ["c"]},
         "Deleted: 2 questions. Not every byte could be erased. Busy. "
         "1 question that followed it still hold what was asked and answered."),
    ],
)  # fmt: skip
def test_a_receipt_says_what_went_and_what_stays(receipt, words: str) -> None:
    assert receipt_words(receipt) == words
