"""The library in a real browser: adding, sending, stopping, reading, deleting."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.library import uploads
from engine import disk
from tests.app.desk import Desk, until
from tests.app.library.opened import hold_readings
from tests.app.library.page import add, card, expect_names, open_card
from tests.engine.conftest import fill
from tests.engine.store.test_delete import holding

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


CANARY = "kestrel-5521-marzipan"
HOSTILE = "<img src=x onerror=window.pwned=1>"
# A drop as the browser makes it: entries of folders, and plain files. {path: text} -> DataTransfer-like items.
DROP = """
(files) => {
  const file = (path, text) => ({ isFile: true, isDirectory: false, name: path.at(-1),
    file: (done) => done(new File([text], path.at(-1))) });
  const folder = (name, inside) => ({ isFile: false, isDirectory: true, name, createReader: () => {
    const left = [...inside];
    return { readEntries: (done) => done(left.splice(0, 2)) };
  } });
  const build = (list) => {
    const tops = new Map();
    for (const [path, text] of list) {
      if (path.length === 1) tops.set(path[0], file(path, text));
      else tops.set(path[0], [...(Array.isArray(tops.get(path[0])) ? tops.get(path[0]) : []), [path.slice(1), text]]);
    }
    return [...tops].map(([name, inside]) => (Array.isArray(inside) ? folder(name, build(inside)) : inside));
  };
  const entries = files.flatMap((one) => build(Object.entries(one).map(([path, text]) => [path.split("/"), text])));
  const items = entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry }));
  const event = new Event("drop", { bubbles: true, cancelable: true });
  event.dataTransfer = { types: ["Files"], items };
  document.body.dispatchEvent(event);
  return event.defaultPrevented;
}
"""


# --- adding ---------------------------------------------------------------------------------------------


def test_a_folder_is_added_by_its_path_with_its_problems(desk: Desk, page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Case files"
    fill(
        folder,
        {"a/lease.md": "# Lease\n", "a/b/lease.md": "# Other\n", "x.png": b"\x89PNG\r\n\0\1", HOSTILE: "x"},
    )
    add(page, folder)
    expect(card(page, "Case files").locator(".corpus-facts")).to_contain_text("3 documents")
    expect(page.get_by_label("Path of a folder or file")).to_have_value("")
    job = page.locator(".job", has_text="Case files")
    expect(job).to_contain_text("3 documents read, 1 file left out.")
    job.locator("summary").click()
    expect(job).to_contain_text("x.png it is an image (PNG), not text")
    card(page, "Case files").get_by_role("button", name="1 problem").click()
    expect(page.locator(".doc-row")).to_have_count(1)
    expect(page.locator(".doc-row .status")).to_have_text("It is an image (PNG), not text")
    page.locator(".doc-row").click()
    expect(page.locator(".toast.error")).to_contain_text("x.png was not read")
    page.get_by_label("Only problems").uncheck()
    expect_names(page, [HOSTILE, "a/b/lease.md", "a/lease.md", "x.png"])


def test_a_path_that_is_wrong_stays_in_the_box_with_a_sentence(page: Page, tmp_path: Path) -> None:
    add(page, "/no/such/folder")
    expect(
        page.get_by_role("alert").filter(has_text="There is no file or folder /no/such/folder")
    ).to_be_visible()
    expect(page.get_by_label("Path of a folder or file")).to_have_value("/no/such/folder")
    (tmp_path / "void").mkdir()
    add(page, tmp_path / "void")
    expect(page.locator(".path-error")).to_be_hidden()
    expect(page.locator(".job.failed")).to_contain_text("holds no files. Add text, Markdown")
    page.get_by_role("button", name="Close: void").click()
    expect(page.locator(".job")).to_have_count(0)


def test_a_folder_that_is_chosen_keeps_relative_paths(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Nested"
    fill(
        folder,
        {"a/same.txt": "first", "b/same.txt": "second", "b/c/same.txt": "third", "b/.git/config": "no"},
    )
    page.locator("#choose-folder").set_input_files(folder)
    expect(card(page, "Nested").locator(".corpus-source")).to_have_text(
        "Uploaded into Taproot’s private folder"
    )
    open_card(page, "Nested")
    expect_names(page, ["a/same.txt", "b/c/same.txt", "b/same.txt"])
    page.locator(".doc-row", has_text="b/c/same.txt").click()
    expect(page.locator("#viewer .line .text")).to_have_text("third")


def test_dropped_folders_and_files_keep_their_places(page: Page) -> None:
    many = {f"papers/many/{n:03}.txt": f"number {n}" for n in range(30)}
    taken = page.evaluate(
        DROP,
        [
            {"papers/x.txt": "one", **many},
            {"papers/x.txt": "another folder of that name"},
            {"loose.txt": "loose"},
        ],
    )
    assert taken
    expect(card(page, "Uploaded files").locator(".corpus-facts")).to_contain_text("33 documents")
    open_card(page, "Uploaded files")
    page.get_by_label("Filter documents by name").fill("x.txt")
    either = re.compile(r"^papers( \(2\))?/x\.txt$")  # in which order folders of one name come, nobody says
    expect(page.locator(".doc-row .doc-name")).to_have_text([either, either])
    for name in ("papers/x.txt", "papers (2)/x.txt"):
        expect(page.locator(".doc-row .doc-name", has_text=name)).to_have_count(1)


def test_a_drop_without_files_says_so(page: Page) -> None:
    page.evaluate(DROP, [{"empty/.hidden": "x"}])
    expect(page.locator(".toast.error")).to_contain_text("Only hidden files are in there; nothing was added.")
    page.evaluate(DROP, [])
    expect(page.locator(".toast.error").last).to_contain_text("There are no files in there")


# --- stopping -------------------------------------------------------------------------------------------


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch):
    """Uploads stand still at their first byte until the gate is open."""
    opened = threading.Event()
    write = uploads.Receiver.write

    def held(self, data: bytes) -> None:
        opened.wait(300)
        write(self, data)

    monkeypatch.setattr(uploads.Receiver, "write", held)
    yield opened
    opened.set()


def test_an_upload_that_is_cancelled_leaves_nothing(desk: Desk, page: Page, tmp_path: Path, gate) -> None:
    folder = tmp_path / "Big"
    fill(folder, {f"{n}.txt": f"{CANARY} {n}\n" * 50_000 for n in range(6)})
    page.locator("#choose-folder").set_input_files(folder)
    job = page.locator(".job.sending")
    expect(job).to_contain_text("sending 0 of 6 files")
    expect(job.get_by_role("progressbar")).to_be_visible()
    until(lambda: len([*(desk.data / "uploads").glob("*/*.part")]) == 4)  # as many as are sent at a time
    job.get_by_role("button", name="Cancel: Big").click()
    expect(page.locator(".job.stopped")).to_contain_text("Stopped; nothing of it was kept.")
    gate.set()
    until(lambda: [*(desk.data / "uploads").iterdir()] == [])
    assert holding(desk.data, CANARY) == [] and desk.workbench.library.jobs.list() == []


def test_a_page_that_goes_away_gives_its_upload_up(desk: Desk, page: Page, tmp_path: Path, gate) -> None:
    fill(tmp_path / "Left", {"a.txt": CANARY * 1000})
    page.locator("#choose-folder").set_input_files(tmp_path / "Left")
    expect(page.locator(".job.sending")).to_be_visible()
    until(lambda: [*(desk.data / "uploads").glob("*/*.part")])
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    gate.set()
    until(lambda: [*(desk.data / "uploads").iterdir()] == [])
    expect(page.locator(".corpora[data-loaded]")).to_be_visible()


def test_a_full_disk_pauses_the_upload_until_there_is_space(
    desk: Desk, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "Much", {f"{n}.txt": f"text {n}" for n in range(9)})
    monkeypatch.setattr(disk, "room", lambda path: 0)
    page.locator("#choose-folder").set_input_files(tmp_path / "Much")
    job = page.locator(".job.paused")
    expect(job).to_contain_text("The disk is full")
    monkeypatch.undo()
    job.get_by_role("button", name="Try again").click()
    expect(card(page, "Much").locator(".corpus-facts")).to_contain_text("9 documents")


def test_files_that_are_refused_are_named_and_the_rest_is_taken(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    fill(tmp_path / "Mixed", {"ok.txt": "fine", "large.txt": "x" * 5000})
    desk.workbench.library.uploads.largest = 1000
    try:
        page.locator("#choose-folder").set_input_files(tmp_path / "Mixed")
        expect(card(page, "Mixed").locator(".chip.warn")).to_have_text("1 problem")
    finally:
        desk.workbench.library.uploads.largest = 1 << 28
    open_card(page, "Mixed")
    expect(page.locator(".doc-row.skipped .status")).to_have_text("It is larger than 1.0 KB (4.9 KB)")


def test_reading_is_cancelled(
    desk: Desk, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path / "Long", {f"{n:04}.txt": f"line {n}\n" * 3000 for n in range(90)})
    hold_readings(monkeypatch)
    add(page, tmp_path / "Long")
    job = page.locator(".job.reading", has_text="Long")
    expect(job).to_contain_text("of 90 files")
    job.get_by_role("button", name="Cancel: Long").click()
    expect(page.locator(".job.stopped", has_text="Long")).to_contain_text("nothing was changed")
    expect(card(page, "Long")).to_have_count(0)
    assert not [*desk.workbench.engine.store.corpora_dir.glob(".new-*")]


# --- cards ----------------------------------------------------------------------------------------------


def test_a_card_is_renamed_and_refuses_an_empty_name(desk: Desk, page: Page, tmp_path: Path) -> None:
    fill(tmp_path / "Old", {"a.txt": "text"})
    add(page, tmp_path / "Old")
    card(page, "Old").get_by_role("button", name="Rename: Old").click()
    field = page.get_by_role("dialog").get_by_label("Name")
    expect(field).to_have_value("Old")
    field.fill("  ")
    field.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text("The name is empty; write one.")
    field.fill(f"New {HOSTILE}")
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card(page, f"New {HOSTILE}")).to_be_visible()
    assert f"New {HOSTILE}" in [c["name"] for c in desk.workbench.library.cards()]


def test_a_folder_is_read_again_and_says_what_changed(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Living"
    fill(folder, {"a.txt": "one", "b.txt": "two"})
    add(page, folder)
    again = card(page, "Living").get_by_role("button", name="Read the folder again: Living")
    again.click()
    expect(page.locator(".job", has_text="Nothing has changed since it was read last.")).to_be_visible()
    fill(folder, {"a.txt": "changed", "c.txt": "new"})
    (folder / "b.txt").unlink()
    again.click()
    expect(page.locator(".job", has_text="1 added, 1 changed, 1 gone")).to_be_visible()
    open_card(page, "Living")
    page.locator(".changes summary").click()
    changed = page.locator(".changes li")
    expect(changed).to_have_text(["added c.txt", "changed a.txt", "gone b.txt"])
    expect(changed.first).to_be_visible()
    folder.rename(tmp_path / "elsewhere")
    page.get_by_role("button", name="Read the folder again: Living").locator("visible=true").click()
    expect(page.locator(".toast.error")).to_contain_text("Living stays as it was read last.")
    expect_names(page, ["a.txt", "c.txt"])
    expect(changed.first).to_be_visible()  # what was unfolded stays so, whatever news came


def test_deleting_names_the_questions_and_leaves_no_byte(desk: Desk, page: Page, tmp_path: Path) -> None:
    fill(tmp_path / "Secret", {f"{CANARY}.txt": f"{CANARY} is the word\n" * 30})
    page.locator("#choose-folder").set_input_files(tmp_path / "Secret")
    expect(card(page, "Secret")).to_be_visible()
    corpus = card(page, "Secret").get_attribute("data-id")
    run = desk.workbench.runs.start(f"What about {CANARY}?", corpus).run
    desk.ended(run)
    expect(card(page, "Secret").locator(".question-link")).to_have_text(f"What about {CANARY}?")
    open_card(page, "Secret")
    page.locator(".doc-row").click()
    expect(page.locator("#viewer .line").first).to_contain_text(CANARY)
    page.get_by_role("button", name="Delete: Secret").locator("visible=true").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 question asked about it goes with everything that was recorded")
    expect(dialog.locator(".gone-runs")).to_have_text(f"What about {CANARY}?")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="Delete: Secret").locator("visible=true").click()
    dialog.get_by_role("button", name="Delete for good").click()
    expect(dialog).to_contain_text("“Secret” is gone.")
    expect(dialog.locator(".receipt")).to_contain_text("Questions with their answers1")
    expect(dialog).to_contain_text("No byte of it is left")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("#viewer")).to_be_hidden()
    expect(card(page, "Secret")).to_have_count(0)
    assert holding(desk.data, CANARY) == []
    assert not [path for path in desk.data.rglob("*") if CANARY in path.name]


def test_deleting_a_card_leaves_the_documents_of_others_open(page: Page, tmp_path: Path) -> None:
    for name in ("Old", "Open"):
        fill(tmp_path / name, {f"{name}.txt": f"{name} words"})
        add(page, tmp_path / name)
    open_card(page, "Open")
    page.locator(".doc-row").click()
    line = page.locator("#viewer .line").first
    expect(line).to_contain_text("Open words")
    page.get_by_role("button", name="Back to the library").click()
    card(page, "Old").get_by_role("button", name="Delete: Old").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete for good").click()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(card(page, "Old")).to_have_count(0)
    expect(line).to_contain_text("Open words")
    expect(line).to_be_visible()


def test_thousands_of_documents_scroll_and_sort(desk: Desk, page: Page, tmp_path: Path) -> None:
    fill(
        tmp_path / "Huge",
        {f"d{n % 50:02}/{n:05}.txt": f"document {n} {'x' * (n % 97)}" for n in range(1_500)},
    )
    add(page, tmp_path / "Huge")
    expect(card(page, "Huge").locator(".corpus-facts")).to_contain_text("1,500 documents")
    open_card(page, "Huge")
    assert page.locator(".doc-row").count() < 80
    table = page.get_by_role("grid", name="Documents")
    expect(table).to_have_attribute("aria-rowcount", "1501")
    table.focus()
    page.keyboard.press("End")
    expect(page.locator(".doc-row.selected .doc-name")).to_have_text("d49/01499.txt")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowDown")
    selected = page.locator(".doc-row.selected:not([data-wait]) .doc-name")
    expect(selected).not_to_have_text("d49/01499.txt")
    chosen = str(selected.text_content())
    page.keyboard.press("Enter")
    number = int(chosen.split("/")[1].removesuffix(".txt"))
    expect(page.locator("#viewer[data-ready] .line").first).to_contain_text(f"document {number} ")
    assert page.locator(".doc-row").count() < 80
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Characters").click()
    expect(page.locator(".doc-head [aria-sort=descending]")).to_have_text("Characters")
    page.get_by_label("Filter documents by name").fill("d07/00007")
    expect(page.locator(".doc-row")).to_have_count(1)


def test_a_folder_is_watched_and_read_again_by_itself(page: Page, desk: Desk, tmp_path: Path) -> None:
    folder = tmp_path / "Watched"
    fill(folder, {"a.txt": "one", "b.txt": "two"})
    add(page, folder)
    desk.workbench.library.watching._seconds = 0.1
    eye = card(page, "Watched").get_by_role(
        "button", name="Watch: read again when something changes: Watched"
    )
    expect(eye).to_have_attribute("aria-pressed", "false")
    eye.focus()
    page.keyboard.press("Enter")
    expect(card(page, "Watched").locator(".chip", has_text="watched")).to_be_visible()
    expect(page.locator(":focus")).to_have_attribute("aria-pressed", "true")
    (folder / "a.txt").rename(folder / "z.txt")
    expect(page.locator(".job", has_text="1 moved, 1 as before; 2 documents read.")).to_be_visible()
    open_card(page, "Watched")
    page.locator(".changes summary").click()
    expect(page.locator(".changes li")).to_have_text(["moved a.txt → z.txt"])
