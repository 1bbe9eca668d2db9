"""`runs`, `corpora`, `show`, `delete` on stored text that a terminal or a table could stumble over."""

import json

import pytest

from app.command_line.main import run
from app.command_line.terminal import printable
from engine.store import Store
from tests.engine.events.facts import fact, started

NASTY = "what is [/x] [red]of[/red] :100: \x1b]0;owned\x07?"


@pytest.fixture
def stored(data_dir):
    """One finished run over one corpus, with markup and escapes in every text."""
    with Store(data_dir) as store:
        store.save_corpus({"id": "c0ffee", "name": NASTY, "documents": 1, "chars": 5, "skipped": []})
        name = store.new_run(
            started(question=NASTY, corpus="c0ffee", corpus_name=NASTY, strategy="recursive")
        )
        node = {"parent": None, "kind": "root", "question": NASTY, "context": "", "depth": 0}
        store.append(name, "0", fact("node_started", {**node, "cell": None, "call": None, "index": None}))
        store.append(name, "0", fact("note", {"text": NASTY, "level": "info"}))
        source = {"name": NASTY, "line": 1, "page": None, "text": NASTY, "status": "missing", "nearest": None}
        end = {"status": "answered", "answer": NASTY, "sources": [source], "coverage": {}, "reason": ""}
        store.append(name, "0", fact("run_finished", {**end, "usage": {}, "seconds": 1.0, "nodes": 1}))
    return name


def command(data_dir, *words):
    return run([*words, "--data", str(data_dir)])


@pytest.mark.parametrize("what", ["runs", "corpora", "show"])
def test_stored_text_is_shown_as_it_is_without_control_characters(stored, data_dir, capsys, what):
    assert command(data_dir, what, *([stored] if what == "show" else [])) == 0
    out = capsys.readouterr().out
    assert "[/x] [red]of[/red] :100:" in " ".join(out.split())
    assert "\x1b" not in out and "\x07" not in out


def test_lists_are_json_with_ids(stored, data_dir, capsys):
    assert command(data_dir, "runs", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["run"] == stored
    assert command(data_dir, "corpora", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["corpus"] == "c0ffee"


def test_a_follow_up_says_what_it_follows(stored, data_dir, capsys):
    with Store(data_dir) as store:
        follow = store.new_run(started(question="And then?", corpus="c0ffee", session=stored, follows=stored))
        store.append(follow, "0", fact("run_finished", {"status": "answered", "answer": "nothing"}))
    assert command(data_dir, "runs", "--json") == 0
    rows = {row["run"]: row for row in json.loads(capsys.readouterr().out)}
    assert (rows[follow]["session"], rows[follow]["follows"]) == (stored, stored)
    assert (rows[stored]["session"], rows[stored]["follows"]) == (stored, None)
    command(data_dir, "runs")
    assert capsys.readouterr().out.count(stored) == 2
    command(data_dir, "show", follow)
    assert f"follows {stored} in the session {stored}" in capsys.readouterr().out


def test_deleting_needs_an_id_and_a_yes(stored, data_dir, capsys):
    assert command(data_dir, "delete", "", "--yes") == 2
    assert command(data_dir, "delete", "c0ffee") == 2  # nobody can be asked here
    assert command(data_dir, "delete", "unknown", "--yes") == 2
    with Store(data_dir) as store:
        assert len(store.runs()) == 1 and len(store.corpora()) == 1
    assert command(data_dir, "delete", "c0ffee", "--yes") == 0
    assert stored in capsys.readouterr().err  # its runs were named first
    with Store(data_dir) as store:
        assert store.runs() == [] and store.corpora() == []


def test_a_beginning_of_several_ids_deletes_none_of_them(stored, data_dir, capsys):
    beginning = stored[:4]  # the year
    with Store(data_dir) as store:
        store.save_corpus({"id": f"{beginning}ffee", "name": "x", "documents": 1, "chars": 5, "skipped": []})
        store.new_run(started(corpus="c0ffee"))
        store.new_list("c0ffee", {"key": "1"}, [("Who?", None)])
        store.new_list("c0ffee", {"key": "2"}, [("Who?", None)])
    assert command(data_dir, "delete", beginning[:3], "--yes") == 2
    assert f"More than one run starts with '{beginning[:3]}'" in capsys.readouterr().err
    assert command(data_dir, "delete", "list-", "--yes") == 2
    assert "More than one list starts with 'list-'" in capsys.readouterr().err
    with Store(data_dir) as store:
        store.save_corpus({"id": beginning, "name": "y", "documents": 1, "chars": 5, "skipped": []})
    assert command(data_dir, "delete", beginning, "--yes") == 0  # the whole id of a corpus
    assert json.loads(capsys.readouterr().out)["corpora"] == [beginning]
    assert command(data_dir, "delete", f"{beginning}f", "--yes") == 0
    assert json.loads(capsys.readouterr().out)["corpora"] == [f"{beginning}ffee"]


def test_printable_keeps_letters_of_all_scripts_and_line_ends():
    assert printable("naïve 東京\n\tمرحبا") == "naïve 東京\n\tمرحبا"
    assert "\u202e" not in printable("a\u202eb")
