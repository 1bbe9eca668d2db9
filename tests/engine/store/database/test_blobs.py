import base64
import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InputError
from engine.store import Store
from engine.store.database.blobs import KEY, LARGE_TEXT, join, references, split
from tests.engine.events.facts import fact
from tests.engine.store.conftest import PNG, begin
from tests.engine.store.log.test_hash_chain import JSON


def rejoin(value: object) -> object:
    stored, large = split(value)
    return join(stored, {blob.sha256: blob.data for blob in large}.__getitem__)


@given(st.dictionaries(st.sampled_from(["$blob", "$$blob", "$$$blob", "text"]), JSON))
def test_any_payload_comes_back_as_it_was(value: dict) -> None:
    assert rejoin(value) == value


@pytest.mark.parametrize("letter", ["a", "é", "語", "😀", "\ud800"])
def test_text_above_64_kib_is_taken_out_and_comes_back(letter: str) -> None:
    size = len(letter.encode("utf-8", "surrogatepass"))
    fits, large = letter * (LARGE_TEXT // size), letter * (LARGE_TEXT // size + 1)
    assert split({"text": fits}) == ({"text": fits}, [])
    stored, taken = split({"text": large})
    assert stored["text"]["bytes"] == len(taken[0].data) > LARGE_TEXT
    assert rejoin({"text": large}) == {"text": large}


def test_an_image_is_kept_as_its_bytes() -> None:
    stored, (blob,) = split({"data": {"image/png": PNG}})
    assert blob.data == base64.b64decode(PNG)
    assert stored["data"]["image/png"] == {KEY: blob.sha256, "mime": "image/png", "bytes": len(blob.data)}
    assert rejoin({"data": {"image/png": PNG}}) == {"data": {"image/png": PNG}}


def test_line_breaks_of_an_image_are_not_kept() -> None:
    assert rejoin({"image/png": f"{PNG[:40]}\n{PNG[40:]}\n"}) == {"image/png": PNG}


@pytest.mark.parametrize("text", ["not base64!", "", "AAA", "QUJD=", "QUJ\u00e9"])
def test_an_image_that_is_none_stays_text(text: str) -> None:
    assert split({"image/png": text}) == ({"image/png": text}, [])


def test_a_forged_reference_stays_data() -> None:
    forged = {"application/json": {KEY: "0" * 64, "mime": "text/plain"}}
    stored, large = split(forged)
    assert list(references(stored)) == [] and large == []
    assert rejoin(forged) == forged


def test_the_same_value_is_stored_once(store: Store) -> None:
    large = "z" * 100_000
    runs = [begin(store), begin(store)]
    for run in runs:
        for cell in (1, 2):
            store.append(run, "0", fact("cell_started", {"cell": cell, "turn": 1, "code": large}))
    with sqlite3.connect(store.folder / "taproot.db") as db:
        assert db.execute("SELECT count(*) FROM blob").fetchone() == (1,)
        assert db.execute("SELECT count(*) FROM event WHERE payload LIKE '%zzzzzzzz%'").fetchone() == (0,)
        payload = db.execute("SELECT payload FROM event WHERE run = ? AND seq = 2", (runs[0],)).fetchone()[0]
    reference = json.loads(payload)["code"]
    assert store.blob(reference[KEY]) == ("text/plain", large.encode())
    assert store.events(runs[1])[1].payload["code"] == large
    assert [cell["code"] == large for cell in store.cells(runs[1])] == [True, True]


def test_a_large_question_is_shown_in_lists(store: Store) -> None:
    question = "why? " * 20_000
    run = begin(store, question=question)
    assert store.run(run)["question"] == question


def test_an_unknown_value_is_a_sentence(store: Store) -> None:
    with pytest.raises(InputError, match="no stored value abc"):
        store.blob("abc")


def test_a_changed_value_shows_in_the_check(store: Store, folder: Path) -> None:
    run = begin(store, question="q" * 100_000)
    assert store.verify_chain(run) == []
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("UPDATE blob SET data = CAST('other' AS BLOB)")
    assert "of event 1 was changed" in store.verify_chain(run)[0]
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("DELETE FROM blob")
    assert "which is missing" in store.verify_chain(run)[0]
