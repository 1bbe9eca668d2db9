"""What stands around a run: earlier questions of its session, those of late, and what a next one follows."""

from __future__ import annotations

from app.runs.listing.thread import earlier, follow_up, lately, said_at_end
from app.text.elements import elements, text_of

RUNS = [
    {"run": "r1", "question": "Who?", "answer": "Ada\nFenn", "status": "answered"},
    {"run": "r2", "question": "<b>When</b>?", "answer": None, "status": "interrupted"},
]


def opens(trees) -> list[str]:
    return [one[1]["dataset"]["run"] for one in elements(trees) if one[0] == "button"]


def test_the_other_questions_of_a_session_lead_to_their_runs() -> None:
    found = earlier({"runs": RUNS}, "r1")
    assert text_of(found) == "Earlier in this session<b>When</b>?Interrupted" and opens(found) == ["r2"]
    assert earlier({"runs": RUNS[:1]}, "r1") == []


def test_a_session_of_late_opens_at_its_last_question_under_its_title() -> None:
    one = {"runs": ["r1", "r2"], "title": "", "question": "Who?", "answer": "Ada\nFenn", "status": "answered"}
    found = lately([one, one | {"title": "Leases", "runs": ["r3"]}])
    assert text_of(found) == "Asked latelyWho?Ada FennLeasesAda Fenn" and opens(found) == ["r2", "r3"]
    assert lately([]) == []


def test_a_next_question_follows_a_run_that_has_ended() -> None:
    assert text_of(follow_up({"question": "Who?", "live": False})) == "Follow-up to Who?New session"
    assert text_of(follow_up({"question": "Who?", "live": True})).startswith(
        "A question asked meanwhile begins"
    )


def test_the_end_of_a_run_is_announced_with_its_answer() -> None:
    assert [said_at_end(run) for run in RUNS] == ["Answer: Ada Fenn", "The run ended."]
