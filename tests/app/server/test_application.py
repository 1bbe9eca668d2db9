"""What the app answers where something was refused."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.server.application import explain
from engine.errors import InputError
from tests.app.desk import TOKEN, Desk, until


def test_a_refusal_that_quotes_half_a_character_is_still_a_sentence() -> None:
    asked: Any = None
    answer = explain(asked, InputError("There is no file half \ud800."))
    assert (answer.status_code, json.loads(answer.body)) == (400, {"error": "There is no file half ?."})


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are for Linux")
def test_a_folder_whose_name_is_no_text_is_added_and_listed(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "a.txt").write_text("The code is 77.")
    desk = Desk(tmp_path / "data")
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as http:
            http.get(f"/?t={TOKEN}")
            job = desk.workbench.library.add([str(folder)])
            until(lambda: http.get(f"/api/jobs/{job.job}").json()["state"] in ("done", "failed"))
            told = http.get(f"/api/jobs/{job.job}").json()
            assert told["state"] == "done", told["message"]
            cards = http.get("/api/corpora").json()["corpora"]
            assert "caf\ufffd" in [card["name"] for card in cards]
            again = next(card["card"] for card in cards if card["name"].startswith("caf"))
            (folder / "b.txt").write_text("more")
            assert http.post(f"/api/corpora/{again}/rescan").status_code == 200
    finally:
        desk.close()
