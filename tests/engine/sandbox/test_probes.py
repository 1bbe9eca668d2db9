"""The self-test of the sandbox passes where it holds, and fails where a door is open."""

from __future__ import annotations

import pytest

from engine.sandbox import level, probes

HERE = level()
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not HERE.available, reason=f"NO SANDBOX HERE: {HERE.detail}"),
]


def test_the_self_test_passes_and_proves_its_probes():
    result = probes.selftest()
    assert result.passed, result.reason
    assert len(result.probes) >= 10 and all(blocked for _, blocked in result.probes)
    assert result.unproven == ()


def test_the_self_test_fails_when_a_door_is_open(monkeypatch):
    report = {
        "probes": [["read a foreign file", True, True], ["fork", True, False]],
        "broken": ["start a thread"],
    }
    monkeypatch.setattr(probes, "_attack", lambda folder, port: report)
    result = probes.selftest()
    assert not result.passed
    assert result.probes == (("read a foreign file", False), ("fork", True))
    assert "read a foreign file" in result.reason and "could not start a thread" in result.reason


def test_the_self_test_fails_when_its_process_does(monkeypatch):
    monkeypatch.setattr(probes.sys, "executable", "/bin/false")
    result = probes.selftest()
    assert not result.passed and "did not finish" in result.reason
