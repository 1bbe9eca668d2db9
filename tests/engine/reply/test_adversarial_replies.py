"""A slice of `tests.proof.adversarial_replies`: a run ends within its limits and with a sentence, whatever is written."""

from __future__ import annotations

import pytest

from engine.engine import Engine
from tests.proof.adversarial_replies import GRACE, KINDS, add_documents, plain_seconds, try_reply

pytestmark = pytest.mark.sandbox

SLICE = [*((kind, 0) for kind in KINDS), *((kind, 1) for kind in list(KINDS)[::5])]


@pytest.fixture(scope="module")
def asked(tmp_path_factory, kernels):
    """An engine with two documents; the model is changed for each run."""
    folder = tmp_path_factory.mktemp("adversarial")
    with Engine(folder / "data", None, kernels) as engine:
        yield engine, add_documents(engine, folder / "documents")


@pytest.mark.parametrize(("kind", "seed"), SLICE)
def test_a_run_holds_against(asked, kind, seed):
    grace = max(GRACE, 60 * plain_seconds(*asked))  # on a slow machine all takes longer
    assert try_reply(*asked, kind, seed, grace).faults == ()
