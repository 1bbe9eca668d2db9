"""Two programs on one data folder: both answer, and what one is working on cannot be deleted by the other."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Answer, Engine
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel

pytestmark = pytest.mark.sandbox

ROOT = Path(__file__).resolve().parent.parent
COUNT = "```repl\nFINAL(f'{len(context)} letters', context.search('ferry', 1))\n```"


def taproot(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command to its end."""
    command = [sys.executable, str(ROOT / "launch.py"), *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def output(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON a command printed; it must have ended well."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_text(f"Letter {number}.\nThe ferry leaves at noon.\n")
    return folder


@pytest.fixture
def script(tmp_path: Path) -> str:
    """A model that counts, with a pause before its reply."""
    (tmp_path / "script.jsonl").write_text(json.dumps({"match": "Question", "text": COUNT, "delay": 0.5}))
    return f"scripted:{tmp_path / 'script.jsonl'}"


class Unfinished:
    """A run of this process whose model waits to be allowed to answer."""

    def __init__(self, data: Path, kernels: Any, letters: Path):
        self.asked, self._go = threading.Event(), threading.Event()
        self._engine = Engine(data, ScriptedModel(self._reply), kernels)
        self._pool = ThreadPoolExecutor(1)
        corpus = self._engine.add([letters])
        self.answer = self._pool.submit(self._engine.ask, "How many letters?", corpus)
        assert self.asked.wait(300)

    def _reply(self, request: Request) -> str:
        self.asked.set()
        assert self._go.wait(400)
        return COUNT

    def finish(self) -> Answer:
        self._go.set()
        return self.answer.result(300)

    def close(self) -> None:
        self._go.set()
        self._pool.shutdown()
        self._engine.close()


@pytest.fixture
def unfinished(data_dir: Path, kernels: Any, letters: Path) -> Iterator[Unfinished]:
    run = Unfinished(data_dir, kernels, letters)
    yield run
    run.close()


def test_two_first_asks_at_the_same_moment_both_answer(tmp_path: Path, letters: Path, script: str) -> None:
    data = tmp_path / "new"
    words = ("ask", str(letters), "How many letters?", "--model", script, "--json")
    with ThreadPoolExecutor(2) as pool:
        answers = [output(done) for done in pool.map(lambda _: taproot(data, *words), range(2))]
    assert [a["answer"] for a in answers] == ["5 letters"] * 2
    assert [a["sources"][0]["text"] for a in answers] == ["The ferry leaves at noon."] * 2
    rows = output(taproot(data, "runs", "--json"))
    assert {row["run"] for row in rows} == {a["run"] for a in answers}
    assert [row["status"] for row in rows] == ["answered"] * 2
    assert len(output(taproot(data, "corpora", "--json"))) == 1
    assert not list((data / "corpora").glob(".new-*"))
    assert not list((data / "scratch").glob("[0-9]*"))


def test_an_ask_beside_a_running_one_answers_and_leaves_it_alone(
    unfinished: Unfinished, data_dir: Path, letters: Path, script: str
) -> None:
    words = ("ask", str(letters), "How many letters?", "--model", script, "--json")
    second = output(taproot(data_dir, *words))
    assert second["answer"] == "5 letters"
    states = {row["run"]: row["status"] for row in output(taproot(data_dir, "runs", "--json"))}
    first = next(run for run in states if run != second["run"])
    assert states == {first: "running", second["run"]: "answered"}
    answer = unfinished.finish()
    assert (answer.run, answer.status, answer.answer) == (first, "answered", "5 letters")


def test_a_running_run_and_its_corpus_cannot_be_deleted_but_others_can(
    unfinished: Unfinished, data_dir: Path, letters: Path, script: str
) -> None:
    words = ("ask", str(letters), "How many letters?", "--model", script, "--json")
    second = output(taproot(data_dir, *words))["run"]
    rows = output(taproot(data_dir, "runs", "--json"))
    first = next(row["run"] for row in rows if row["run"] != second)
    corpus = rows[0]["corpus"]

    for id in (first, corpus):
        refused = taproot(data_dir, "delete", id, "--yes")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert first in refused.stderr and "Stop it first" in refused.stderr

    receipt = output(taproot(data_dir, "delete", second, "--yes"))
    assert receipt["runs"] == [second]
    assert [row["run"] for row in output(taproot(data_dir, "runs", "--json"))] == [first]

    assert unfinished.finish().answer == "5 letters"
    assert output(taproot(data_dir, "delete", corpus, "--yes"))["runs"] == [first]
    assert output(taproot(data_dir, "runs", "--json")) == []
    assert not list((data_dir / "corpora").glob("[0-9a-f]*"))
