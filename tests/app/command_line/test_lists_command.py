"""`ask --questions`, `ask --each` and `lists`: a table of answers, saved, shown again, and deleted."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl
import pytest

from app.command_line.main import run

pytestmark = pytest.mark.sandbox
REPLY = {"match": "Question:", "text": "```repl\nFINAL(context.search(question, 1)[0])\n```"}


@pytest.fixture
def command(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """command(*words): exit status, stdout and stderr; `ask` gets the folder of letters and a scripted model."""
    (tmp_path / "letters").mkdir()
    for n in (1, 2):
        (tmp_path / "letters" / f"{n}.txt").write_text(f"Number {n} is Ada{n} Fenn.\n")
    (tmp_path / "questions.csv").write_text(
        "question\nWho is number 1?\nWho is number 2?\n\nWho is number 1?\n"
    )
    (tmp_path / "script.jsonl").write_text(json.dumps(REPLY))

    def said(*words: str) -> tuple[int, str, str]:
        model = ["--model", f"scripted:{tmp_path / 'script.jsonl'}"] if words[0] == "ask" else []
        paths = [str(tmp_path / "letters")] if words[0] == "ask" else []
        status = run([words[0], *paths, *words[1:], *model, "--data", str(tmp_path / "data")])
        return status, *capsys.readouterr()

    return said


def test_a_file_of_questions_becomes_a_table_that_is_shown_saved_and_deleted(command, tmp_path: Path) -> None:
    status, out, err = command("ask", "--questions", str(tmp_path / "questions.csv"))
    assert status == 0 and "Number 1 is Ada1 Fenn." in out and "1, stated there" in out
    assert (
        "1 question stands there again; each is asked once." in err
        and "2 of 2: Who is number 2?: answered" in err
    )
    (one,) = json.loads(command("lists", "--json")[1])
    assert one["counts"] == {"answered": 2} and one["title"] == "questions.csv"
    told = json.loads(command("lists", one["list"], "--json")[1])
    assert [row["answer"] for row in told["table"]] == ["Number 1 is Ada1 Fenn.", "Number 2 is Ada2 Fenn."]
    assert command("lists", one["list"], "-o", str(tmp_path / "a.xlsx"))[0] == 0
    assert openpyxl.load_workbook(tmp_path / "a.xlsx").active["D3"].value == "Number 2 is Ada2 Fenn."
    assert "questions.csv" in command("lists")[1]
    status, out, _ = command("delete", one["list"], "--yes")
    assert status == 0 and len(json.loads(out)["runs"]) == 2
    assert json.loads(command("lists", "--json")[1]) == [] == json.loads(command("runs", "--json")[1])


def test_one_question_is_asked_of_each_document(command, tmp_path: Path) -> None:
    status, out, _ = command("ask", "Who\nis it?", "--each", "-o", str(tmp_path / "each.csv"))
    assert status == 0 and out == f"2 rows written to {tmp_path / 'each.csv'}\n"
    with (tmp_path / "each.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["document"], row["answer"]) for row in csv.DictReader(file)]
    assert rows == [("1.txt", "Number 1 is Ada1 Fenn."), ("2.txt", "Number 2 is Ada2 Fenn.")]


def test_bad_input_is_told_before_anything_is_read(command, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    for words, sentence in (
        (["--questions", str(tmp_path / "bad.csv")], "bad.csv has no column called 'question'"),
        (["--questions", str(tmp_path / "none.csv")], "cannot be read: No such file or directory."),
        (
            ["--questions", str(tmp_path / "questions.csv"), "-o", "answers.pdf"],
            "answers.pdf is neither .csv nor .xlsx",
        ),
        (["Who?", "-o", "a.csv"], "--output and --column are for lists of questions."),
        (["Who?", "--each", "--follow", "r1"], "A list follows no run"),
        (["Who?", "--each", "--column", "x"], "--column names one of --questions"),
        (["Who?", "--each", "-o", "/nowhere/a.csv"], "There is no folder /nowhere to write a.csv into"),
    ):
        status, out, err = command("ask", *words)
        assert (status, out) == (2, "") and sentence in err
    assert command("lists", "none")[0] == 2
