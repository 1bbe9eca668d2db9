"""`verify` and `fork` on the command line: what they print, and their exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.command_line.main import run as command
from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.replay import corpus_of, read_record
from tests.engine.conftest import fill
from tests.engine.replay.conftest import script
from tests.engine.run.conftest import LETTERS

pytestmark = pytest.mark.sandbox


@pytest.fixture
def asked(tmp_path: Path) -> tuple[Path, str, Path]:
    """A data folder with one run of two cells, the run, and the folder of its corpus."""
    fill(tmp_path / "papers", LETTERS)
    cells = ("hits = context.grep('Halden')\nprint(len(hits))", "FINAL(f'{len(hits)} letters', hits)")
    with Engine(tmp_path / "data", ScriptedModel(script(*cells))) as engine:
        corpus = engine.add([tmp_path / "papers"])
        run = engine.ask("How many letters mention Halden?", corpus).run
        return tmp_path / "data", run, corpus_of(engine.store, read_record(engine.store.events(run)))


@pytest.fixture
def taproot(asked, capsys) -> Callable[..., tuple[int, str, str]]:
    def call(*words: str) -> tuple[int, str, str]:
        code = command([words[0], "--data", str(asked[0]), *words[1:]])
        return code, *capsys.readouterr()

    return call


def test_verify_says_that_everything_holds_or_what_does_not(asked, taproot):
    _, run, corpus = asked
    code, out, _ = taproot("verify", run)
    assert code == 0 and f"Run {run}: everything holds" in out
    code, out, _ = taproot("verify", run[:12], "--json")
    told = json.loads(out)
    assert code == 0 and told["holds"] and told["run"] == run and told["nodes"] == {"0": "holds"}
    (corpus / "text.utf8").write_bytes((corpus / "text.utf8").read_bytes().replace(b"450", b"451"))
    code, out, _ = taproot("verify", run)
    assert code == 1 and "FAILS: documents: the stored text of the documents was changed" in out
    assert taproot("verify", "no-such-run")[0] == 2


def test_fork_runs_the_code_of_a_file_and_prints_its_answer(asked, taproot, tmp_path):
    _, run, _ = asked
    edited = tmp_path / "cell.py"
    edited.write_text("FINAL(f'{len(hits) + 1} at least', hits)")
    lines = tmp_path / "replies.jsonl"
    lines.write_text('{"text": "```repl\\nFINAL(1)\\n```"}\n')
    words = ("fork", run, "--cell", "2", "--code", str(edited), "--model", f"scripted:{lines}", "--quiet")
    code, out, error = taproot(*words, "--json")
    assert code == 0, error
    told = json.loads(out)
    assert told["answer"] == "3 at least" and told["run"] != run and told["usage"]["calls"] == 0
    assert taproot("verify", told["run"])[0] == 0
    assert f"forked from {run} at cell 2 of node 0" in taproot("show", told["run"])[1]
    code, _, error = taproot("fork", run, "--cell", "9", "--model", f"scripted:{lines}", "--quiet")
    assert code == 2 and "node 0 has no cell 9; it holds cells 1 to 2" in error
    code, _, error = taproot("fork", run, "--cell", "1", "--code", "missing.py", "--quiet")
    assert code == 2 and "the code in missing.py cannot be read" in error


def test_a_cell_that_is_not_there_is_said_before_a_model_is_loaded(asked, taproot):
    words = ("--model", "no-such-model.gguf", "--quiet")
    code, _, error = taproot("fork", asked[1], "--cell", "9", *words)
    assert code == 2 and "node 0 has no cell 9; it holds cells 1 to 2" in error
    code, _, error = taproot("fork", asked[1], "--cell", "1", "--node", "0.7", *words)
    assert code == 2 and "has no node '0.7'" in error
