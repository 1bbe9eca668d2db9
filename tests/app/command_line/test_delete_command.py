"""`delete`: what it names before anybody is asked, and what it takes for a no, an id and a receipt."""

import json

import pytest

from engine.store import Store
from tests.app.command_line.test_records import command
from tests.engine.store.conftest import begin, tell


@pytest.fixture
def stored(data_dir):
    """One finished run over one corpus."""
    with Store(data_dir) as store:
        store.save_corpus({"id": "c0ffee", "name": "letters", "documents": 1, "chars": 5, "skipped": []})
        run = begin(store, corpus="c0ffee")
        tell(store, run)
    return run


def test_what_goes_with_a_corpus_or_a_list_is_named_before_anybody_is_asked(
    stored, data_dir, capsys, monkeypatch
):
    with Store(data_dir) as store:
        name = store.new_list("c0ffee", {"model": "m"}, [("Who?", None)])
        store.attach_row(name, 1, stored)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    asked = []

    def leave(question):
        asked.append(question)
        raise EOFError  # Ctrl+D

    monkeypatch.setattr("builtins.input", leave)
    for id, gone in (("c0ffee", {stored, name}), (name, {stored})):
        assert command(data_dir, "delete", id) == 1
        out, err = capsys.readouterr()
        assert gone <= set(err.replace(",", " ").split()) and "nothing was deleted" in out
    assert len(asked) == 2
    with Store(data_dir) as store:
        assert len(store.runs()) == len(store.question_lists()) == 1


def test_a_receipt_as_json_comes_without_words_beside_it(stored, data_dir, capsys):
    assert command(data_dir, "delete", "c0ffee", "--yes", "--json") == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["runs"] == [stored] and err == ""


def test_an_id_that_names_nothing_or_several_is_told_as_such(stored, data_dir, capsys):
    with Store(data_dir) as store:
        for _ in range(2):
            store.new_list("c0ffee", {"model": "m"}, [("Who?", None)])
    for id, why in (
        ("list-", "More than one list starts with 'list-'"),
        ("nowhere", "There is no run, corpus or list 'nowhere'"),
        ("\udcff", "There is no run, corpus or list"),
    ):
        assert command(data_dir, "delete", id, "--yes") == 2
        assert why in capsys.readouterr().err
    assert command(data_dir, "show", "\udcff") == 2
    assert "holds half a character" in capsys.readouterr().err
