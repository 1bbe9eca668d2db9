"""A model whose process crashes or computes nonsense is started again more carefully, and that is remembered."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.llm import supervised
from engine.llm.base import Request
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Wish
from engine.llm.local.load import buffer_types
from engine.llm.local.load.load_options import SafeMode
from engine.llm.local.load.probe_records import Known, ProbeRecords
from engine.llm.local.model import LocalModel
from engine.types import Message, Sampling
from tests.engine.llm.gguf.shapes import dense_model
from tests.engine.llm.local.conftest import standing_still

REQUEST = Request((Message("user", "How long is the notice period?"),), 8)
PLAIN, NO_FLASH = int(SafeMode.PLAIN_BUFFERS), int(SafeMode.NO_FLASH)


class Faulty(LocalModel):
    """A model with the fault that its file's name says."""

    module = "tests.engine.llm.local.load.crashing_process"


@pytest.fixture(scope="session")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return dense_model(tmp_path_factory.mktemp("quantised") / "dense.gguf", kind="q8_0")


@pytest.fixture
def faulty(quantised, tmp_path):
    """Open a quantised model with a fault in every mode before `mode`."""
    opened: list[Faulty] = []

    def open_one(fault: str, mode: int, **options) -> Faulty:
        path = tmp_path / f"dense.{fault}-{mode}.gguf"
        shutil.copy(quantised, path)
        opened.append(Faulty(path, data=tmp_path, **options))
        return opened[-1]

    yield open_one
    for model in opened:
        model.close()


@pytest.fixture
def starts(monkeypatch) -> list[int]:
    """The process ids of the model processes that were started."""
    started: list[int] = []

    class Counted(subprocess.Popen):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            started.append(self.pid)

    monkeypatch.setattr(supervised.subprocess, "Popen", Counted)
    return started


@pytest.mark.parametrize(("fault", "words"), [("crash", "SIGSEGV"), ("nan", "computed no numbers")])
def test_a_fault_at_the_first_tokens_leads_to_a_safer_mode_which_is_remembered(
    fault, words, faulty, starts, tmp_path
):
    model = faulty(fault, PLAIN)
    assert len(starts) == 2
    assert [words in notice and "repacked weights" in notice for notice in model.info.notices] == [True]
    assert model.submit(REQUEST).result().finish in ("stop", "length")
    known = ProbeRecords(tmp_path).of(read_facts(Path(model.info.path)))
    assert (known.mode, known.retreats) == (SafeMode.PLAIN_BUFFERS, 1)
    model.close()

    again = faulty(fault, PLAIN)
    assert len(starts) == 3, "the second start makes no detour"
    assert again.info.notices == model.info.notices


def test_faults_in_several_modes_are_left_behind_one_after_the_other(faulty, starts):
    model = faulty("crash", NO_FLASH, wish=Wish(cache_type="q8_0"))
    assert len(starts) == 3
    assert model.info.cache_type == "f16"
    assert ["flash attention" in notice.lower() for notice in model.info.notices] == [False, True]


def test_a_crash_in_the_middle_of_replies_costs_none_of_them(faulty, starts):
    model = faulty("later", PLAIN)
    assert len(starts) == 1 and not model.info.notices
    asked = [
        Request(REQUEST.messages, 100, Sampling(temperature=t, seed=n), conversation=f"run/{n}")
        for n, t in enumerate((0.0, 0.8, 0.8, 0.8))
    ]
    with standing_still(model):
        streams = [model.submit(request) for request in asked]
    replies = [stream.result() for stream in streams]
    assert all(reply.text and reply.finish != "error" for reply in replies)
    written_anew = [request for request, reply in zip(asked, replies, strict=True) if reply.notice]
    assert 0.8 in {request.sampling.temperature for request in written_anew}, "not the greedy ones alone"
    assert len(starts) == 2
    assert "repacked weights" in model.info.notices[0]


def test_a_process_that_somebody_kills_is_started_again_as_it_was(faulty, starts, tmp_path):
    model = faulty("crash", 0)
    os.kill(model.pid, signal.SIGKILL)
    assert model.submit(REQUEST).result().finish in ("stop", "length")
    assert len(starts) == 2 and not model.info.notices
    assert ProbeRecords(tmp_path).of(read_facts(Path(model.info.path))).mode == SafeMode.USUAL


def test_where_no_mode_helps_the_model_is_refused_in_a_sentence(faulty, starts):
    with pytest.raises(InputError, match=r"stopped.*SIGSEGV"):
        faulty("crash", 99)
    assert len(starts) == 2, "one mode more changes something for a quantised model on a processor"


def test_weights_that_nobody_repacks_have_no_safer_mode_without_a_gpu(random_gguf, tmp_path, starts):
    path = tmp_path / "plain.crash-99.gguf"
    shutil.copy(random_gguf, path)
    with pytest.raises(InputError, match="SIGSEGV"):
        Faulty(path, data=tmp_path)
    assert len(starts) == 1


def test_what_was_switched_off_is_tried_again_after_it_was_forgotten(faulty, starts, tmp_path):
    model = faulty("crash", PLAIN)
    facts = read_facts(Path(model.info.path))
    ProbeRecords(tmp_path).forget(facts)
    assert ProbeRecords(tmp_path).of(facts) == Known()
    faulty("crash", PLAIN)
    assert len(starts) == 4


def test_records_that_cannot_be_read_are_no_records(quantised, tmp_path):
    (tmp_path / "probes.json").write_text('{"a": [1, ')
    assert ProbeRecords(tmp_path).of(read_facts(quantised)) == Known()


def test_one_buffer_type_is_left_out_and_the_others_stay():
    code = (
        "from llama_cpp import llama_cpp; from engine.llm.local.load import buffer_types as b; llama_cpp.llama_backend_init();"
        "print(b.extra(), b.leave_out(['AMX', 'another']), b.extra(), b.leave_out(b.extra()), b.extra())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    all_types, amx, others, rest, none = eval(f"({done.stdout.strip().replace('] [', '], [')})")
    assert buffer_types.AMX not in others and amx + others == all_types
    assert rest == others and none == []
