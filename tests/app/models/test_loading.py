"""A model that is not waited for, and one that our own mistake keeps away: the model before stays, or comes back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from app.errors import Conflict
from app.models import loader
from app.workbench import Workbench
from engine.llm.gguf.fit import Room
from engine.llm.local.model import LocalModel
from tests.app.contexts import enter, leave
from tests.app.desk import READY, TOKEN, served, until, watch
from tests.engine.llm.gguf.make_gguf import random_model
from tests.small_model import small_model

SLOW = "tests.engine.llm.local.load.slow_process"  # loads whatever is not called slow


@pytest.fixture(scope="module")
def workbench(tmp_path_factory) -> Iterator[Workbench]:
    """One workbench with a small model loaded, whose processes never load a file that is called slow."""
    data = tmp_path_factory.mktemp("loading") / "data"
    (data / "models").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch, Workbench(data, str(small_model())) as opened:
        patch.setattr(LocalModel, "module", SLOW)
        opened.start()
        settled(opened)
        yield opened


@pytest.fixture
def slow(workbench: Workbench) -> Iterator[Path]:
    """A model that would be loaded for ever."""
    path = random_model(workbench.data_dir / "models" / "slow.gguf")
    yield path
    path.unlink()


def settled(workbench: Workbench) -> None:
    until(lambda: workbench.models.overview()["loading"] is None, seconds=300)


def processes(workbench: Workbench) -> list[psutil.Process]:
    """Those that load a model, without the one in use."""
    used = getattr(workbench.engine._models._current, "pid", None)
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):  # it ends just now
            if child.cmdline()[-1:] == [SLOW] and child.pid != used:
                found.append(child)
    return found


def begun(workbench: Workbench, path: Path) -> psutil.Process:
    """Begin to load, until the first quarter is said to be there; the process that does it."""
    workbench.models.load(str(path))
    until(lambda: (workbench.models.overview()["loading"] or {}).get("fraction"))
    (found,) = processes(workbench)
    return found


def narrow(workbench: Workbench, monkeypatch) -> None:
    """Pretend that memory holds no two models."""
    monkeypatch.setattr(workbench.models.machine, "room", lambda back: Room((60 << 20) + back))
    monkeypatch.setattr(workbench.models.machine, "memory_of", lambda model: 500 << 20)


def test_a_load_that_is_cancelled_leaves_the_old_model_in_use_and_no_process(workbench, slow):
    before = workbench.engine.model
    process = begun(workbench, slow)
    workbench.models.cancel(str(slow))
    settled(workbench)
    assert not process.is_running() and processes(workbench) == []
    assert workbench.engine.model is before and before.count("still here") > 0
    assert workbench.models.overview()["problem"] is None
    with pytest.raises(Conflict, match="not being loaded any more"):
        workbench.models.cancel(str(slow))


def test_a_model_that_was_unloaded_to_make_room_comes_back_when_the_load_is_cancelled(
    workbench, slow, monkeypatch
):
    narrow(workbench, monkeypatch)
    process = begun(workbench, slow)
    assert workbench.models.overview()["loaded"] is None
    with pytest.raises(Conflict):
        workbench.models.cancel(str(small_model()))  # that is not the one on its way
    workbench.models.cancel(str(slow))
    settled(workbench)
    found = workbench.models.overview()
    assert found["loaded"]["path"] == str(small_model()) and found["problem"] is None
    assert workbench.engine.model.count("back again") > 0 and not process.is_running()


@pytest.mark.realmodel
def test_a_first_model_that_is_not_waited_for_gives_way_to_the_default(tmp_path, default_gguf, monkeypatch):
    monkeypatch.setattr(LocalModel, "module", SLOW)
    path = random_model(tmp_path / "slow.gguf")
    with Workbench(tmp_path / "data") as opened:
        opened.models._preferences.put(last_model=str(path))
        opened.start()
        until(lambda: (opened.models.overview()["loading"] or {}).get("fraction"))
        opened.models.cancel(str(path))
        settled(opened)
        assert opened.models.overview()["loaded"]["path"] == str(default_gguf)


def test_the_end_of_the_app_does_not_wait_for_a_load(tmp_path, monkeypatch):
    monkeypatch.setattr(LocalModel, "module", SLOW)
    path = random_model(tmp_path / "slow.gguf")
    with Workbench(tmp_path / "data", str(path)) as opened:
        others = processes(opened)
        opened.start()
        until(lambda: (opened.models.overview()["loading"] or {}).get("fraction"))
        (process,) = (one for one in processes(opened) if one not in others)
    until(lambda: not process.is_running())


@pytest.mark.parametrize("room", ["for two", "for one"])
def test_a_mistake_of_ours_is_said_and_the_old_model_answers_on(workbench, monkeypatch, room):
    path = random_model(workbench.data_dir / "models" / "mistaken.gguf")
    real = loader.open_model

    def mistaken(spec, **options):
        return 1 // 0 if spec == str(path) else real(spec, **options)

    monkeypatch.setattr(loader, "open_model", mistaken)
    if room == "for one":
        narrow(workbench, monkeypatch)
    workbench.models.load(str(path))
    settled(workbench)
    found = workbench.models.overview()
    assert found["loaded"]["path"] == str(small_model()) and workbench.engine.model.count("here") > 0
    assert (
        found["problem"]["message"]
        == "Taproot made a mistake (ZeroDivisionError). Load it again, or choose another model."
    )
    path.unlink()


def test_a_mistake_before_the_first_model_leaves_the_page_able_to_load_one(tmp_path, monkeypatch):
    with Workbench(tmp_path / "data") as opened:
        monkeypatch.setattr(loader.hardware, "build", lambda: 1 // 0)
        opened.start()
        settled(opened)
        assert "made a mistake" in opened.models.overview()["problem"]["message"]
        opened.models.load(str(small_model()))
        settled(opened)
        assert opened.models.overview()["loaded"]["path"] == str(small_model())


@pytest.mark.browser
@pytest.mark.sandbox
def test_a_load_is_cancelled_on_the_page_by_keys(workbench, slow, browser: Browser):
    with served(workbench) as port:
        page = enter(browser, f"http://127.0.0.1:{port}")
        watch(page)
        page.goto(f"http://127.0.0.1:{port}/?t={TOKEN}")
        page.wait_for_selector(READY, timeout=60_000)
        page.locator("#nav-models").click()
        load = page.get_by_role("button", name="Load slow")
        load.press("Enter")
        box = page.locator(".models-loading")
        expect(box).to_contain_text("Loading slow")
        expect(box).to_contain_text("25 %")
        (process,) = processes(workbench)
        page.get_by_role("button", name="Cancel loading slow").press("Enter")
        expect(page.locator(".toast.ok")).to_contain_text("Loading slow was cancelled.")  # for six seconds
        expect(box).to_be_hidden()
        expect(page.locator("#models-current")).to_have_text("small")
        expect(page.locator(".models-problem")).to_have_count(0)
        expect(page.locator(".models-now")).to_be_focused()
        expect(load).to_be_enabled()
        assert not process.is_running()
        leave(page)
        assert page.problems == []  # type: ignore[attr-defined]
