"""A quote that begins as NONE does, which is not allowed: what the model says besides NONE is what counts."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.llm.local.sample.copying import Copier, Lexicon
from engine.llm.local.sample.sampler import Drawer
from engine.types import Sampling
from tests.engine.llm.local.batch import host as hosts
from tests.engine.llm.local.batch.host import Host
from tests.engine.llm.local.sample.test_quotes import logs_of

PIECES = [b"", b"N", b"ONE", b"FP-9", b"eedles", b"ed"]
END, N, ONE, FP9, EEDLES, ED = range(len(PIECES))


def drawn(text: str, others: tuple[str, ...], after: dict[tuple[int, ...], dict[int, float]]) -> tuple:
    """What is written where the model's logits after these tokens are such; (tokens, quote, confidence)."""
    vocabulary = SimpleNamespace(
        size=len(PIECES),
        markers=[],
        none=[N, ONE],
        piece=PIECES.__getitem__,
        is_end=lambda token: token == END,
    )
    vocabulary.lexicon = Lexicon(vocabulary)
    path: list[int] = []

    def logits(row: int) -> np.ndarray:
        found = np.full(len(PIECES), -20.0)
        for token, logit in after[tuple(path)].items():
            found[token] = logit
        return found

    def log_probability(row: int, token: int) -> float:
        found = logits(row)
        return float(found[token] - np.log(np.exp(found).sum()))

    context = SimpleNamespace(logits=logits, log_probability=log_probability)
    drawer = Drawer(vocabulary, Sampling(temperature=0), copier=Copier(text, others))
    while (token := drawer.draw(context, 0, constrained=True)) not in (END, None):
        if drawer.took_back:
            path.pop()
        path.append(token)
    found = path, drawer.quote, drawer.confidence
    drawer.close()
    return found


TEXT = "Needles are Ned's. The pedal is the FP-9."
DOUBT = {(): {N: 5.0, FP9: 4.0}, (N,): {ONE: 9.0}, (FP9,): {END: 9.0}, (N, EEDLES): {END: 9.0}}


def test_what_would_become_none_is_taken_back_for_what_is_likeliest_besides():
    path, quote, confidence = drawn(TEXT, ("yes", "no"), DOUBT)
    assert (path, quote) == ([FP9], "FP-9")
    says = math.log(1 / (1 + math.e))  # of FP-9, beside NONE
    assert confidence == pytest.approx(says, abs=1e-4)


def test_a_word_that_begins_so_stays():
    after = {(): {N: 5.0, FP9: 4.0}, (N,): {ED: 9.0, ONE: 8.0}, (N, ED): {END: 9.0}}
    assert drawn(TEXT, ("yes", "no"), after)[:2] == ([N, ED], "Ned")


def test_none_stays_where_it_is_allowed_or_stands_in_the_text():
    after = {**DOUBT, (N, ONE): {END: 9.0}}
    assert drawn(TEXT, ("NONE",), after)[1] == "NONE"
    assert drawn("Allergies: NONE. Pedal: FP-9.", (), after)[1] == "NONE"


def test_where_nothing_else_is_allowed_the_beginning_stays():
    assert drawn("Needles", (), {**DOUBT, (N,): {ONE: 9.0, EEDLES: 1.0}})[1] == "Needles"


def likeliest(path: Path, tokens: list[int]) -> int:
    """The token that plain `Llama` would write next."""
    from llama_cpp import Llama

    llama = Llama(str(path), n_ctx=512, logits_all=True, n_threads=1, verbose=False)
    llama.eval(tokens)
    return int(np.argmax(llama.scores[len(tokens) - 1]))


@pytest.mark.parametrize("strict", [False, True])
def test_the_model_goes_on_from_what_was_put_in_place(random_gguf, strict):
    text = "The lease of the shop in Mill Lane begins on 3 May 2024. Ada Fenn signed it."
    host = Host(random_gguf, strict=strict)
    prompt = hosts.text(3, 60)
    first = host.ask(prompt, 6, copier=Copier(text, ())).tokens()[0]
    none = [first, likeliest(random_gguf, [*prompt, first])]
    host.native.vocabulary.none = none
    asked = host.ask(prompt, 3, copier=Copier(text, ()))
    report, tokens = asked.report(), asked.tokens()
    ends = host.native.vocabulary.lexicon.ends.tolist()
    host.close()
    assert tokens[0] != first and report["quote"] in text
    says = math.log(1 - math.exp(sum(logs_of(random_gguf, [*prompt, *none], 2))))
    written = [tokens] if report["finish"] == "length" else [[*tokens, end] for end in ends]
    logs = [logs_of(random_gguf, [*prompt, *one], len(one)) for one in written]
    sure = [says + (min(0.0, begun - says) + sum(rest)) / (1 + len(rest)) for begun, *rest in logs]
    assert min(abs(one - report["confidence"]) for one in sure) < 1e-3
