"""Lessons and engine speak one language: the same cells give the same messages in a rehearsal and in a real run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.types import Message, Settings
from models.default.training.rehearsal import OracleModel, rehearse, store

pytestmark = pytest.mark.sandbox

FILES = {
    "lease.txt": "Lease: 4 Mill Lane\n\nDeposit: EUR 900\nÜbergabe am 3. Mai – 10 % später.\n",
    "mail.txt": "Dear Ann,\n\nno deposit yet.\n",
    "table.csv": "name,paid\nAnn,900\nBo,20\n",
}
CELLS = (
    "hits = context.search(question, 8)\ntold = llm_query(question, hits)\ntold",
    "told = best(map_query(question, context.search(question, 5) + context.passages(question, 4), "
    'quote=True, choices=["yes", "no"]), -1.5)\ntold',
    "1 / 0",
    'found = map_query("What is the deposit?", context.passages("deposit", 2))\nfound',
    'cells = context.document("table.csv").column("paid")\nmax(cells, key=lambda c: c.number)',
    'docs = context.matching(r"(?i)deposit")\ndocs.names',
    'a = rlm_query("Who wrote?", context)\na, number("EUR 900")',
    'FINAL("EUR 900", hits[0])',
)
QUESTION = "What is the deposit of 4 Mill Lane?"


def answered(messages: Sequence[Message]) -> str:
    """A cell for the root (the same one where it is drawn again), a quote for what is read, an end for the child."""
    opening = next(m.content for m in messages if m.role == "user")
    if "say NONE" in opening:
        return "900"
    if opening.endswith("Question: Who wrote?"):
        return '```repl\nFINAL("Ann")\n```'
    return f"```repl\n{CELLS[sum(m.role == 'assistant' for m in messages)]}\n```"


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> list[list[Message]]:
    """The messages of every request of a real run with sandboxed cells."""
    root: Path = tmp_path_factory.mktemp("contract")
    (root / "papers").mkdir()
    for name, text in FILES.items():
        (root / "papers" / name).write_text(text, "utf-8")
    model = ScriptedModel(lambda request: answered(request.messages), n_ctx=4096)
    model.info = replace(model.info, parameters=135_000_000)  # small: it gets the prompts of small models
    with Engine(root / "data", model) as engine:
        engine.ask(QUESTION, engine.add([root / "papers"]), Settings(parallel=1))
    return [[*request.messages] for request in model.requests]


def test_a_rehearsal_shows_the_messages_of_a_real_run(real, tmp_path):
    seen: list[list[Message]] = []

    def reply(node: str, messages: Sequence[Message]) -> str:
        seen.append([*messages])
        return answered(messages)

    model = OracleModel(reply)
    assert rehearse(model, store(FILES, tmp_path / "corpus"), QUESTION, Settings(parallel=1)) == "EUR 900"
    assert len(seen) == len(real) >= len(CELLS) + 3
    assert any("ZeroDivisionError" in m.content for m in seen[-1])
    for rehearsed, sent in zip(seen, real, strict=True):
        assert [text(m) for m in rehearsed] == [text(m) for m in sent]


def text(message: Message) -> tuple[str, str]:
    """Role and content, without the numbers of the limits, which are those of a run."""
    lines = ["Limits" if line.startswith("Limits: ") else line for line in message.content.split("\n")]
    return message.role, "\n".join(lines)
