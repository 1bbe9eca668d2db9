"""Every attack is stopped by the sandbox, works without it, and harms nothing on the host. See attacks.py, sieges.py."""

from __future__ import annotations

import json

import pytest

from engine import sandbox
from tests.engine.sandbox.as_user import run_as_user
from tests.engine.sandbox.attacks.attacks import ATTACKS, UNPROVEN, Attack
from tests.engine.sandbox.attacks.sieges import SIEGES, Siege

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not sandbox.level().available, reason=f"NO SANDBOX HERE: {sandbox.level().detail}"),
]
VERDICTS = {"stopped": "stopped", "died": "died", "accepted": "pwned"}
SHOWABLE = {"text/plain", "text/html", "image/png", "image/jpeg"}
MIB = 1 << 20


@pytest.fixture(scope="module")
def report():
    """Fire everything once, as an ordinary user."""
    done = run_as_user(["-m", "tests.engine.sandbox.attacks.attack_range"], timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def shot(report, request):
    return next(s for s in report["shots"] if s["name"] == request.param.name)


@pytest.fixture
def outcome(report, request):
    return next(s for s in report["sieges"] if s["name"] == request.param.name)


def of_all(values: list[Attack] | list[Siege], fixture: str):
    """Run a test for each attack or siege, named after it."""
    names = [f"{value.group}: {value.name}" for value in values]
    pairs = [(value, value) for value in values]
    kind = "attack" if fixture == "shot" else "siege"
    return pytest.mark.parametrize((kind, fixture), pairs, indirect=[fixture], ids=names)


@of_all(ATTACKS, "shot")
def test_the_sandbox_holds(attack, shot):
    assert shot["verdict"] == VERDICTS[attack.expected], shot["detail"]
    assert shot["damage"] == []


@of_all(ATTACKS, "shot")
def test_the_attack_works_without_the_sandbox(attack, shot):
    if shot["control"] != "pwned" and attack.may_fail:
        pytest.xfail(f"unproven here: {attack.may_fail} ({shot['control_detail']})")
    assert shot["control"] == "pwned", shot["control_detail"]
    assert any(attack.trace in line for line in shot["control_damage"] or [""]), shot["control_damage"]


@of_all(SIEGES, "outcome")
def test_the_host_outlasts_a_siege(siege, outcome):
    assert outcome["status"] in siege.ends, outcome["said"]
    assert outcome["next_cells"][-1] == "pwned", outcome["next_cells"]
    assert set(outcome["formats"]) <= SHOWABLE
    assert outcome["received_chars"] < 80 * MIB


def test_text_floods_are_cut_before_they_reach_the_host(report):
    floods = [s for s in report["sieges"] if s["group"] == "floods"]
    assert floods
    assert max(s["received_chars"] for s in floods) < MIB


def test_the_host_stays_small_and_leaves_no_files(report):
    assert report["peak_mib"] < 512
    assert report["left_in_scratch"] == ["matplotlib", "other"]


def test_there_are_attacks_of_every_kind_and_what_is_unproven_is_named():
    names = [attack.name for attack in ATTACKS]
    assert len(names) == len(set(names)) >= 60
    assert {attack.group for attack in ATTACKS} == {
        *("read", "inherit", "write", "network", "process", "kernel", "limits", "accepted")
    }
    assert UNPROVEN
