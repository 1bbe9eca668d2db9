"""The measured speed of a model: tokens over seconds, by machine and way of loading, kept from run to run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.llm.base import Request
from engine.llm.machine.speed import Speed, Speeds, counts_of
from engine.types import Message, ModelInfo
from tests.engine.llm.local.conftest import standing_still

INFO = ModelInfo("some", "/m/some.gguf", "abc", 4096, threads=2, slots=16, cache_type="f16")


def counted(read=(0, 0.0), alone=(0, 0.0), together=(0, 0.0)) -> dict[str, float]:
    found = {}
    for kind, (tokens, seconds) in {"read": read, "alone": alone, "together": together}.items():
        found |= {f"{kind}_tokens": tokens, f"{kind}_seconds": seconds}
    return found


def test_speed_is_tokens_over_seconds_and_survives_a_restart(tmp_path):
    assert Speeds(tmp_path).of(INFO) is None
    before = counted((100, 1.0), (10, 1.0))
    Speeds(tmp_path).note(INFO, before, counted((1100, 6.0), (110, 11.0), (400, 5.0)))
    assert Speeds(tmp_path).of(INFO) == Speed(200.0, 10.0, 80.0, 1)


def test_before_the_first_run_the_first_tokens_after_loading_tell(tmp_path):
    probed = replace(INFO, read_rate=150.0, write_rate=12.0, burst_rate=60.0)
    assert Speeds(tmp_path).of(probed) == Speed(150.0, 12.0, 60.0, runs=0)
    Speeds(tmp_path).note(probed, {}, counted((1000, 5.0), (100, 10.0)))
    assert Speeds(tmp_path).of(probed) == Speed(200.0, 10.0, None, runs=1)


def test_newer_runs_count_more(tmp_path):
    speeds = Speeds(tmp_path)
    for _ in range(30):
        speeds.note(INFO, {}, counted((1000, 10.0), (100, 10.0)))
    for _ in range(10):
        speeds.note(INFO, {}, counted((1000, 5.0), (100, 5.0)))
    found = speeds.of(INFO)
    assert found is not None and found.read == pytest.approx(200, rel=0.15) and found.runs == 40


def test_another_way_of_loading_is_another_speed(tmp_path):
    speeds = Speeds(tmp_path)
    speeds.note(INFO, {}, counted((1000, 10.0), (100, 10.0)))
    for other in ({"threads": 1}, {"gpu_layers": 9}, {"fingerprint": "abd"}, {"cache_type": "q8_0"}):
        assert speeds.of(replace(INFO, **other)) is None
    assert speeds.of(replace(INFO, name="renamed", path="/elsewhere.gguf")) is not None


def test_what_says_nothing_is_not_taken_for_a_speed(tmp_path):
    speeds = Speeds(tmp_path)
    speeds.note(INFO, {}, counted((10, 0.1), (3, 0.1)))
    assert speeds.of(INFO) is None
    speeds.note(INFO, counted((9999, 1.0)), counted((10, 1.0), (100, 1.0)))  # the process was started again
    assert speeds.of(INFO) is None
    (tmp_path / "speed.json").write_text("{broken")
    assert speeds.of(INFO) is None
    speeds.note(INFO, {}, counted((100, 1.0), (100, 1.0)))
    assert speeds.of(INFO) is not None
    assert (tmp_path / "speed.json").stat().st_mode & 0o077 == 0


def test_a_model_counts_replies_alone_and_together_apart(open_local, endless_gguf):
    model = open_local(endless_gguf)
    message = Message("user", "How long? " * 20)
    model.submit(Request((message,), 50)).result()
    alone = counts_of(model)
    assert alone["alone_tokens"] == 49 and alone["alone_seconds"] > 0 and alone["together_tokens"] == 0
    assert alone["read_tokens"] >= model.fits([message]) and alone["read_seconds"] > 0
    with standing_still(model):
        streams = [model.submit(Request((message,), 200)) for _ in range(4)]
    assert all(stream.result().finish == "length" for stream in streams)
    assert counts_of(model)["together_tokens"] > 300
    model.close()
    assert counts_of(model) == {}
