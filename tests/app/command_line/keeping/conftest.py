"""Two letters, scripts of a model, and the command line run in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.command_line.main import run

LOOK = "```repl\nhits = context.grep('Halden')\nlen(hits)\n```"


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "anna.txt").write_text("Dear Tom,\nthe ferry to Halden leaves at noon.\nAnna Brisk\n")
    (folder / "tom.txt").write_text("Dear Anna,\nI will miss it. Halden can wait.\nTom Reed\n")
    return folder


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """Write a script of replies; returns what --model takes."""

    def write(*replies: str, name: str = "script") -> str:
        file = tmp_path / f"{name}.jsonl"
        file.write_text("".join(f"{json.dumps(reply)}\n" for reply in replies))
        return f"scripted:{file}"

    return write


@pytest.fixture
def command(data_dir: Path) -> Callable[..., int]:
    return lambda *words: run([*map(str, words), "--data", str(data_dir)])


@pytest.fixture
def asked(command, papers, script, capsys) -> Callable[..., str]:
    """Ask about the letters with an answer that the script gives; returns the id of the run."""

    def ask(answer: str, *more: str, question: str = "How many letters mention Halden?") -> str:
        model = script(LOOK, f"```repl\nFINAL({answer!r}, hits)\n```", name=f"says-{len(answer)}")
        command("ask", papers, question, "--json", "--quiet", "--model", model, *more)
        return json.loads(capsys.readouterr().out)["run"]

    return ask
