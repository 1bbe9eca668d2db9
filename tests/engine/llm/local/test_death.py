"""A model process that dies, stands still or is closed; and what it may never reach."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from engine import sandbox
from engine.errors import InputError, ModelError
from engine.llm import supervised
from engine.llm.base import Request
from engine.llm.broadcast import LiveStream
from engine.llm.local.model import LocalModel
from engine.sandbox.frames import received
from engine.types import Message, Sampling
from tests.engine.llm.conftest import until
from tests.engine.llm.gguf.make_gguf import chain_model, random_model
from tests.engine.llm.local.conftest import QUESTION, ask, standing_still

# Stopping and starting again


def test_a_killed_process_ends_random_replies_and_the_next_request_starts_it_again(open_local, endless_gguf):
    model = open_local(endless_gguf)
    request = ask(QUESTION, tokens=30_000, key="root", sampling=Sampling(temperature=0.5))
    stream = model.submit(request)
    text = next(iter(stream))
    before = model.pid
    os.kill(before, signal.SIGKILL)
    with pytest.raises(ModelError, match=r"stopped \(SIGKILL"):
        stream.result()
    again = (QUESTION, Message("assistant", text), Message("user", "Go on."))
    reply = model.submit(ask(*again, key="root", tokens=3)).result()
    assert (reply.finish, reply.log_extended, reply.usage.reused_tokens) == ("length", False, 0)
    assert model.pid != before


def test_a_killed_process_writes_greedy_replies_again_and_says_so(open_local, endless_gguf):
    model = open_local(endless_gguf)
    expected = model.submit(ask(QUESTION, tokens=900)).result()
    assert expected.notice == ""
    streams = [model.submit(ask(QUESTION, tokens=30_000, key=f"a/{n}")) for n in range(5)]
    reading = iter(streams[0])
    text, before = next(reading), model.pid
    os.kill(before, signal.SIGKILL)
    until(lambda: model.pid != before)
    shown = max(len(expected.text), *(len(stream.text) for stream in streams))
    while len(text) <= shown:
        text += next(reading)
    for stream in streams:
        until(lambda stream=stream: len(stream.text) > shown)
        stream.cancel()
        assert stream.result().text.startswith(expected.text)
        assert "started again" in stream.result().notice and "SIGKILL" in stream.result().notice
    assert text.startswith(expected.text) and streams[0].text.startswith(text)


def test_a_request_to_a_process_just_dead_is_answered_by_the_next_one(open_local, endless_gguf, monkeypatch):
    late: list[LiveStream] = []

    def then_ask(file):
        yield from received(file)
        if not late:  # the process is dead, and nobody has closed what leads to it
            late.append(model.submit(ask(QUESTION, tokens=3)))

    monkeypatch.setattr(supervised, "received", then_ask)
    model = open_local(endless_gguf)
    os.kill(model.pid, signal.SIGKILL)
    until(lambda: late and late[0].done)
    assert late[0].result().finish == "length"


class Clock:
    """The time by which a process that says nothing is watched: it goes on when a test says so."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(supervised, "time", clock)
    return clock


def test_a_process_that_stands_still_is_killed_and_started_again(open_local, endless_gguf, clock):
    model = open_local(endless_gguf, hang_seconds=1.0)
    expected = model.submit(ask(QUESTION, tokens=50)).result().text
    stream = model.submit(ask(QUESTION, tokens=30_000))
    next(iter(stream))
    before = model.pid
    os.kill(before, signal.SIGSTOP)
    while model.pid == before:
        clock.now += 0.5
        time.sleep(0.05)
    said = len(stream.text)
    until(lambda: len(stream.text) > max(said, len(expected)))
    stream.cancel()
    reply = stream.result()
    assert reply.text.startswith(expected)
    assert "no progress for 1 seconds" in reply.notice
    assert model.pid != before


def test_a_process_that_works_or_has_nothing_to_do_is_left_alone(open_local, endless_gguf, clock):
    model = open_local(endless_gguf, hang_seconds=0.2)
    before = model.pid
    stream = model.submit(ask(QUESTION, tokens=30_000))
    for _ in range(8):
        clock.now += 0.15
        time.sleep(0.1)  # for the one who watches
        said = len(stream._deltas) + 2  # the second one surely came after the clock went on
        until(lambda said=said: len(stream._deltas) >= said)
    stream.cancel()
    assert stream.result().finish == "cancelled"
    clock.now += 10.0
    time.sleep(0.3)
    assert model.submit(ask(QUESTION, tokens=1)).result().usage.completion_tokens > 0
    assert model.pid == before


def frozen_then_killed(model: LocalModel, request: Request):
    """Submit a request to a process that stands still, so that no text of it was shown, and kill it."""
    os.kill(model.pid, signal.SIGSTOP)
    stream = model.submit(request)
    os.kill(model.pid, signal.SIGKILL)
    return stream


def test_a_request_of_which_nothing_was_shown_is_done_again(open_local, tmp_path):
    model = open_local(chain_model(tmp_path / "m.gguf", ["Six months."]))
    assert frozen_then_killed(model, ask(QUESTION)).result().text == "Six months."


def test_a_random_request_is_not_done_again(model):
    stream = frozen_then_killed(model, ask(QUESTION, sampling=Sampling(temperature=0.7)))
    with pytest.raises(ModelError, match="stopped"):
        stream.result()


def test_a_request_is_done_again_only_once(open_local, endless_gguf, monkeypatch):
    model = open_local(endless_gguf)
    first = model.pid
    # The second process gets a model file that makes it stop while it loads.
    model._order = {**model._order, "fit": None}
    stream = frozen_then_killed(model, ask(QUESTION, tokens=30_000))
    with pytest.raises(ModelError, match="stopped"):
        stream.result()
    assert model.pid != first


def test_counts_survive_a_crash(model, vocabulary):
    os.kill(model.pid, signal.SIGKILL)
    assert model.count("hello there") == len(vocabulary.content("hello there"))


def test_an_interrupt_from_the_terminal_does_not_reach_the_model(model):
    before = model.pid
    os.kill(before, signal.SIGINT)
    assert model.submit(ask(QUESTION)).result().finish in ("stop", "length")
    assert model.pid == before


def test_a_closed_model_takes_no_requests_and_leaves_no_process(open_local, endless_gguf):
    model = open_local(endless_gguf)
    stream, process = model.submit(ask(QUESTION, tokens=30_000)), psutil.Process(model.pid)
    next(iter(stream))
    model.close()
    with pytest.raises(ModelError, match="closed"):
        stream.result()
    with pytest.raises(ModelError, match="closed"):
        model.submit(ask(QUESTION))
    process.wait(60)


def test_a_file_that_vanished_is_told_when_the_model_starts_again(open_local, tmp_path):
    path = random_model(tmp_path / "m.gguf")
    model = open_local(path)
    path.unlink()
    os.kill(model.pid, signal.SIGKILL)
    with pytest.raises(InputError, match="no model at"):
        model.count("text")


def test_the_process_ends_with_its_parent(random_gguf):
    code = (
        "import sys, time; from engine.llm.local.model import LocalModel\n"
        "print(LocalModel(sys.argv[1]).pid, flush=True); time.sleep(300)"
    )
    root = Path(__file__).parents[4]
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(random_gguf)], stdout=subprocess.PIPE, cwd=root, text=True
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        child.wait(60)


# Confinement


@pytest.mark.sandbox
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the marks of confinement are Linux's")
def test_every_thread_of_the_model_process_is_confined(model):
    if not sandbox.level().available:
        pytest.skip(sandbox.level().detail)
    model.submit(ask(QUESTION)).result()
    with standing_still(model):  # no thread ends while it is looked at
        threads = list(Path(f"/proc/{model.pid}/task").iterdir())
        assert len(threads) >= 3
        for thread in threads:
            status = (thread / "status").read_text()
            assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    connections = psutil.Process(model.pid).net_connections()
    assert connections == []


def test_the_environment_of_the_app_is_not_handed_on(open_local, random_gguf, monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "secret")
    environment = psutil.Process(open_local(random_gguf).pid).environ()
    assert "SOME_TOKEN" not in environment
    assert environment["GGML_NO_BACKTRACE"] == "1"
