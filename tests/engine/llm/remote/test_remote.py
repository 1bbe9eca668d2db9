"""Models on servers: a stub with the OpenAI interface that fails in every way."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from engine.errors import ContextOverflow, InputError, ModelError
from engine.llm.base import Request
from engine.llm.remote.endpoint import read_endpoint
from engine.llm.remote.model import RemoteModel
from engine.types import Message, Sampling
from tests.engine.llm.conftest import until
from tests.engine.llm.remote.openai_server import OpenAiServer, piece, pieces, slowly

ROOT = Path(__file__).resolve().parents[4]
QUESTION = Message("user", "How much is the deposit?")
GUARD = "only('127.0.0.1', int(first))"


def ask(*messages: Message, tokens: int = 24, key: str = "", **options) -> Request:
    return Request(messages or (QUESTION,), tokens, conversation=key, **options)


@pytest.fixture
def serve() -> Iterator[Callable[..., OpenAiServer]]:
    """Start stub servers that are closed when the test ends."""
    opened: list[OpenAiServer] = []

    def start(answer=lambda request: pieces("yes"), **options) -> OpenAiServer:
        opened.append(OpenAiServer(answer, **options))
        return opened[-1]

    yield start
    for server in opened:
        server.close()


@pytest.fixture
def connect() -> Iterator[Callable[..., RemoteModel]]:
    """Open models that are closed when the test ends."""
    opened: list[RemoteModel] = []

    def open_one(server: OpenAiServer, **options) -> RemoteModel:
        opened.append(RemoteModel(read_endpoint(server.url), **options))
        return opened[-1]

    yield open_one
    for model in opened:
        model.close()


def test_what_is_sent_is_what_was_asked(serve, connect):
    server = serve()
    model = connect(server)
    system = Message("system", "Be brief.")
    model.submit(ask(system, QUESTION, sampling=Sampling(0.5, 0.9, 7), tokens=11)).result()
    sent = server.requests[0]
    assert sent["messages"] == [{"role": m.role, "content": m.content} for m in (system, QUESTION)]
    assert (sent["model"], sent["max_tokens"], sent["temperature"], sent["top_p"], sent["seed"]) == (
        "stub",
        11,
        0.5,
        0.9,
        7,
    )


def test_a_repeat_penalty_is_sent_as_the_interface_has_it(serve, connect):
    server = serve()
    model = connect(server)
    model.submit(ask(sampling=Sampling(0.5, penalty=1.1, top_k=20))).result()
    model.submit(ask()).result()
    assert [request.get("frequency_penalty") for request in server.requests] == [0.2, None]
    assert not {"top_k", "min_p"} & server.requests[0].keys()


def test_a_server_names_the_family_of_its_model(serve, connect):
    info = connect(serve(models=({"id": "stub", "object": "model"},))).info
    assert (info.sampling, info.sampling_source, info.thinks) == (Sampling(), "", True)


def test_the_window_of_a_server_that_says_it_is_taken(serve, connect):
    server = serve(models=({"id": "stub", "object": "model", "max_model_len": 32768},))
    info = connect(server).info
    assert info.n_ctx == 32768 and len(info.notices) == 1
    assert connect(server, window=1024).info.n_ctx == 1024


def test_counts_are_those_of_the_server_and_teach_how_long_tokens_are(serve, connect):
    usage = {
        "prompt_tokens": 508,
        "completion_tokens": 9,
        "total_tokens": 517,
        "prompt_tokens_details": {"cached_tokens": 300},
    }
    model = connect(serve(lambda request: pieces("a", "b", usage=usage)))
    message = Message("user", "abcde" * 500)
    before = model.count(message.content)
    usages = [model.submit(ask(message)).result().usage for _ in range(20)]
    assert (usages[0].prompt_tokens, usages[0].reused_tokens, usages[0].completion_tokens) == (508, 300, 9)
    assert before > 800 and 500 < model.count(message.content) < 540


def test_thoughts_are_marked(serve, connect):
    model = connect(
        serve(lambda request: [piece(thought="hm"), piece(thought="!"), piece("Six."), piece(finish="stop")])
    )
    assert model.submit(ask()).result().text == "<think>hm!</think>Six."


def test_a_cell_ends_the_reply_and_the_connection(serve, connect):
    def answer(request):
        yield from (piece("I look.\n"), piece("```repl\nprint(1)\n```\nOut"), piece("put: 7"))
        yield from slowly(None, 0.02)

    server = serve(answer)
    reply = connect(server).submit(ask(stop_at_cell=True)).result()
    assert reply.finish == "stop" and reply.text.rstrip().endswith("print(1)\n```")
    until(lambda: server.left)


@pytest.mark.parametrize("cells", [True, False])
def test_a_reply_of_a_server_that_goes_round_in_circles_is_ended(serve, connect, cells):
    def answer(request):
        yield piece(thought="Is it the rent? ")
        while True:
            yield piece(thought="It may be the rent. ")

    server = serve(answer)
    reply = connect(server).submit(ask(stop_at_cell=cells)).result()
    assert reply.finish == "loop" and len(reply.text) < 1000
    until(lambda: server.left)


def test_cancelling_leaves_the_server_and_makes_room(serve, connect):
    server = serve(lambda request: slowly(1 if request["max_tokens"] == 1 else None, 0.02))
    model = connect(server, at_once=2)
    streams = [model.submit(ask(key=f"a/{n}")) for n in range(6)]
    text = next(iter(streams[0]))
    until(lambda: len(server.requests) == 2)  # one that is cancelled before the server has it leaves nobody
    for stream in reversed(streams):  # those that wait first
        stream.cancel()
    assert [stream.result().finish for stream in streams] == ["cancelled"] * 6
    assert streams[0].result().text.startswith(text)
    assert model.submit(ask(tokens=1)).result().text == "0 "
    until(lambda: server.left == 2)
    assert len(server.requests) == 3 and server.most <= 3


def test_no_more_requests_are_under_way_than_allowed(serve, connect):
    go_on = threading.Event()

    def held(request):
        go_on.wait(300)
        return pieces("yes")

    server = serve(held)
    model = connect(server, at_once=2)
    streams = [model.submit(ask(key=f"a/{n}")) for n in range(4)]
    until(lambda: len(server.requests) >= 2)
    time.sleep(0.3)  # a third would come now
    under_way = len(server.requests)
    go_on.set()
    assert under_way == 2
    assert [stream.result().text for stream in streams] == ["yes"] * 4 and len(server.requests) == 4


def test_a_storm_of_cancellations_loses_no_reply(serve, connect):
    go_on = threading.Event()

    def held(request):
        yield piece("0 ")
        go_on.wait(300)
        yield from slowly(3, 0.01)

    model = connect(serve(held), at_once=4)
    streams = [model.submit(ask(key=f"a/{n}")) for n in range(60)]
    for number, stream in enumerate(streams[::2]):
        if number == 20:  # from here on some are cancelled as they end
            go_on.set()
        stream.cancel()
    finishes = [stream.result().finish for stream in streams]
    assert set(finishes[1::2]) == {"stop"} and set(finishes[:40:2]) == {"cancelled"}


def test_a_busy_server_is_asked_again(serve, connect):
    busy = (503, {"error": {"message": "warming up"}, "headers": {"Retry-After": "0.01"}})
    replies = iter([busy, (429, busy[1]), pieces("at last")])
    server = serve(lambda request: next(replies))
    assert connect(server).submit(ask()).result().text == "at last"
    assert len(server.requests) == 3


def test_a_greedy_reply_that_was_cut_is_asked_for_anew_and_says_so(serve, connect):
    replies = iter([[piece("Six "), None], [piece("Six "), piece("months.")], pieces("Six ", "months.")])
    stream = connect(serve(lambda request: next(replies))).submit(ask())
    assert "".join(stream) == stream.result().text == "Six months."
    assert "cut off" in stream.result().notice and "anew" in stream.result().notice


def test_a_random_reply_that_was_cut_is_an_error(serve, connect):
    server = serve(lambda request: [piece("Six "), None])
    with pytest.raises(ModelError, match="cut off"):
        connect(server).submit(ask(sampling=Sampling(temperature=0.7))).result()
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("message", "needed", "window"),
    [
        (
            "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens",
            5000,
            4096,
        ),
        ("the request exceeds the available context size", None, 8192),
    ],
)
def test_a_prompt_that_the_server_finds_too_long_is_told_with_the_numbers(
    serve, connect, message, needed, window
):
    model = connect(serve(lambda request: (400, {"error": {"message": message}})))
    with pytest.raises(ContextOverflow) as caught:
        model.submit(ask()).result()
    assert (caught.value.needed, caught.value.window) == (needed or model.fits([QUESTION]), window)


def test_another_name_for_the_length_is_learnt(serve, connect):
    def answer(request):
        if "max_tokens" in request:
            return 400, {"error": {"message": "Use 'max_completion_tokens' instead of max_tokens"}}
        return pieces("yes")

    server = serve(answer)
    model = connect(server)
    assert [model.submit(ask()).result().text for _ in range(2)] == ["yes", "yes"]
    assert len(server.requests) == 3 and server.requests[2]["max_completion_tokens"] == 24


def test_the_key_comes_from_its_variable_and_is_shown_nowhere(serve, connect, monkeypatch):
    monkeypatch.setenv("TAPROOT_API_KEY", "sk-hidden")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-another-service")
    server = serve()
    model = connect(server)
    assert server.keys == ["Bearer sk-hidden"]
    assert "hidden" not in repr(model.info)
    assert "OPENAI_API_KEY" not in psutil.Process(model.pid).environ()
    server.answer = lambda request: (
        500,
        {"error": {"message": "bad key sk-hidden"}, "headers": {"x-should-retry": "false"}},
    )
    with pytest.raises(ModelError) as caught:
        model.submit(ask()).result()
    assert "hidden" not in str(caught.value) and "(key)" in str(caught.value)
    refusing = serve(
        lambda request: (401, {"error": {"message": "wrong sk-hidden"}}), models=({"ask": True},)
    )
    with pytest.raises(
        InputError, match=r"refused the API key. Put a valid one into TAPROOT_API_KEY"
    ) as refused:
        connect(refusing)
    assert "hidden" not in str(refused.value)


def test_a_server_that_is_not_there_is_told():
    with socket.socket() as taken:  # nobody else gets the port while it is ours, and nobody listens
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ModelError, match=r"cannot be reached .* Check its address"):
            RemoteModel(read_endpoint(f"http://127.0.0.1:{taken.getsockname()[1]}/v1"))


def test_a_killed_client_is_started_again(serve, connect):
    replies = iter([slowly(None, 0.02), slowly(20, 0.0)])
    model = connect(serve(lambda request: next(replies)))
    stream = model.submit(ask())
    next(iter(stream))
    os.kill(model.pid, 9)
    assert stream.result().text.endswith("19 ") and "started again" in stream.result().notice


def test_a_redirect_to_another_machine_is_not_followed(serve, connect):
    moved = (307, {"headers": {"Location": "http://192.0.2.1:9/v1/chat/completions"}})
    with pytest.raises(ModelError, match="refused the request"):
        connect(serve(lambda request: moved)).submit(ask()).result()


@pytest.mark.parametrize("guarded", [True, False])
def test_the_guard_lets_one_server_be_reached_and_no_other(serve, guarded):
    chosen, other = serve(), serve()
    code = (
        "import asyncio, socket, sys; from engine.sandbox.egress import only, OtherServer; first, second = sys.argv[1:3]\n"
        f"{GUARD if guarded else ''}\n"
        "socket.create_connection(('127.0.0.1', int(first)), 60).close()\n"
        "refused = []\n"
        "for attempt in (lambda: socket.create_connection(('127.0.0.1', int(second)), 60), "
        "lambda: socket.getaddrinfo('localhost', 80), lambda: socket.gethostbyname('localhost'), "
        "lambda: asyncio.run(asyncio.open_connection('127.0.0.1', int(second)))):\n"
        "    try: attempt()\n"
        "    except OtherServer: refused.append(1)\n"
        "print(len(refused))"
    )
    ports = [server.url.rsplit(":", 1)[1].partition("/")[0] for server in (chosen, other)]
    done = subprocess.run(
        [sys.executable, "-c", code, *ports], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == ("4" if guarded else "0"), done.stderr
