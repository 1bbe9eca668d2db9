"""Servers that cut long prompts in silence are noticed before such a reply counts, and no other server is accused."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis.strategies import integers, sampled_from

from engine.engine import Engine
from engine.errors import ContextOverflow
from engine.llm.base import Request
from engine.llm.remote.endpoint import read_endpoint
from engine.llm.remote.model import RemoteModel
from engine.llm.remote.truncation import AHEAD, Arrival, Look, plant
from engine.types import Message
from tests.app.server.own_loop import finish
from tests.engine.llm.remote.openai_server import OpenAiServer, pieces
from tests.engine.llm.remote.reading_server import Reader, words_of

SILENT = "a part does not reach the model"


@pytest.fixture
def connect() -> Iterator[Callable[..., tuple[RemoteModel, OpenAiServer]]]:
    """Open a model on a server that reads as it is told; both are closed when the test ends."""
    opened: list = []

    def open_one(reader: Reader, window: int | None = None) -> tuple[RemoteModel, OpenAiServer]:
        opened.append(OpenAiServer(reader))
        opened.append(RemoteModel(read_endpoint(opened[-1].url), window=window))
        return opened[-1], opened[-2]

    yield open_one
    for one in reversed(opened):
        one.close()


def asked(tokens: int) -> Request:
    """A prompt of about so many tokens, by the Reader's count: a few more by ours."""
    return Request((Message("system", "First."), Message("user", "some words " * (tokens // 2) + "last")), 24)


def accused(model: RemoteModel) -> bool:
    return any(SILENT in notice for notice in model.info.notices)


@pytest.mark.parametrize(
    ("cut", "counts"),
    [
        *(
            (cut, counts)
            for cut in ("head", "middle")
            for counts in ("what is left", "what was sent", "nothing")
        ),
        ("tail", "what is left"),  # without counts it looks like a reply that breaks off
    ],
)
def test_a_server_that_cuts_in_silence_is_noticed_at_the_first_long_prompt(connect, cut, counts):
    model, server = connect(Reader(2048, cut, counts))
    with pytest.raises(ContextOverflow) as caught:
        model.submit(asked(4000)).result()
    assert not any("some words" in request["messages"][-1]["content"] for request in server.requests)
    assert accused(model)
    assert 1500 < model.info.n_ctx <= 2048 and caught.value.window == model.info.n_ctx
    reply = model.submit(asked(700)).result()  # what fits is asked as before
    assert (reply.text, reply.notice) == ("First. ... last", "")


def test_a_prompt_that_fits_is_answered_with_a_notice_when_the_cut_shows_beside_it(connect):
    model, _ = connect(Reader(2048, "head"))
    reply = model.submit(asked(900)).result()
    assert reply.text == "First. ... last"
    assert SILENT in reply.notice and accused(model) and model.info.n_ctx <= 2048


@pytest.mark.parametrize(
    "reader",
    [
        Reader(20_000),
        Reader(20_000, counts="nothing"),
        Reader(20_000, counts="what was not cached"),
        Reader(60_000, tokens=list),
        Reader(20_000, tokens=words_of),
        Reader(20_000, tokens=words_of, counts="nothing"),
    ],
    ids=[
        "honest",
        "no counts",
        "cached apart",
        "a token a byte",
        "a token a word",
        "no counts, a token a word",
    ],
)
def test_a_server_that_cuts_nothing_is_never_accused(connect, reader):
    model, _ = connect(reader, window=20_000)
    for tokens in (300, 900, 1500, 1500, 2500, 3000, 400, 3000):
        assert model.submit(asked(tokens)).result().text == "First. ... last"
    assert not accused(model) and model.info.n_ctx == 20_000 and len(model.info.notices) == 1


def test_a_server_that_says_its_window_is_believed_and_not_accused(connect):
    model, server = connect(Reader(2048))
    with pytest.raises(ContextOverflow) as caught:
        model.submit(asked(4000)).result()
    assert (caught.value.window, model.info.n_ctx, accused(model)) == (2048, 2048, False)
    before = len(server.requests)
    assert model.submit(asked(900)).result().text == "First. ... last"
    assert len(server.requests) == before + 1  # it is known to say so: nothing more is to be proven


FORGETFUL = {
    "names none": lambda words, seen: [],
    "names the last": lambda words, seen: words[-2:],
    "names the last of long texts": lambda words, seen: words if seen < 1500 else words[-2:],
    "names the last of a text of any length": lambda words, seen: words if seen < 9000 else words[-2:],
    "names the first": lambda words, seen: words[:3],
    "copies and stops": lambda words, seen: words[: max(1, 8 * 1500 // seen)],
    "names some": lambda words, seen: words if seen < 1500 else random.sample(words, min(len(words), 5)),
    "names the ends": lambda words, seen: words if seen < 1500 else words[:2] + words[-2:],
}


def arrival_at(reader: Reader, window: int = 8192) -> Arrival:
    """What is known of a server, asked without HTTP."""

    async def ask(text: str, max_tokens: int) -> tuple[str, int]:
        found = reader({"messages": [{"content": text}]})
        return found[0]["choices"][0]["delta"]["content"], found[-1].get("usage", {}).get("prompt_tokens", 0)

    return Arrival(ask, window)


@pytest.mark.parametrize("counts", ["what is left", "what was sent", "nothing"])
@pytest.mark.parametrize("names", FORGETFUL.values(), ids=FORGETFUL)
def test_a_model_that_forgets_is_not_taken_for_a_server_that_cuts(names, counts):
    arrival = arrival_at(Reader(20_000, counts=counts, names=names))
    finish(arrival.prove(5000))
    assert not arrival.cuts and arrival.window == 8192 and arrival.proven >= 5000
    unknown = counts == "nothing" and names([*"12345678"], 900) != [*"12345678"]
    assert ["could not be found out" in news for news in arrival.news] == [True] * unknown


def test_the_counts_show_a_cut_where_the_model_names_no_words():
    arrival = arrival_at(Reader(2048, "head", names=lambda words, seen: []))
    finish(arrival.prove(5000))
    assert arrival.cuts and arrival.window == 2048


def test_a_reply_that_misses_words_for_once_proves_nothing():
    missed = iter([slice(2, 8)])
    arrival = arrival_at(Reader(20_000, names=lambda words, seen: words[next(missed, slice(None))]))
    assert finish(arrival.prove(5000)) is False
    assert not arrival.cuts and arrival.proven >= 5000


@given(size=integers(0, 100_000), window=integers(600, 30_000), cut=sampled_from(["head", "middle", "tail"]))
def test_what_is_found_of_a_text_says_how_much_of_it_arrived(size, window, cut):
    planted = plant(size, random.Random(size))
    read = "".join(Reader(window, cut)._left(list(planted.text)))
    look = Look(planted, tuple(f": {word}\n" in read for word in planted.words), 0)
    least, most = look.kept
    assert abs(len(planted.text) - size) < 300 or size < 700
    if look.block:
        assert least - 150 <= len(read) <= most + 150


def test_longer_prompts_are_proven_once_and_ahead(connect):
    model, server = connect(Reader(8192))
    lengths = (200, 600, 700, 800, 1200, 1300, 2000, 2200)
    for tokens in lengths:
        model.submit(asked(tokens)).result()
    proofs = [request for request in server.requests if "code words" in request["messages"][0]["content"]]
    assert len(server.requests) == len(lengths) + len(proofs) and 1 <= len(proofs) <= 4


def test_a_text_that_weighs_more_than_we_reckon_is_noticed_by_the_count(connect):
    model, _ = connect(Reader(4096, "head", tokens=heavy))
    digits = "7+3*8=9-1/" * 560
    dense = Request((Message("user", f"First. {digits} last"),), 24)
    assert model.fits(dense.messages) * AHEAD < 4096 < len(heavy(digits))
    with pytest.raises(ContextOverflow):
        model.submit(dense).result()
    assert accused(model) and model.info.n_ctx < 4096
    assert model.count(digits) > 1800  # the count of a prompt that was cut taught nothing


def heavy(text: str) -> list[str]:
    """A tokenizer for which digits and signs are a token each."""
    return re.findall(r"[A-Za-z \n]{1,4}|.", text, re.DOTALL)


CELLS = (
    "print('alpha beta ' * 500)",
    "print('gamma delta ' * 500)",
    "try:\n    print(llm_query('What is it? ' + 'word ' * 2400))\nexcept RuntimeError as refused:\n    print('refused:', refused)",
    "FINAL('done')",
)


def test_a_run_goes_on_with_the_true_window_and_says_so(tmp_path):
    reader = Reader(3000, "head")
    document = tmp_path / "note.txt"
    document.write_text("Nothing much stands here.")

    def answer(request):
        if "code words" in request["messages"][0]["content"]:
            return reader(request)
        sent = reader.tokens("\n".join(message["content"] for message in request["messages"]))
        longest.append(len(sent))
        turn = next(cells, None)
        return pieces(
            f"I look.\n```repl\n{turn}\n```\n", usage={"prompt_tokens": len(sent), "completion_tokens": 9}
        )

    longest: list[int] = []
    cells = iter(CELLS)
    server = OpenAiServer(answer)
    try:
        with Engine(tmp_path / "data", lambda: RemoteModel(read_endpoint(server.url))) as engine:
            answered = engine.ask("What is it?", engine.add([document]))
            notes = [
                event.payload["text"] for event in engine.store.events(answered.run) if event.kind == "note"
            ]
            outputs = [
                str(event.payload) for event in engine.store.events(answered.run) if event.kind == "output"
            ]
            window = engine.model.info.n_ctx
            problems = engine.store.check()
    finally:
        server.close()
    assert answered.answer == "done" and next(cells, None) is None
    assert max(longest) <= window <= 3000 and len(longest) == len(CELLS)
    assert any(SILENT in note for note in notes) and any("left out of the prompt" in note for note in notes)
    assert any("refused: " in output and "chunks(text" in output for output in outputs)
    assert problems == []
