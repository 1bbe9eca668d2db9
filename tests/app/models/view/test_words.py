"""What the Models view says in words: sizes, times, how a load and a download stand."""

from __future__ import annotations

import pytest

from app.models.view import words

DOWNLOAD = {"id": "m", "title": "M", "state": "downloading", "done": 1_500_000_000, "total": 3_000_000_000,
            "speed": 2e6, "left": 750.0, "message": "", "path": ""}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "said", "percent", "buttons"),
    [
        ({}, "1.5 GB of 3.0 GB · 2 MB/s · 13 min left", 50, ["Cancel"]),
        ({"state": "connecting", "total": 0, "done": 0}, "Asking the Hub", 0, ["Cancel"]),
        ({"state": "verifying"}, "Checking the SHA-256 · 50 %", 50, ["Cancel"]),
        ({"state": "paused"}, "Stopped at 1.5 GB of 3.0 GB", 50, ["Resume", "Discard"]),
        ({"state": "failed", "message": "It broke.", "done": 0}, "It broke.", None, ["Try again", "Dismiss"]),
    ],
)
def test_a_download_says_how_it_stands_and_what_can_be_done(more, said, percent, buttons) -> None:
    found = words.download({**DOWNLOAD, **more})
    assert (found["words"], found["percent"]) == (said, percent)
    assert [word for word, _, _ in found["buttons"]] == buttons
    assert all(name == f"{word}: M" for word, _, name in found["buttons"])


def test_a_load_says_that_the_model_before_had_to_go_and_that_it_is_being_cancelled() -> None:
    load = {"path": "/m", "name": "m", "fraction": 0.254, "unloaded": True, "stopping": False}
    assert words.load(load)["words"] == "Loading m; the model before was unloaded to make room · 25 %"
    assert words.load({**load, "stopping": True})["words"] == "Cancelling m · 25 %"
