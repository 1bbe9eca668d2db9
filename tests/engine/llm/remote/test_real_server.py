"""A real llama_cpp.server with a small model."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.engine import Engine
from engine.errors import InputError
from engine.llm import open_model
from engine.llm.gguf.fit import Wish
from engine.llm.remote.model import RemoteModel
from engine.types import Message
from tests.engine.llm.conftest import until
from tests.engine.llm.remote.test_remote import ask
from tests.small_model import NAME, WINDOW, small_model

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def serving(tmp_path_factory) -> Iterator[tuple[str, subprocess.Popen]]:
    """The address of a llama_cpp.server with a small model, and its process."""
    command = [sys.executable, "-m", "llama_cpp.server", "--model", str(small_model()), "--model_alias", NAME]
    command += [
        "--port",
        "0",
        "--n_ctx",
        str(WINDOW),
        "--n_threads",
        "1",
        "--interrupt_requests",
        "False",
    ]
    words = tmp_path_factory.mktemp("server") / "log"
    with words.open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)

    def port() -> re.Match[str] | None:
        assert process.poll() is None, words.read_text()
        return re.search(r"running on http://\S+:(\d+) ", words.read_text())

    try:
        found = until(port)
        yield f"http://127.0.0.1:{found[1]}/v1", process
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def llama_server(serving) -> str:
    return serving[0]


@pytest.fixture(scope="module")
def small(llama_server) -> Iterator[RemoteModel]:
    """The small model, asked over HTTP."""
    model = open_model(f"openai:{NAME}@{llama_server}", wish=Wish(window=4096, slots=2))
    assert isinstance(model, RemoteModel)
    yield model
    model.close()


def test_a_run_over_a_server_answers_and_its_record_says_where_text_went(small, llama_server, tmp_path):
    documents = ROOT / "app" / "sample" / "documents"
    with Engine(tmp_path / "data", lambda: open_model(small.info.path, wish=Wish(window=WINDOW))) as engine:
        answer = engine.ask("How many documents mention Mill Lane?", engine.add([documents]))
        started = engine.store.events(answer.run)[0]
    assert answer.status == "answered" and answer.sources and answer.usage.completion_tokens > 10
    assert started.payload["model"]["remote"] == llama_server
    assert started.payload["model"]["path"] == f"openai:{NAME}@{llama_server}"


def test_the_only_model_of_a_server_needs_no_name_and_an_unknown_one_is_refused(small, llama_server):
    alone = open_model(llama_server)
    alone.close()
    assert alone.info.name == NAME and alone.info.n_ctx == 8192
    assert "8,192 are assumed" in alone.info.notices[1]
    with pytest.raises(InputError, match=f"It has: {NAME}"):
        open_model(f"openai:another@{llama_server}")


def test_a_real_server_is_not_accused_for_a_small_model_without_counts(llama_server):
    with open_model(llama_server, wish=Wish(window=4096)) as model:
        assert model.prove() == 4096
        assert model.info.n_ctx == 4096 and len(model.info.notices) == 2
        assert (
            "could not be found out" in model.info.notices[1]
        )  # it streams no counts, its model names no words
        os.kill(model.pid, 9)
        assert model.submit(ask(tokens=3)).result().finish == "length"
        assert len(model.info.notices) == 2  # what was found out is known to the next process


def test_text_streams_and_ends_where_the_cell_does(small):
    whole = small.submit(ask(tokens=60)).result()
    stream = small.submit(ask(tokens=60))
    assert "".join(stream) == stream.result().text == whole.text
    assert whole.usage.completion_tokens > 1 and whole.usage.seconds > 0 and whole.usage.decode_rate > 0
    assert small.submit(ask(tokens=3)).result().finish == "length"


def test_a_reply_of_a_real_server_can_be_cancelled(small, serving):
    # Last of this server: one that is left while it reads a prompt may crash on what comes next.
    os.kill(serving[1].pid, signal.SIGSTOP)  # the reply cannot be there before it is cancelled
    stream = small.submit(ask(Message("user", "word " * 500), tokens=3000))
    stream.cancel()
    os.kill(serving[1].pid, signal.SIGCONT)
    assert stream.result().finish == "cancelled"
