"""What the Models view shows, as trees: what is unfolded, what a button asks for, and what is only text."""

from __future__ import annotations

import json
from typing import Any

from app.models.view import layout, words
from app.text.elements import elements, text_of
from tests.app.models.at_work import own, until
from tests.app.models.view.test_words import DOWNLOAD
from tests.app.text.hostile import SCRIPTS

LOAD = {"path": "/m/a b.gguf", "name": "m", "fraction": 0.25, "unloaded": False, "stopping": False}


def buttons(trees: list[Any]) -> dict[str, dict[str, Any]]:
    """The attributes of each button, by its name or its words."""
    return {
        one[1].get("aria-label") or text_of(one[2:]): one[1] for one in elements(trees) if one[0] == "button"
    }


def asked(button: dict[str, Any]) -> tuple[str, str, Any]:
    """Method, address and body of what a button sends."""
    return button["data-method"], button["data-to"], json.loads(button["data-body"])


def test_details_of_a_file_are_there_where_they_are_unfolded(workbench) -> None:
    found, path = workbench.models.overview(), own(workbench)
    name = next(file["name"] for file in found["files"] if file["path"] == path)
    folded, unfolded = (layout.shown(found, paths)["trees"] for paths in ((), (path,)))
    assert "Memory it needs" not in text_of(folded) and "Memory it needs" in text_of(unfolded)
    for trees, open_ in ((folded, "false"), (unfolded, "true")):
        assert buttons(trees)[f"Details of {name}"]["aria-expanded"] == open_
    assert buttons(unfolded)["Copy the path"]["data-path"] == path


def test_a_page_is_asked_with_the_files_that_are_unfolded(workbench, client) -> None:
    path, other = own(workbench), "/else/where,&.gguf"

    def fold(unfolded: list[str]) -> dict[str, Any]:
        got = client.get("/api/models/page", params={"unfolded": json.dumps(unfolded)}).json()
        (row,) = [one for one in elements(got["trees"]) if one[1].get("data-id") == path]
        return next(one[1] for one in elements([row]) if "aria-expanded" in one[1])

    for unfolded, opened in (([other], "false"), ([other, path], "true")):
        button = fold(unfolded)
        assert (button["data-does"], button["data-path"], button["aria-expanded"]) == ("fold", path, opened)
    assert client.get("/api/models/page").json()["trees"]
    assert client.get("/api/models/page", params={"unfolded": "["}).status_code == 422


def test_a_file_that_is_not_usable_says_why_and_cannot_be_loaded(workbench) -> None:
    bad = workbench.data_dir / "models" / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\x09" * 40)

    def row() -> Any:
        trees = layout.shown(workbench.models.overview(), [str(bad)])["trees"]
        return next(one for one in elements(trees) if one[1].get("data-name") == "bad.gguf")

    until(lambda: "not usable" in text_of([row()]))  # it may be growing still
    assert "GGUF version" in text_of([row()]) and list(buttons([row()])) == ["Details of bad"]
    bad.unlink()


def test_buttons_ask_for_what_they_say_whatever_the_name_is() -> None:
    found = words.download({**DOWNLOAD, "id": "own/re po?.gguf", "state": "paused"})
    pressed = buttons(layout.progress(found))
    address = "/api/models/download/own%2Fre%20po%3F.gguf"
    assert asked(pressed["Resume: M"]) == ("post", "/api/models/download", {"name": "own/re po?.gguf"})
    assert asked(pressed["Discard: M"]) == ("del", address, {})
    going = buttons(layout.progress(words.download({**DOWNLOAD, "id": "own/re po?.gguf"})))
    assert asked(going["Cancel: M"]) == ("post", f"{address}/pause", {})
    cancel = buttons(layout.progress(words.load(LOAD)))["Cancel loading m"]
    assert asked(cancel) == ("post", "/api/models/cancel", {"path": LOAD["path"]})


def test_what_is_being_cancelled_cannot_be_pressed_and_what_failed_is_an_alert() -> None:
    stopping = buttons(layout.progress(words.load({**LOAD, "stopping": True})))
    assert [one["aria-disabled"] for one in stopping.values()] == ["true"]
    failed = layout.progress(
        words.download({**DOWNLOAD, "state": "failed", "message": "It broke.", "done": 0})
    )
    assert [text_of([one]) for one in elements(failed) if one[1].get("role") == "alert"] == ["It broke."]
    assert not [one for one in elements(failed) if one[1].get("role") == "progressbar"]


def test_news_of_a_download_hold_what_is_shown_of_it_and_what_is_said_at_its_end() -> None:
    news = layout.news(words.download({**DOWNLOAD, "path": "/m.gguf"}))
    (bar,) = [one for one in elements(news.pop("progress")) if one[1].get("role") == "progressbar"]
    assert (bar[1]["aria-valuenow"], bar[1]["aria-label"]) == ("50", "Download of M")
    said = "M was downloaded and its checksum is right."
    assert news == {"id": "m", "state": "downloading", "path": "/m.gguf", "said": said}


def test_text_of_files_and_of_the_hub_stays_text(workbench) -> None:
    found = workbench.models.overview()
    text = "".join(SCRIPTS)
    for entry in found["catalogue"]:
        entry.update(title=text, repo=text, file=text, license=text, problem=text)
    trees = layout.shown(found)["trees"]
    assert text in text_of(trees)
    names = [name for one in elements(trees) for name in (one[0], *one[1])]
    assert names and all(name.replace("-", "").isalnum() for name in names)
