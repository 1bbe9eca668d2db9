"""What `ask` prints: an answer that was asked for at a limit is marked, and passages stand in for a missing one."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.command_line.main import run
from app.text.words import clock

pytestmark = pytest.mark.sandbox


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], warm: None):
    """ask(replies, *options): exit status, stdout and stderr of the command with a scripted model."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mill.md").write_text("The deposit of the mill is 450 crowns.\n")

    def asked(replies: list[str], *options: str) -> tuple[int, str, str]:
        script = tmp_path / "script.jsonl"
        script.write_text("\n".join(json.dumps({"text": f"```repl\n{code}\n```"}) for code in replies))
        words = ["ask", str(tmp_path / "letters"), "How much is the deposit of the mill?"]
        status = run([*words, "--model", f"scripted:{script}", "--data", str(tmp_path / "data"), *options])
        return status, *capsys.readouterr()

    return asked


def test_without_an_answer_it_says_why_offers_passages_and_fails(ask) -> None:
    status, out, _ = ask(["len(context)", "FINAL(question)"], "--turns", "1")
    assert status == 1
    assert (
        "No answer: the limit of 1 turns is reached; the answer asked for then is the question again." in out
    )
    assert (
        "Found by search, not by the model\n  - mill.md, line 1: The deposit of the mill is 450 crowns."
        in out
    )
    status, out, _ = ask(["len(context)", "FINAL(question)"], "--turns", "1", "--json")
    told = json.loads(out)
    assert (status, told["status"], told["answer"], told["forced"]) == (1, "unanswered", None, False)
    assert told["passages"][0]["text"] == "The deposit of the mill is 450 crowns." and told["sources"] == []


def test_an_answer_asked_for_at_a_limit_is_marked_as_such(ask) -> None:
    status, out, _ = ask(["len(context)", "FINAL('450 crowns')"], "--turns", "1")
    assert status == 0 and out.startswith(
        "450 crowns\n(asked for at a limit, before the model was done: the limit of"
    )
    status, out, _ = ask(["len(context)", "FINAL('450 crowns')"], "--turns", "1", "--json")
    assert json.loads(out)["forced"] is True and status == 0
    status, out, _ = ask(["FINAL('450 crowns')"])
    assert status == 0 and "limit" not in out


@pytest.mark.parametrize(
    ("code", "agreed", "told"),
    [
        ("FINAL('450 crowns', context.grep('deposit'))", "Stated there", "450 crowns\n\nSources (stated there)\n  [1] mill.md, line 1"),
        ("FINAL('45 crowns', context.grep('deposit'))", "Not found there", "45 crowns\n\nSources (not found there)\n  [1] mill.md, line 1"),
        ("hits = context.grep('deposit')\nFINAL(len(hits), hits)", "Computed from them by cell 1: the number of documents cited", "1\n\nSources (computed from them by cell 1: the number of documents cited)"),
        ("FINAL('450 crowns')", "No source is named", "450 crowns\n\nNo source is named.\n"),
    ],
)  # fmt: skip
def test_it_says_whether_the_answer_agrees_with_its_sources_and_show_says_it_again(
    ask, code, agreed, told, tmp_path, capsys
) -> None:
    status, out, _ = ask([code])
    assert status == 0 and out.startswith(told)
    assert run(["show", out.rsplit("Run ", 1)[1].strip(" .\n"), "--data", str(tmp_path / "data")]) == 0
    assert f"\n{agreed}.\n" in capsys.readouterr().out


def test_the_object_of_json_holds_the_agreement(ask) -> None:
    told = json.loads(ask(["FINAL('450 crowns', context.grep('deposit'))"], "--json")[1])
    place = {"source": 1, "document": 0, "start": 27, "end": 37, "written": ""}
    assert told["agreement"] == {
        "status": "stated",
        "value": "450 crowns",
        "where": [place],
        "cell": None,
        "how": "",
        "items": [],
        "marks": [[10, [1]]],
        "quotations": [],
        "cells": [],
    }


def test_the_time_limit_is_said_before_the_run(ask) -> None:
    assert "; time limit 10 min." in ask(["FINAL('450 crowns')"])[2]
    found = re.search(
        r"expected: .*\.", ask(["FINAL('450 crowns')"], "--seconds", "90")[2].replace("\n", " ")
    )
    assert found and found[0].endswith("time limit 90 s.")


@pytest.mark.parametrize(("seconds", "words"), [(7.2, "0:07"), (187, "3:07"), (3729, "1:02:09")])
def test_a_clock_shows_minutes_and_seconds(seconds: float, words: str) -> None:
    assert clock(seconds) == words
