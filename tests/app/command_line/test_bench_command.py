"""`bench` on the command line: its table and object, its chart, its refusals, and Ctrl+C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.command_line.main import run
from engine.store import Store

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.sandbox
CELL = "```repl\nFINAL(context.search(question, 1)[0].text.split(' is ')[-1].strip('.'))\n```"


@pytest.fixture
def script(tmp_path: Path) -> str:
    file = tmp_path / "script.jsonl"
    file.write_text(json.dumps({"match": "Question", "text": CELL}))
    return f"scripted:{file}"


def test_the_object_holds_rows_and_a_verdict_and_the_chart_is_a_picture(
    capsys, data_dir, script, tmp_path, warm
) -> None:
    words = [
        "bench",
        "needle",
        "--methods",
        "direct,rlm",
        "--lengths",
        "0.5,1x",
        "--questions",
        "3",
        "--quiet",
    ]
    words += ["--data", str(data_dir), "--model", script]
    assert run([*words, "--json", "--chart", str(tmp_path / "chart.png")]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(r["suite"], r["windows"], r["method"], r["n"]) for r in found["rows"]] == [
        ("needle", 0.5, "direct", 3), ("needle", 0.5, "rlm", 3), ("needle", 1.0, "direct", 3), ("needle", 1.0, "rlm", 3),
    ]  # fmt: skip
    assert found["model"]["name"] == "script" and "Writes valid cells 100%" in found["verdict"]
    assert "void" in found["void"]
    assert (tmp_path / "chart.png").read_bytes().startswith(b"\x89PNG")
    assert run([*words, "--show"]) == 0
    shown = capsys.readouterr().out
    assert "needle" in shown and "Writes valid cells" in shown
    with Store(data_dir) as store:
        assert len(store.runs()) == 12


@pytest.mark.parametrize(
    "words, said",
    [
        (["noodle"], "no suite 'noodle'"),
        (["--methods", "magic"], "no method 'magic'"),
        (["--lengths", "long"], "'long' is not a length"),
        (["--lengths", "5000"], "from 0.1 to 1000 windows"),
        (["--show"], "run the bench first"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_a_sentence(capsys, data_dir, script, words, said) -> None:
    assert run(["bench", *words, "--data", str(data_dir), "--model", script]) == 2
    out, err = capsys.readouterr()
    assert said in err and out == ""


def test_ctrl_c_keeps_what_is_done_and_the_same_command_goes_on(data_dir: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"  # after six replies there is none until the bench is stopped
    replies = [{"text": CELL}] * 6 + [{"text": CELL, "delay": 3600}]
    script.write_text("\n".join(map(json.dumps, replies)))
    words = [sys.executable, "launch.py", "bench", "needle", "--methods", "rlm", "--lengths", "0.5,1"]
    words += ["--questions", "6", "--model", f"scripted:{script}", "--data", str(data_dir), "--json"]
    first = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert first.stderr is not None
    for line in first.stderr:
        if line.startswith("6/12"):
            first.send_signal(signal.SIGINT)
            break
    out, err = first.communicate(timeout=300)
    assert first.returncode == 130, err
    kept = sum(row["n"] for row in json.loads(out)["rows"])
    assert kept == 6 and "goes on from there" in err
    script.write_text(json.dumps({"match": "Question", "text": CELL}))
    again = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert again.returncode == 0, again.stderr
    assert [row["n"] for row in json.loads(again.stdout)["rows"]] == [6, 6]
    with Store(data_dir) as store:
        ended = [run for run in store.runs() if run["status"] == "answered"]
        assert len(ended) == 12  # none was asked twice
