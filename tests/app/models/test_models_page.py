"""The Models view in a real browser: a dropped file appears, a switch shows, a failure keeps the old, a download runs."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.models.download import downloads as fetch
from app.workbench import Workbench
from tests.app.contexts import enter, leave
from tests.app.desk import READY, TOKEN, served, until, watch
from tests.app.models.download.hub_server import HubServer
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model
from tests.engine.llm.remote.openai_server import OpenAiServer, pieces
from tests.small_model import small_model

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def hub(tmp_path_factory) -> Iterator[HubServer]:
    """A Hub with one small model under a name of the catalogue; everything else there is missing."""
    content = random_model(tmp_path_factory.mktemp("hub") / "m.gguf").read_bytes() + bytes(4_000_000)
    server = HubServer({"Qwen/Qwen3-4B-GGUF": {"Qwen3-4B-Q4_K_M.gguf": content}})
    kept = {n: v for n, v in os.environ.items() if n.upper() in fetch.KEPT_PROXIES}
    for name in kept:
        del os.environ[name]
    os.environ["HF_ENDPOINT"] = server.url
    yield server
    del os.environ["HF_ENDPOINT"]
    os.environ.update(kept)
    server.close()


@pytest.fixture(scope="module")
def place(tmp_path_factory, hub) -> Iterator[tuple[Workbench, int]]:
    """The whole app with a small model, on a port."""
    data = tmp_path_factory.mktemp("page") / "data"
    (data / "models").mkdir(parents=True)
    workbench = Workbench(data, shutil.copy(small_model(), data / "models"))
    workbench.start()
    with served(workbench) as port:
        until(lambda: workbench.models.overview()["loaded"])
        yield workbench, port
    workbench.close()


@pytest.fixture
def page(place, browser: Browser) -> Iterator[Page]:
    """A page at the Models view; it must not have complained."""
    address = f"http://127.0.0.1:{place[1]}"
    page = enter(browser, address, viewport={"width": 1280, "height": 900})
    watch(page)
    page.goto(f"{address}/?t={TOKEN}")
    page.wait_for_selector(READY, timeout=60_000)
    page.locator("#nav-models").click()
    expect(page.locator("#models-files .models-row").first).to_be_visible()
    yield page
    problems = [p for p in page.problems if "404" not in p and "dynamically imported" not in p]
    leave(page)
    assert problems == []


def file_row(page: Page, name: str):
    return page.locator(f'#models-files [data-name="{name}"]')


def test_a_dropped_file_appears_and_loads_and_a_broken_one_changes_nothing(place, page, tmp_path):
    workbench, _ = place
    folder = workbench.data_dir / "models"
    expect(page.locator("#models-current")).to_have_text("small")

    made = random_model(tmp_path / "dropped.gguf")
    shutil.copy(made, folder / "dropped.gguf")
    row = file_row(page, "dropped.gguf")
    expect(row.locator(".chip.ok")).to_contain_text("fits")
    row.get_by_role("button", name="Load dropped").click()
    expect(page.locator("#models-current")).to_have_text("dropped", timeout=60_000)
    expect(row.locator(".models-use")).to_have_text("in use")

    damaged = made.read_bytes().replace(b"output_norm.weight", b"output_harm.weight", 1)
    (folder / "damaged.gguf").write_bytes(damaged.replace(b"dropped", b"damaged", 1))
    file_row(page, "damaged.gguf").get_by_role("button", name="Load damaged").click()
    problem = page.locator(".models-now .models-problem")
    expect(problem).to_contain_text("damaged.gguf could not be loaded", timeout=60_000)
    expect(problem).to_contain_text("dropped stays in use")
    expect(page.locator("#models-current")).to_have_text("dropped")
    assert workbench.engine.model.info.name == "dropped"


def test_a_server_is_marked_as_long_as_it_is_used(place, page):
    server = OpenAiServer(lambda request: pieces("yes"))
    page.get_by_label("Model on a server with the OpenAI interface").fill(server.url)
    page.get_by_role("button", name="Use a server").click()
    expect(page.locator("#models-current")).to_have_text("stub", timeout=60_000)
    expect(page.locator(".models-now .chip.warn")).to_have_text("on a server of this machine")
    expect(page.locator(".models-now")).to_contain_text(server.url)
    file_row(page, "small.gguf").get_by_role("button", name="Load small").click()
    expect(page.locator("#models-current")).to_have_text("small", timeout=60_000)
    expect(page.locator(".models-now .chip.warn")).to_have_count(0)
    server.close()


def test_details_show_what_it_takes_and_let_the_window_be_chosen(place, page, tmp_path):
    workbench, _ = place
    shutil.copy(random_model(tmp_path / "other.gguf"), workbench.data_dir / "models" / "other.gguf")
    for name in ("other", "small"):  # what is chosen takes the window with it, a moment after the focus
        row = file_row(page, f"{name}.gguf")
        row.get_by_role("button", name=f"Details of {name}").press("Enter")
        expect(row.locator(".models-details")).to_contain_text("Memory it needs")
        row.get_by_role("button", name="Choose window and adapter").press("Enter")
        expect(page.locator("#models-which input")).to_have_value(re.compile(f"^{name}"))
        expect(page.get_by_label("Window in tokens")).to_be_focused()
    page.get_by_label("Window in tokens").fill("2048")
    page.locator("#models-load").click()
    until(lambda: workbench.engine.model.info.n_ctx == 2048)
    expect(page.locator(".models-now")).to_contain_text("2,048 tokens")


def test_two_files_that_are_unfolded_at_once_both_show_their_details(place, page):
    twin = Path(shutil.copy(small_model(), place[0].data_dir / "models" / "twin.gguf"))
    rows = [file_row(page, name) for name in ("small.gguf", "twin.gguf")]
    expect(rows[1]).to_be_visible()
    page.evaluate("""for (const row of document.querySelectorAll("#models-files .models-row"))
        row.querySelector("[aria-expanded]").click();""")  # before the first has come
    for row in rows:
        expect(row.locator(".models-details")).to_contain_text("Memory it needs")
    twin.unlink()
    expect(rows[1]).to_have_count(0)


def test_the_focus_stays_with_the_row_whose_model_is_loaded(place, page):
    workbench, _ = place
    twin = Path(shutil.copy(small_model(), workbench.data_dir / "models" / "twin.gguf"))
    row = file_row(page, "twin.gguf")
    row.get_by_role("button", name="Load small").press("Enter")
    expect(row.locator(".models-use")).to_have_text("in use")
    expect(row.get_by_role("button", name="Details of small")).to_be_focused()
    file_row(page, "small.gguf").get_by_role("button", name="Load small").press("Enter")
    expect(file_row(page, "small.gguf").locator(".models-use")).to_have_text("in use")
    twin.unlink()
    expect(row).to_have_count(0)


def test_a_folder_is_added_by_its_path_and_removed_and_a_wrong_one_is_a_sentence(place, page, tmp_path):
    workbench, _ = place
    folder = tmp_path / "<b>*mine*"
    folder.mkdir()
    shutil.copy(random_model(tmp_path / "elsewhere.gguf"), folder)
    box = page.get_by_label("Path of a GGUF file or a folder of them")
    box.fill(str(tmp_path / "*none*"))
    box.press("Enter")
    expect(page.locator("#models-said")).to_have_text(f"There is nothing at {tmp_path}/*none*.")
    box.fill(str(folder))
    page.get_by_role("button", name="Add by path").click()
    expect(file_row(page, "elsewhere.gguf")).to_be_visible()
    expect(box).to_have_value("")
    expect(page.locator("#models-added input")).to_have_value(str(folder))
    page.get_by_role("button", name="Remove from the list").click()
    expect(file_row(page, "elsewhere.gguf")).to_have_count(0)
    expect(page.locator("#models-added")).to_be_hidden()
    assert workbench.models.shelf.added() == [] and (folder / "elsewhere.gguf").exists()


def test_what_a_person_typed_stays_when_models_come_and_go(place, page, tmp_path):
    workbench, _ = place
    window = page.get_by_label("Window in tokens")
    expect(window).not_to_have_value("")
    window.fill("3000")
    came = workbench.data_dir / "models" / "came.gguf"
    shutil.copy(random_model(tmp_path / "came.gguf"), came)
    expect(file_row(page, "came.gguf")).to_be_visible()
    expect(window).to_have_value("3000")
    window.fill("100")
    window.press("Enter")
    expect(page.locator("#models-told")).to_have_text("A window has at least 512 tokens.")
    came.unlink()


def test_an_adapter_is_put_on_for_the_root_alone(place, page, tmp_path):
    workbench, _ = place
    shutil.copy(random_model(tmp_path / "base.gguf"), workbench.data_dir / "models" / "base.gguf")
    adapter = lora_adapter(tmp_path / "law.gguf")
    row = file_row(page, "base.gguf")
    row.get_by_role("button", name="Details of base").click()
    row.get_by_role("button", name="Choose window and adapter").click()
    expect(page.locator("#models-which input")).to_have_value(re.compile("^base"))
    page.get_by_label("Path of a LoRA adapter").fill(str(tmp_path / "none.gguf"))
    page.locator("#models-load").click()
    expect(page.locator("#models-told")).to_contain_text("none.gguf")
    page.get_by_label("Path of a LoRA adapter").fill(f"{adapter}:0.5")
    page.get_by_label("for the turns that write cells").check()
    page.locator("#models-load").click()
    until(lambda: workbench.engine.model.info.name == "base")
    (found,) = workbench.engine.model.info.adapters
    assert (found.scale, found.scope) == (0.5, "root")
    expect(page.locator(".models-now")).to_contain_text("law at 0.5, for the root alone")


def test_a_download_shows_its_progress_stops_goes_on_and_can_be_loaded(hub, page):
    hub.slow, hub.held = 0.03, 200_000
    entry = page.locator('#models-catalogue [data-id="qwen3-4b"]')
    entry.get_by_role("button", name="Download Qwen3 4B").click()
    expect(entry.locator(".models-download")).to_contain_text(" of ")
    entry.get_by_role("button", name="Cancel: Qwen3 4B").press("Enter")
    expect(entry.locator(".models-download")).to_contain_text("Stopped at")
    expect(entry.get_by_role("button", name="Resume: Qwen3 4B")).to_be_focused()
    hub.slow, hub.held = 0.0, None
    entry.get_by_role("button", name="Resume: Qwen3 4B").click()
    expect(page.locator(".toast.ok")).to_contain_text("its checksum is right")  # for six seconds
    expect(entry.get_by_role("button", name="Load Qwen3 4B")).to_be_enabled()


def test_a_hub_that_cannot_be_reached_is_a_sentence_and_not_a_wait(page, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    page.locator("#models-check").click()
    expect(page.locator("#models-said")).to_contain_text("cannot be reached")
    entry = page.locator('#models-catalogue [data-id="qwen3.6-27b"]')
    entry.get_by_role("button", name="Download Qwen3.6 27B").click()
    expect(entry.get_by_role("alert")).to_contain_text("cannot be reached")
    entry.get_by_role("button", name="Dismiss: Qwen3.6 27B").click()
    expect(entry.get_by_role("button", name="Download Qwen3.6 27B")).to_be_visible()


def test_names_of_models_are_text_and_never_markup(place, page, tmp_path):
    workbench, _ = place
    name = "<img src=x onerror=window.pwned=1>${window.pwned=1}"
    made = random_model(tmp_path / "n.gguf").read_bytes()
    old = b"general.name" + (8).to_bytes(4, "little") + (1).to_bytes(8, "little") + b"n"
    new = b"general.name" + (8).to_bytes(4, "little") + len(name).to_bytes(8, "little") + name.encode()
    assert old in made
    # The offsets of the tensors are counted from an aligned place, so the name may grow by whole alignments only.
    pad = -(len(new) - len(old)) % 32
    new = new.replace(len(name).to_bytes(8, "little"), (len(name) + pad).to_bytes(8, "little")) + b" " * pad
    path: Path = workbench.data_dir / "models" / "<b>x & y.gguf"
    path.write_bytes(made.replace(old, new, 1))
    shown = page.locator("#models-files .models-name", has_text="onerror")
    expect(shown).to_contain_text(name)
    assert page.evaluate("window.pwned") is None
    path.unlink()
