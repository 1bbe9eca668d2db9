import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.store.log.hash_chain import GENESIS, Record, canonical, link, problems

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)

# Machines that run the suite may be busy; how fast examples are made says nothing about the store.


def chain(*payloads: object) -> list[Record]:
    records: list[Record] = []
    for number, payload in enumerate(payloads, 1):
        previous = records[-1].hash if records else GENESIS
        kind = "run_started" if number == 1 else "note"
        records.append(link(previous, "r", number, 100.5 + number, "0", kind, canonical(payload)))
    return records


@given(JSON, JSON, JSON)
def test_an_untouched_chain_has_no_problems(a: object, b: object, c: object) -> None:
    assert problems(chain(a, b, c)) == []


def test_the_hash_is_the_sha256_of_the_previous_hash_and_the_canonical_record() -> None:
    (record,) = chain({"b": "ü", "a": 1})
    body = {
        "run": "r",
        "seq": 1,
        "ts": 101.5,
        "node": "0",
        "kind": "run_started",
        "payload": {"a": 1, "b": "ü"},
    }
    text = GENESIS + json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert record.hash == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "change",
    [
        {"payload": '{"x":2}'},
        {"ts": 1.0},
        {"node": "0.1"},
        {"kind": "draft"},
        {"run": "other"},
        {"hash": "f" * 64},
    ],
)
def test_a_changed_field_shows(change: dict) -> None:
    records = chain({}, {"x": 1}, {})
    records[1] = replace(records[1], **change)
    assert any("event 2" in problem for problem in problems(records))


def test_a_removed_record_shows() -> None:
    first, _, third = chain({}, {}, {})
    assert any("event 2 is missing" in problem for problem in problems([first, third]))


def test_a_record_that_is_changed_together_with_its_hash_shows_at_the_next_one() -> None:
    records = chain({}, {"x": 1}, {})
    records[1] = link(records[0].hash, "r", 2, records[1].ts, "0", "note", '{"x":2}')
    assert problems(records) == ["event 3 (note) was changed: its hash does not match its content"]


def test_a_chain_begins_with_run_started() -> None:
    assert problems([link(GENESIS, "r", 1, 1.0, "0", "note", "{}")]) == ["event 1 is note, not run_started"]


def test_lone_surrogates_are_escaped_and_come_back() -> None:
    text = canonical({"x": "a\ud800b"})
    assert text.encode("utf-8")
    assert json.loads(text) == {"x": "a\ud800b"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_json_cannot_hold_is_refused(value: float) -> None:
    with pytest.raises(ValueError):
        canonical({"x": value})
