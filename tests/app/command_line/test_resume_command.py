"""`resume` lets a run that has no answer go on, and says why another one cannot; `ask --follow` finds its variables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.command_line.main import run
from engine.store import Store

pytestmark = pytest.mark.sandbox


@pytest.fixture
def taproot(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """taproot(cells, *words): exit status, stdout and stderr of a command with a scripted model."""
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mill.md").write_text("The deposit of the mill is 450 crowns.\n")

    def command(cells: list[str], *words: str) -> tuple[int, str, str]:
        script = tmp_path / "script.jsonl"
        script.write_text("\n".join(json.dumps({"text": f"```repl\n{code}\n```"}) for code in cells))
        model = [] if words[0] == "show" else ["--model", f"scripted:{script}"]
        status = run([*words, *model, "--data", str(tmp_path / "data")])
        return status, *capsys.readouterr()

    return command


def test_a_run_that_ended_at_a_limit_goes_on_and_keeps_its_variables(taproot, tmp_path: Path) -> None:
    question = ("ask", str(tmp_path / "letters"), "How much is the deposit of the mill?")
    status, out, _ = taproot(
        ["found = 450\nprint(found)", "FINAL(question)"], *question, "--turns", "1", "--json"
    )
    ended = json.loads(out)
    assert (status, ended["status"]) == (1, "unanswered")
    words = ("resume", ended["run"][:15], "--json", "--seconds", "300")
    status, out, err = taproot(["FINAL(f'{found} crowns')"], *words)
    told = json.loads(out)
    assert (status, told["run"], told["answer"]) == (0, ended["run"], "450 crowns")
    assert f"run {ended['run']} goes on: How much is the deposit" in err
    assert taproot([], "show", ended["run"])[1].count("the run was resumed here") == 1
    status, _, err = taproot([], *words)
    assert status == 2 and "has an answer. Ask a new question that follows it instead." in err


def test_a_follow_up_of_the_command_line_finds_the_variables(taproot, tmp_path: Path) -> None:
    folder = str(tmp_path / "letters")
    first = json.loads(taproot(["found = 450\nFINAL('450 crowns')"], "ask", folder, "How much?", "--json")[1])
    status, out, _ = taproot(
        ["FINAL(str(found // 2))"], "ask", folder, "And half?", "--json", "--follow", first["run"]
    )
    assert (status, json.loads(out)["answer"]) == (0, "225")
    assert "There is no run 'nobody'" in taproot([], "ask", folder, "And half?", "--follow", "nobody")[2]


def test_a_run_that_cannot_go_on_is_refused_before_a_model_is_loaded(taproot, tmp_path: Path) -> None:
    status, _, err = taproot([], "resume", "nothing")
    assert status == 2 and "There is no run 'nothing'" in err
    with Store(tmp_path / "data") as store:
        assert store.runs() == []
    with pytest.raises(SystemExit):
        taproot([], "resume", "nothing", "--seconds", "0")
