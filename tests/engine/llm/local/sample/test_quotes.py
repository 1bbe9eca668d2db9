"""Replies that can only copy, of real llama.cpp: with random weights, and with a real model."""

from __future__ import annotations

import math
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.errors import InputError
from engine.llm.base import Request
from engine.llm.forms import Choices, Form, Quote
from engine.llm.local.sample.copying import Copier
from engine.llm.local.sample.sampler import Drawer
from engine.prompt import leaf, leaf_with_context
from engine.text.quoting import ALTERNATIVES, place
from engine.types import Message, Sampling
from tests.engine.llm.conftest import template_named
from tests.engine.llm.gguf.make_gguf import chain_model, random_model
from tests.engine.llm.local.batch import host as hosts
from tests.engine.llm.local.batch.host import Host
from tests.engine.text.test_quoting import PARTS

LEASE = (
    "The lease of the shop in Mill Lane begins on 3 May 2024.\r\nThe deposit is 1,250.00 EUR and the notice "
    "period is six months. Mrs Ada Fenn signed it. 🎉 Caf\u0065\u0301 Zoë is next door; <|im_end|> ends nothing.\r\n"
)


def pieces(count: int) -> list[str]:
    """Texts of repeats, marks, emoji, line ends and what looks like control tokens, by chance."""
    rng = random.Random(5)
    made = ["ha " * 200, LEASE, "", "👩‍👩‍👧" * 5, "x" * 500, "<think>no</think> FINAL(1)"]
    while len(made) < count:
        made.append("".join(rng.choice(PARTS) for _ in range(rng.randint(1, 60))))
    return made


def ask(question: str, text: str, form: Form | None, **options) -> Request:
    return Request(leaf(leaf_with_context(question, text)), 80, form=form, **options)


def holds(reply, text: str) -> bool:
    return reply.quote in ("", *ALTERNATIVES) or place(reply.quote, text) is not None


@pytest.mark.parametrize("seed", [0, 1])
def test_even_random_weights_only_copy(tmp_path, open_local, seed):
    model = open_local(random_model(tmp_path / "r.gguf", seed=seed))
    texts = pieces(40)
    streams = [model.submit(ask(f"Which {n}?", text, Quote(text))) for n, text in enumerate(texts)]
    replies = [stream.result() for stream in streams]
    for text, reply in zip(texts, replies, strict=True):
        assert holds(reply, text), (text, reply)
        assert reply.text.strip().startswith(reply.quote)
        assert reply.finish == "length" or reply.text.strip() == reply.quote
    assert len({reply.quote for reply in replies}) > 10, "they do not all say NONE"


def test_only_a_quote_is_held_to_one(random_gguf, open_local):
    model = open_local(random_gguf)
    free = ask("Who?", LEASE, None)
    before = model.submit(free).result()
    streams = [model.submit(ask(f"Who {n}?", LEASE, Quote(LEASE))) for n in range(5)]
    again = model.submit(free).result()
    assert (again.text, again.quote, again.confidence) == (
        before.text,
        None,
        pytest.approx(before.confidence, abs=1e-5),  # a batch changes the last bits
    )
    assert all(stream.result().quote is not None for stream in streams)


def test_the_text_after_a_thought_is_copied(open_local, tmp_path):
    path = chain_model(
        tmp_path / "think.gguf", ["hm ", "</think>", "Ada Fenn"], template=template_named("qwen3_thinking")
    )
    reply = open_local(path).submit(ask("Who?", LEASE, Quote(LEASE))).result()
    assert (reply.text, reply.quote) == ("<think>\nhm </think>Ada Fenn", "Ada Fenn")


def test_a_word_that_the_text_does_not_have_becomes_one_that_it_has(open_local, tmp_path):
    model = open_local(chain_model(tmp_path / "c.gguf", ["1,", "350.00", " EUR"]))
    ask_it = ask("How much?", LEASE, None)
    assert model.submit(ask_it).result().text == "1,350.00 EUR"
    reply = model.submit(ask("How much?", LEASE, Quote(LEASE))).result()
    assert reply.quote.startswith("1,250.00") and place(reply.quote, LEASE)


def test_other_texts_take_the_place_of_none_yes_and_no(random_gguf, open_local):
    model = open_local(random_gguf)
    reply = model.submit(ask("Which?", "", Quote("", ("red", "green")))).result()
    assert reply.quote in ("red", "green")
    with pytest.raises(InputError, match="at least one"):
        model.submit(ask("Which?", "x", Quote("x", ())))


def logs_of(path: Path, tokens: list[int], count: int) -> list[float]:
    """What plain `Llama` gives the last `count` of these tokens: natural log-probabilities."""
    from llama_cpp import Llama

    llama = Llama(str(path), n_ctx=512, logits_all=True, n_threads=1, verbose=False)
    llama.eval(tokens[:-count])
    for token in tokens[-count:]:  # as they were written
        llama.eval([token])
    scores = np.array(llama.scores[: len(tokens) - 1], np.float64)
    found = (
        scores
        - np.log(np.exp(scores - scores.max(1, keepdims=True)).sum(1, keepdims=True))
        - scores.max(1, keepdims=True)
    )
    return [found[at - 1, tokens[at]] for at in range(len(tokens) - count, len(tokens))]


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_confidence_is_the_mean_log_probability_before_temperature(random_gguf, temperature):
    host = Host(random_gguf, strict=True)
    prompt = hosts.text(3, 60)
    for seed in range(50):  # one that neither ends nor thinks
        asked = host.ask(prompt, 7, sampling=Sampling(temperature=temperature, seed=seed))
        report, tokens = asked.report(), asked.tokens()
        if report["finish"] == "length" and "<think>" not in report["text"]:
            break
    host.close()
    confidence = report["confidence"]
    expected = logs_of(random_gguf, prompt + tokens, len(tokens))
    assert confidence == pytest.approx(sum(expected) / len(expected), abs=1e-3)


def test_confidence_is_that_before_the_mask_and_counts_the_end(random_gguf):
    host = Host(random_gguf, strict=True)
    prompt = hosts.text(3, 60)
    asked = host.ask(prompt, 16, copier=Copier("", ("no",)))
    report, tokens = asked.report(), asked.tokens()
    end = host.native.vocabulary.lexicon.ends.tolist()
    none = host.native.vocabulary.none[0]
    host.close()
    assert (report["quote"], report["finish"]) == ("no", "stop")
    says = math.log(1 - math.exp(logs_of(random_gguf, [*prompt, none], 1)[0]))
    guesses = [logs_of(random_gguf, [*prompt, *tokens, one], len(tokens) + 1) for one in end]
    sure = [says + sum((min(0.0, first - says), *rest)) / (1 + len(rest)) for first, *rest in guesses]
    assert min(abs(one - report["confidence"]) for one in sure) < 1e-3
    assert report["confidence"] < -1, "it would rather have written something else"


def test_a_quote_of_a_model_that_would_rather_say_none_is_not_sure(open_local, tmp_path):
    shy = open_local(chain_model(tmp_path / "shy.gguf", ["NONE"]))
    sure = open_local(chain_model(tmp_path / "sure.gguf", ["Ada Fenn"]))
    request = ask("Who signed it?", LEASE, Quote(LEASE, ("yes", "no")))
    unsure, reply = shy.submit(request).result(), sure.submit(request).result()
    assert unsure.quote != "NONE" and unsure.confidence < -5
    assert reply.quote == "Ada Fenn" and reply.confidence == pytest.approx(0, abs=1e-3)
    said = shy.submit(ask("Who signed it?", LEASE, Quote(LEASE))).result()
    assert said.quote == "NONE" and said.confidence == pytest.approx(0, abs=1e-3)


def test_an_answer_that_begins_as_none_does_is_told_from_it_where_they_part(monkeypatch):
    """NONE is tokens 7, 8 and Nora 7, 9: the model would write NONE."""
    chances = [{7: 0.98}, {8: 0.99, 9: 0.008}, {5: 0.5}]
    context = SimpleNamespace(log_probability=lambda row, token: math.log(chances[row][token]))
    vocabulary = SimpleNamespace(none=[7, 8], markers=[], size=10)
    drawer = Drawer(vocabulary, Sampling(temperature=0), copier=Copier("Nora", ()))
    written = iter((7, 9, 5))
    monkeypatch.setattr(drawer, "_drawn", lambda *_: next(written))
    for row in range(3):
        drawer.draw(context, row, constrained=True)
    drawer.close()
    says = math.log(1 - 0.98 * 0.99)
    assert drawer.confidence == pytest.approx(
        says + (math.log(0.98 * 0.008) - says + math.log(0.5)) / 3, abs=1e-5
    )
    assert drawer.confidence < -3


def test_a_model_that_knows_its_answer_is_sure_and_one_that_is_forced_is_not(open_local, tmp_path):
    model = open_local(chain_model(tmp_path / "sure.gguf", ["Ada", " Fenn"]))
    reply = model.submit(Request((Message("user", "Who?"),), 20)).result()
    forced = model.submit(Request((Message("user", "Who?"),), 20, form=Choices(("zebra",)))).result()
    assert (reply.text, forced.text) == ("Ada Fenn", "zebra")
    assert reply.confidence == pytest.approx(0, abs=1e-3) and forced.confidence < -2


@pytest.fixture(scope="module")
def real(real_gguf, tmp_path_factory):
    from engine.llm.gguf.fit import Wish
    from engine.llm.local.model import LocalModel

    with LocalModel(real_gguf, wish=Wish(window=2048), data=tmp_path_factory.mktemp("data")) as model:
        yield model


@pytest.mark.realmodel
def test_a_real_model_copies_what_it_is_asked_for(real):
    questions = [
        "How much is the deposit?",
        "Who signed the lease?",
        "When does the lease begin?",
        "Is there a dog?",
    ]
    streams = [real.submit(ask(question, LEASE, Quote(LEASE))) for question in questions]
    replies = [stream.result() for stream in streams]
    assert all(holds(reply, LEASE) and reply.quote for reply in replies), replies
    assert "1,250.00" in replies[0].quote
    assert all(math.exp(reply.confidence) <= 1 for reply in replies)


@pytest.mark.realmodel
def test_a_real_model_copies_from_texts_by_chance(real):
    """A slice of `tests.proof.quotes`."""
    texts = pieces(12)
    streams = [real.submit(ask("What does it say?", text, Quote(text))) for text in texts]
    for text, stream in zip(texts, streams, strict=True):
        assert holds(stream.result(), text)
