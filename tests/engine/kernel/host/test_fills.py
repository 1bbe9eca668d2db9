"""A seeded slice of what `tests.proof.fills` tries a hundred times: no shape fills the disk or ends in a riddle."""

from __future__ import annotations

import random

import pytest

from engine import sandbox
from engine.kernel.host.host import KernelHost
from tests.engine.kernel.host.fill_range import attempt, fill_disk
from tests.engine.kernel.host.fills import DISK, FILLS, MEMORY_SHAPES, SCRATCH

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not sandbox.level().available, reason=f"NO SANDBOX HERE: {sandbox.level().detail}"),
]
SLICE = random.Random(20).sample(FILLS, 24)


@pytest.mark.parametrize("fill", SLICE, ids=lambda fill: f"{fill.kind}: {fill.name}")
def test_a_session_takes_no_more_than_its_share(kernels, fill):
    assert attempt(kernels, fill).escaped == ""


def test_the_same_cell_takes_more_without_protection(tmp_path):
    fill = next(fill for fill in FILLS if fill.name == "reserve with fallocate")
    with KernelHost(tmp_path, preload=False, unsafe_without_sandbox=True) as host:
        tried = fill_disk(host, fill)
    assert tried.most > SCRATCH and "bytes on the disk" in tried.escaped


def test_every_shape_of_the_disk_is_tried_in_the_cell_and_after_it():
    assert len(FILLS) == 2 * len(DISK) + len(MEMORY_SHAPES)
    assert {fill.kind for fill in SLICE} == {fill.kind for fill in FILLS}
