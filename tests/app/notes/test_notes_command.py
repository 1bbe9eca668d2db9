"""`notes`: what it shows, makes and refuses."""

from __future__ import annotations

import json

import pytest

from engine.documents.ingest import ingest, to_json
from engine.store import Store
from tests.app.command_line.test_records import command
from tests.engine.notes.conftest import ANSWERS, LEASE

pytestmark = pytest.mark.sandbox


@pytest.fixture
def corpus(data_dir, tmp_path):
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "lease\x1b[2J.md").write_text(LEASE)
    with Store(data_dir) as store:
        info = ingest([folder], store.corpora_dir)
        store.save_corpus(to_json(info))
    return info.id


@pytest.fixture
def model(tmp_path):
    """The option that names a scripted model, which answers what notes ask."""
    script = tmp_path / "script.jsonl"
    script.write_text(
        "".join(json.dumps({"match": words, "text": said}) + "\n" for words, said in ANSWERS.items())
    )
    return f"--model=scripted:{script}"


def test_notes_are_made_then_shown_and_made_only_once(corpus, data_dir, model, capsys, warm):
    assert command(data_dir, "notes", corpus) == 0
    assert "Nothing was noted yet; --make lets the model note it." in capsys.readouterr().out
    assert command(data_dir, "notes", corpus[:6], "--make", model) == 0
    out, err = capsys.readouterr()
    assert "1 of 1 documents noted" in err and f"papers ({corpus}): 6 notes of 1 of 1 documents" in out
    assert "\x1b" not in out and "  line 3     fact     3 May 2024" in out
    assert command(data_dir, "notes", "papers", "--make", "--json", model.replace("script.", "gone.")) == 2
    assert command(data_dir, "notes", "papers", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["corpus"], found["documents"], len(found["notes"])) == (corpus, 1, 6)
    facts = [note for note in found["notes"] if note["kind"] == "fact"]
    assert all(LEASE[note["start"] : note["end"]] == note["text"] for note in facts) and len(facts) == 3


def test_a_spent_budget_and_bad_input_are_told_apart(corpus, data_dir, model, capsys, warm):
    assert command(data_dir, "notes", corpus, "--make", "--budget", "10", model) == 1
    assert "the budget of 10 tokens is spent; a larger --budget goes on from here" in capsys.readouterr().err
    for words, said in (
        (["nowhere"], "There is no corpus 'nowhere'"),
        ([corpus, "--budget", "10"], "--budget is for making notes; add --make"),
    ):
        assert command(data_dir, "notes", *words) == 2
        assert said in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command(data_dir, "notes", corpus, "--make", "--budget", "none")
