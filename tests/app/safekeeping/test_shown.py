"""The panel of evidence and safekeeping as trees: kept questions, logs that were taken in, what becomes of a backup."""

from __future__ import annotations

from typing import Any

import pytest

from app.safekeeping import shown
from app.text.elements import elements, text_of

HOSTILE = "<img src=x onerror=alert(1)>\x1b"
LAST = {"run": "r2", "right": True, "worse": "", "answer": "noon", "model": "tiny", "ts": 1_700_000_000.0}
ROW = {"run": "r1", "question": "When?", "accepted": "At noon.", "corpus_name": "Letters", "created": 1.0,
       "asked": 0, "last": None, "problem": ""}  # fmt: skip
RUNNING = {"kept": "r1", "question": "When?", "run": "r3", "done": 1, "of": 2}
MADE = {"file": "/tmp/all.zip", "save": False, "bytes": 2048, "runs": 1, "corpora": 2}
WORKING = {"file": "/tmp/all.zip", "save": False, "done": 1024, "of": 4096, "free": 4096}


def kept(*rows: dict[str, Any], running: dict[str, Any] | None = None, message: str = "") -> list[Any]:
    found = [{**ROW, **row} for row in rows]
    return shown.kept_questions({"kept": found, "running": running, "message": message})


def does(trees: list[Any]) -> list[str]:
    return [one[1]["data-does"] for one in elements(trees) if one[1].get("data-does")]


@pytest.mark.parametrize(
    ("row", "verdict"),
    [
        ({}, ("chip ", "Not asked again yet")),
        ({"asked": 1, "last": LAST}, ("chip ok", "Holds")),
        ({"asked": 1, "last": {**LAST, "right": False}}, ("chip warn", "Another answer")),
        ({"asked": 1, "last": {**LAST, "right": False, "worse": "answer"}}, ("chip bad", "Worse: answer")),
        ({"asked": 1, "last": LAST, "problem": "its documents are gone"}, ("chip bad", "Could not be asked")),
    ],
)
def test_a_kept_question_says_how_it_stands(row: dict[str, Any], verdict: tuple[str, str]) -> None:
    trees = kept(row)
    (chip,) = [one for one in elements(trees) if one[1].get("class", "").startswith("chip")]
    assert (chip[1]["class"], text_of([chip])) == verdict
    assert ("Last: noon" in text_of(trees)) is bool(row.get("last") and not row["last"]["right"])
    assert ("its documents are gone" in text_of(trees)) is ("problem" in row)


def test_what_was_asked_again_can_be_compared_and_says_how_often() -> None:
    assert does(kept({})) == ["ask_all", "open", "ask", "drop"]
    trees = kept({"asked": 2, "last": {**LAST, "answer": None, "right": False}})
    assert does(trees) == ["ask_all", "open", "compare", "ask", "drop"]
    compare = next(one[1] for one in elements(trees) if one[1].get("data-does") == "compare")
    assert (compare["data-left"], compare["data-right"]) == ("r1", "r2")
    assert "asked again 2 times, the last time of tiny" in text_of(trees)
    assert "Last: no answer" in text_of(trees)
    assert "asked again once" in text_of(kept({"asked": 1, "last": LAST}))


def test_while_one_is_asked_it_can_be_followed_and_all_are_stopped() -> None:
    trees = kept({}, {"run": "r9"}, running=RUNNING, message="old")
    assert does(trees) == ["stop_asking", "open", "open", "ask", "drop", "open", "ask", "drop"]
    asks = [one[1] for one in elements(trees) if one[1].get("data-does") == "ask"]
    assert [one["disabled"] for one in asks] == [True, True]
    assert "Asking 2 of 2: When?" in text_of(trees) and "old" not in text_of(trees)
    chips = [text_of([one]) for one in elements(trees) if one[1].get("class", "").startswith("chip")]
    assert chips == ["Asking", "Not asked again yet"]
    waiting = kept({}, running={**RUNNING, "run": ""})
    assert does(waiting) == ["stop_asking", "open", "ask", "drop"]  # no run yet


def test_nothing_is_kept_yet_and_nothing_can_be_asked() -> None:
    trees = kept(message="Stopped.")
    assert does(trees) == [] and "None yet. “Keep as a check”" in text_of(trees)
    assert "Stopped." in text_of(trees)


def test_what_questions_and_answers_hold_is_text() -> None:
    trees = kept({"question": HOSTILE, "accepted": HOSTILE, "problem": HOSTILE, "corpus_name": HOSTILE})
    assert "\x1b" not in text_of(trees) and text_of(trees).count("<img src=x onerror=alert(1)>␛") == 4


def test_runs_of_a_log_can_be_opened() -> None:
    found = {"program": "rlms", "runs": [{"run": "r1", "question": HOSTILE}, {"run": "r2", "question": "B"}]}
    trees = shown.taken(HOSTILE, found)
    assert text_of(trees[:1]) == "<img src=x onerror=alert(1)>␛: 2 runs of rlms."
    assert [one[1]["data-run"] for one in elements(trees) if one[0] == "button"] == ["r1", "r2"]


def test_a_backup_is_followed_stopped_and_then_saved_or_named() -> None:
    working = shown.backup_state({"running": WORKING, "made": None, "message": ""})
    assert does(working) == ["stop_backup"]
    assert "/tmp/all.zip: 1.0 KB of 4.0 KB; 4.0 KB were free there" in text_of(working)
    bar = next(one for one in elements(working) if one[1].get("role") == "progressbar")
    assert bar[2][1]["style"] == {"width": "25.00%"}
    ids = {one[1].get("id") for one in elements(working)}
    assert bar[1]["aria-labelledby"] in ids

    made = shown.backup_state({"running": None, "made": MADE, "message": ""})
    assert text_of(made) == "Backed up to /tmp/all.zip: 2.0 KB, 1 question with their records, 2 corpora."
    assert not [one for one in elements(made) if one[0] == "a"]
    saved = shown.backup_state({"running": None, "made": {**MADE, "save": True}, "message": ""})
    assert text_of(saved).startswith("A backup is ready to be saved: ")
    assert [one[1]["href"] for one in elements(saved) if one[0] == "a"] == ["/api/backup/file"]
    said = shown.backup_state({"running": None, "made": {**MADE, "save": True}, "message": "Another began."})
    assert text_of(said) == "Another began.Save the file"
    assert text_of(shown.backup_state({"running": None, "made": None, "message": ""})) == ""
