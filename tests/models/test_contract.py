"""Starter and engine speak one language: the same messages give the same tokens in training and in the model process.

What the engine writes is taken from a real run (sandboxed cells, sub-calls, an error shown back, a follow-up); its
tokens once through the model host's template and vocabulary, once through the tokenizer that training uses.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import gguf
import pytest
from llama_cpp import llama_cpp as native

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.llm.template import Pieces, cut_template
from engine.llm.token_log import Logs
from engine.llm.tokens import Vocabulary
from engine.types import Message
from models.starter.lessons import judged, opening, talk
from models.starter.tokenizer import ASSISTANT, END, USER, Tokenizer
from tests.models.test_starter import SETTINGS, WEIGHTS

DAY = date(2026, 3, 14)
FILES = {
    "lease.txt": "Lease: 4 Mill Lane\n\nDeposit: EUR 900\nÜbergabe am 3. Mai – 10 % später.\n",
    "mail.txt": "Dear Ann,\n\nno.\n",
}
CELLS = (
    'print(context[0][:60])\nprint(context.search("deposit"))',
    "1 / 0",
    'found = map_query("What is the deposit of each lease?", context.search("deposit", 1))\nprint(found)',
    'FINAL("EUR 900")',
)


@pytest.fixture(scope="module")
def vocabulary() -> Iterator[Vocabulary]:
    """The vocabulary of the shipped file, as llama.cpp reads it."""
    parameters = native.llama_model_default_params()
    parameters.vocab_only = True
    model = native.llama_model_load_from_file(str(WEIGHTS).encode(), parameters)
    yield Vocabulary(native.llama_model_get_vocab(model))
    native.llama_model_free(model)


@pytest.fixture(scope="module")
def shipped() -> tuple[Tokenizer, Pieces]:
    """The tokenizer of training with the merges of the shipped file, and its chat template."""
    fields = gguf.GGUFReader(WEIGHTS).fields
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    return Tokenizer(merges), cut_template(fields["tokenizer.chat_template"].contents())  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def conversations(tmp_path_factory: pytest.TempPathFactory) -> list[list[Message]]:
    """The messages of every request of a question and a follow-up, as the engine sends them to a small model."""
    root: Path = tmp_path_factory.mktemp("contract")
    for name, text in FILES.items():
        (root / "papers").mkdir(exist_ok=True)
        (root / "papers" / name).write_text(text, "utf-8")
    cells = iter((*CELLS, 'FINAL("no")'))
    reply = lambda request: "900" if not _is_opening(request.messages) else f"```repl\n{next(cells)}\n```"  # noqa: E731
    model = ScriptedModel(reply, n_ctx=4096)
    model.info = replace(model.info, parameters=4_000_000)  # small: it gets the starter's prompts
    with Engine(root / "data", model) as engine:
        corpus = engine.add([root / "papers"])
        first = engine.ask("What is the deposit of 4 Mill Lane?", corpus, SETTINGS)
        engine.ask("And when?", corpus, SETTINGS, follows=first.run)
    return [[*request.messages] for request in model.requests]


def _is_opening(messages: list[Message]) -> bool:
    return any("Context: " in message.content for message in messages)


def trained(tokenizer: Tokenizer, messages: list[Message]) -> list[int]:
    """The tokens of a request as `models.starter.train.encode` writes them."""
    tokens: list[int] = []
    for message in messages:
        body = tokenizer.encode(message.content)
        tokens += [USER, *body, ASSISTANT] if message.role == "user" else [*body, END]
    return tokens


@pytest.mark.sandbox
def test_what_the_engine_sends_has_the_tokens_of_training(
    conversations: list[list[Message]], vocabulary: Vocabulary, shipped: tuple[Tokenizer, Pieces]
) -> None:
    tokenizer, pieces = shipped
    assert tokenizer.tokens == [vocabulary.text(token) for token in range(vocabulary.size)]
    texts = ["\n".join(m.content for m in messages) for messages in conversations]
    assert any("ZeroDivisionError" in text for text in texts) and any(
        "Asked before" in text for text in texts
    )
    assert any("say NONE" in text for text in texts)
    for messages in conversations:
        seen = [m for m in messages if m.role != "system"]
        host = Logs(vocabulary, lambda day: pieces, window=4096).prompt("", messages, DAY, 100)
        assert host.tokens == trained(tokenizer, seen)


@pytest.mark.sandbox
def test_first_messages_and_sub_calls_of_the_lessons_look_as_the_engine_writes_them(
    conversations: list[list[Message]],
) -> None:
    """Numbers and words differ; every line has the same shape, so that nothing in a first message is unknown."""

    def shape(text: str) -> str:
        text = re.sub(r"(?m)^(Question: |- ).*$", r"\1...", text)
        return re.sub(r"[\d,]+", "0", text)

    rng = random.Random(5)
    first, follow = (
        next(m for m in messages if m.role == "user").content
        for messages in (conversations[0], conversations[-1])
    )
    assert shape(opening(rng, "x")) == shape(first)
    assert shape(opening(rng, "x", earlier=(("y", "z"),))) == shape(follow)
    lesson = talk(rng, ("x", "FINAL(1)", False), whole=True)
    assert lesson[1]["content"] == "```repl\nFINAL(1)\n```"
    asked, _ = judged(rng)
    leaf = next(m[-1].content for m in conversations if "say NONE" in m[-1].content)
    assert asked.split("\n")[-1] == leaf.split("\n")[-1]
    assert (
        [line.split(":")[0] for line in asked.split("\n")[-2:-1]]
        == ["Question"]
        == [line.split(":")[0] for line in leaf.split("\n")[-2:-1]]
    )
