"""A real pretrained model in the quantisations people use: it loads, writes what plain `Llama` writes, and survives a
crash of llama.cpp. The long table is `tests.proof.quantised`.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.llm.local.load.load_options import SafeMode
from tests.engine.llm.gguf.requantised import requantised
from tests.proof import quantised

pytestmark = pytest.mark.realmodel
TOKENS = 16


@pytest.fixture(scope="session", params=["Q4_1", "Q4_0", "Q8_0"])
def quantised_gguf(request, real_gguf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(request.param)
    return requantised(real_gguf, folder, request.param)


def test_it_writes_what_plain_llama_writes_and_sixteen_at_once(quantised_gguf):
    kind = quantised_gguf.suffixes[-2].strip(".")
    expected = quantised.reference(quantised_gguf, TOKENS)
    assert len(expected) > TOKENS
    alone = quantised.ask(quantised_gguf, kind, SafeMode.PLAIN_BUFFERS, 1, 1, TOKENS, expected)
    assert alone.same is None
    together = quantised.ask(quantised_gguf, kind, SafeMode.USUAL, 1, 16, TOKENS, expected)
    assert together.same is None or together.same > 0, "other kernels round otherwise, and that is all"


def test_after_a_crash_it_is_there_without_a_detour_the_next_time(quantised_gguf, tmp_path):
    found = quantised.provoke(quantised_gguf, "any", tmp_path)
    assert (found["restarts"], found["restarts_later"], found["answers"]) == (1, 0, True)
