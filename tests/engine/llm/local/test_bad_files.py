"""Malformed model files in the model process: a clear error each time, and the model in use goes on."""

from __future__ import annotations

import os
import shutil
import signal

import pytest

from engine.errors import InputError, ModelError, TaprootError
from engine.llm.base import Request
from engine.llm.gguf import facts as gguf_facts
from engine.llm.local import model as local
from engine.llm.local.model import LocalModel
from engine.types import Message, Sampling
from tests.app.models.bad_ggufs import OVERRIDES, RAW, write_all
from tests.engine.llm.gguf.make_gguf import ENDLESS, chain_model, random_model

REQUEST = Request((Message("user", "How long is the notice period?"),), 8)


class Unchecked(LocalModel):
    """A model whose header nobody looks at before llama.cpp does."""

    module = "tests.engine.llm.local.unchecked_process"


def test_every_malformed_file_is_refused_in_a_sentence_and_the_model_in_use_goes_on(
    open_local, random_gguf, tmp_path
):
    model = open_local(random_gguf)
    before, pid = model.submit(REQUEST).result().text, model.pid
    refused = 0
    for name, path in write_all(tmp_path).items():
        try:
            LocalModel(path).close()
        except (InputError, ModelError) as error:
            refused += 1
            assert str(path) in str(error) and len(str(error)) > 30 and str(error).endswith("."), name
            assert "Traceback" not in str(error), name
    assert refused >= 48
    assert model.submit(REQUEST).result().text == before and model.pid == pid


@pytest.mark.parametrize("overrides", OVERRIDES.values(), ids=OVERRIDES)
def test_what_makes_llama_cpp_abort_ends_its_process_and_nothing_else(
    overrides, open_local, random_gguf, tmp_path, monkeypatch
):
    model = open_local(random_gguf)
    path = random_model(tmp_path / "bad.gguf", overrides=overrides)
    monkeypatch.setattr(gguf_facts, "_check", lambda values, tensors, parts: None)
    with pytest.raises(TaprootError, match=r"stopped.* \(SIG(ABRT|SEGV)"):  # at the latest when it computes
        Unchecked(path).submit(REQUEST).result()
    assert model.submit(REQUEST).result().finish in ("stop", "length")


def test_a_model_made_to_embed_is_named_as_that(tmp_path):
    path = tmp_path / "embed.gguf"
    path.write_bytes(RAW["a language model made to embed"])
    with pytest.raises(InputError, match="embedding or ranking model"):
        LocalModel(path)


def test_a_file_that_changes_while_it_is_loaded_is_told(tmp_path, monkeypatch):
    path = random_model(tmp_path / "changing.gguf")
    choose = local.choose

    def changing(*arguments, **options):
        random_model(path, seed=9)  # between the look at the file and its load
        return choose(*arguments, **options)

    monkeypatch.setattr(local, "choose", changing)
    with pytest.raises(InputError, match="changed after it was looked at"):
        LocalModel(path)


def test_a_model_that_runs_out_of_memory_says_memory(open_local, random_gguf):
    why = open_local(random_gguf)._why(-signal.SIGABRT, "what():  std::bad_alloc")
    assert "out of memory" in str(why)


def test_a_file_that_is_cut_while_in_use_is_told_and_another_model_can_be_opened(open_local, tmp_path):
    whole = chain_model(tmp_path / "whole.gguf", ENDLESS, end=ENDLESS[0], n_ctx=32768)
    path = tmp_path / "cut.gguf"
    shutil.copy(whole, path)
    model = open_local(path)
    stream = model.submit(Request(REQUEST.messages, 30_000, Sampling(temperature=0.5)))
    next(iter(stream))
    os.truncate(path, 8192)
    with pytest.raises(ModelError, match=signal.Signals.SIGBUS.name):
        stream.result()
    with pytest.raises(InputError, match="cut off"):
        model.submit(REQUEST).result()
    assert open_local(whole).submit(REQUEST).result().finish == "length"
