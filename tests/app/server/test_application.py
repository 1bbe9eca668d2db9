"""What the app answers where something was refused."""

from __future__ import annotations

import json
from typing import Any

from app.server.application import explain
from engine.errors import InputError


def test_a_refusal_that_quotes_half_a_character_is_still_a_sentence() -> None:
    asked: Any = None
    answer = explain(asked, InputError("There is no file half \ud800."))
    assert (answer.status_code, json.loads(answer.body)) == (400, {"error": "There is no file half ?."})
