"""A load that ends otherwise than well: called off by a person, or by a mistake of ours. A real process each time."""

from __future__ import annotations

import threading

import psutil
import pytest

from engine.errors import Cancelled, ModelError
from engine.llm import open_model
from engine.llm.local.model import LocalModel
from engine.stop import Stop
from tests.engine.llm.conftest import until
from tests.engine.llm.gguf.make_gguf import random_model


class Slow(LocalModel):
    """A model that is never loaded where its file is called slow."""

    module = "tests.engine.llm.local.load.slow_process"


@pytest.fixture
def started(monkeypatch) -> list[psutil.Process]:
    """The processes of models that were started."""
    found: list[psutil.Process] = []
    start = LocalModel._start

    def noting(self, errors):
        process = start(self, errors)
        found.append(psutil.Process(process.pid))
        return process

    monkeypatch.setattr(LocalModel, "_start", noting)
    return found


@pytest.mark.parametrize("deaf", [False, True], ids=["it hears", "it hears no signal but the last"])
def test_a_load_that_is_called_off_ends_its_process(tmp_path, started, deaf):
    path, stop = random_model(tmp_path / "slow.gguf"), Stop()

    def heard(fraction: float) -> None:
        if deaf:
            started[0].suspend()
        threading.Thread(target=stop.request).start()

    with pytest.raises(Cancelled):
        Slow(path, on_progress=heard, stop=stop)
    assert len(started) == 1
    until(lambda: not started[0].is_running())


def test_a_load_that_was_called_off_before_starts_no_process(random_gguf, monkeypatch):
    stop = Stop()
    stop.request()
    monkeypatch.setattr(LocalModel, "_start", lambda *_: pytest.fail("a process was started"))
    with pytest.raises(Cancelled):
        open_model(str(random_gguf), stop=stop)


def test_a_stop_after_the_load_leaves_the_model_alone(open_local, random_gguf):
    stop = Stop()
    model = open_local(random_gguf, stop=stop)
    stop.request()
    assert model.count("still here") > 0


def test_a_mistake_of_ours_while_loading_is_told_and_ends_the_process(random_gguf, started):
    def heard(fraction: float) -> None:
        raise ZeroDivisionError

    with pytest.raises(ModelError, match=r"made a mistake .*ZeroDivisionError.*Load the model again"):
        LocalModel(random_gguf, on_progress=heard)
    assert len(started) == 1
    until(lambda: not started[0].is_running())
