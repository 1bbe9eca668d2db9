"""Replies recorded from real models against what was decided, by reading each, that the engine must get from it.

The recordings are not part of this repository: TAPROOT_REPLIES names their JSONL file, or they lie beside it.
"""

import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.reply import find_ending, parse
from engine.reply.source import compiles

EXPECTED = json.loads((Path(__file__).parent / "reply_expectations.json").read_text("utf-8"))["replies"]


def recordings() -> Path | None:
    named = os.environ.get("TAPROOT_REPLIES")
    if named:
        return Path(named)
    beside = (folder / "shared" / "cases" / "replies.jsonl" for folder in Path(__file__).resolve().parents)
    return next((path for path in beside if path.is_file()), None)


@pytest.fixture(scope="module")
def replies() -> dict[str, str]:
    path = recordings()
    if path is None:
        pytest.skip("the recorded replies are not on this machine (set TAPROOT_REPLIES to their JSONL file)")
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return {row["id"]: row["response"] for row in rows}


def facts(code: str) -> dict[str, object] | None:
    if not code:
        return None
    return {
        "sha256": hashlib.sha256(code.encode()).hexdigest(),
        "lines": code.count("\n") + 1,
        "starts": code[:12],
        "compiles": compiles(code),
    }


@pytest.mark.parametrize("key", EXPECTED)
def test_a_recorded_reply_is_read_as_decided(replies: dict[str, str], key: str) -> None:
    reply = parse(replies[key])
    final = reply.final and {"kind": reply.final.kind, "value": reply.final.value}
    assert (facts(reply.code), final) == (EXPECTED[key]["code"], EXPECTED[key]["final"]), EXPECTED[key]["why"]


@pytest.mark.parametrize("key", EXPECTED)
def test_a_recorded_reply_is_cut_nowhere_before_its_cell_or_answer(replies: dict[str, str], key: str) -> None:
    text = replies[key]
    ends = (find_ending(text[:i], cells=True, seen=i - 1) for i in range(1, len(text) + 1))  # as models ask
    ending = next((end for end in ends if end is not None), None)
    reply = parse(text[: ending.at] if ending else text)
    assert ending is None or ending.why in ("cell", "output", "blocks")
    assert facts(reply.code) == EXPECTED[key]["code"]
    if not reply.code:
        assert (reply.final and reply.final.value) == (EXPECTED[key]["final"] or {}).get("value")


@pytest.mark.parametrize("key", EXPECTED)
def test_a_recorded_reply_does_not_count_as_going_round_in_circles(replies: dict[str, str], key: str) -> None:
    text = replies[key]
    assert all(find_ending(text[:i], cells=False) is None for i in range(1, len(text) + 1))


def test_every_recorded_reply_has_an_expectation(replies: dict[str, str]) -> None:
    assert set(replies) == set(EXPECTED)
