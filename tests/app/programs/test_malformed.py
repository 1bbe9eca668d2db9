"""Malformed requests over real sockets: a slice of `tests.proof.malformed`, another one than its first hundred."""

from __future__ import annotations

import pytest

from tests.app.desk import Desk
from tests.proof.malformed import KINDS, attempt

pytestmark = pytest.mark.sandbox


def test_malformed_requests_get_the_right_status_and_the_app_answers_afterwards(desk: Desk) -> None:
    report = attempt(desk, 4 * len(KINDS), seed=11)
    assert report["faults"] == [] and report["answered"] == 1
    assert all(sum(found.values()) == 4 for found in report["counts"].values())
