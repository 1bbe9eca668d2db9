"""What can be exported and to where: old databases, runs that broke off, files that exist or cannot be written."""

from __future__ import annotations

import json
from dataclasses import replace

import nbformat
import pytest

from engine.errors import InputError
from engine.events import read
from engine.exchange.export import export, read_record, write
from engine.store import Store
from tests.engine.events.facts import fact, started
from tests.engine.exchange.markdown import active
from tests.engine.store.conftest import begin, tell
from tests.engine.store.stored import STORED, lay_out


@pytest.mark.parametrize("name", STORED)
def test_runs_of_older_versions_are_exported_in_every_format(tmp_path, name):
    with Store(lay_out(name, tmp_path / "data")) as store:
        rows = store.runs()
        assert rows
        for row in rows:
            record = read_record(store.events(row["run"]))
            notebook = export(store, row["run"], "ipynb", "none")
            nbformat.validate(nbformat.reads(notebook.text, 4))
            assert export(store, row["run"], "html").text.count("<h1") == 1
            assert active(export(store, row["run"], "md").text) == []
            lines = export(store, row["run"], "jsonl").text.splitlines()
            assert json.loads(lines[0])["type"] == "metadata"
            assert len(lines) == 1 + len(record.root.turns)
            if row["status"] != "answered":
                with pytest.raises(InputError, match="makes no lessons"):
                    export(store, row["run"], "train")


def test_an_older_run_whose_sources_bear_its_answer_out_makes_lessons(tmp_path):
    with Store(lay_out("first_release", tmp_path / "data")) as store:
        (row,) = store.runs()
        lessons = [json.loads(line) for line in export(store, row["run"], "train").text.splitlines()]
    assert lessons[0]["node"] == "0" and lessons[0]["agreement"] is None
    assert any(message["weight"] for message in lessons[0]["messages"])


def test_a_cell_that_was_broken_off_and_ran_anew_counts_once(tmp_path):
    """As `resume` writes it: the first cell is void, and the second asks again what the first asked."""
    call = {"prompts": ["a"], "hashes": ["h"], "children": ["0.1"]}
    leaf = {"parent": "0", "kind": "llm", "question": "a", "cell": 1, "call": 1}
    with Store(tmp_path / "data") as store:
        run = store.new_run(started(question="Why?"))
        for node, kind, given in (
            ("0", "node_started", {"parent": None, "kind": "root", "question": "Why?"}),
            ("0", "turn_started", {"messages": [{"role": "user", "content": "Why?"}]}),
            ("0", "turn_finished", {"text": "```repl\nFINAL(llm_query('a'))\n```", "code": "x"}),
            ("0", "cell_started", {"cell": 1, "code": "FINAL(llm_query('a'))"}),
            ("0", "call_started", {"cell": 1, **call}),
            ("0.1", "node_started", leaf),
            ("0.1", "node_finished", {"status": "answered", "answer": "b"}),
            ("0", "cell_finished", {"cell": 1, "status": "void", "final": None}),
            ("0", "cell_started", {"cell": 2, "code": "FINAL(llm_query('a'))"}),
            ("0", "call_started", {"cell": 2, **call}),
            ("0", "call_finished", {"cell": 2, "answers": ["b"], "error": None}),
            ("0", "cell_finished", {"cell": 2, "status": "ok", "flaw": None, "final": {"content": "b"}}),
            ("0", "node_finished", {"status": "answered", "answer": "b"}),
            ("0", "run_finished", {"status": "answered", "answer": "b", "forced": False, "agreement": None}),
        ):
            store.append(run, node, fact(kind, given))
        turns = [json.loads(line) for line in export(store, run, "jsonl").text.splitlines()][1:]
        assert [len(block["result"]["rlm_calls"]) for block in turns[0]["code_blocks"]] == [1]
        (lesson, *_) = [json.loads(line) for line in export(store, run, "train").text.splitlines()]
        assert [message["weight"] for message in lesson["messages"]] == [0, 1]
        assert "Cell 1, broken off, and run anew below" in export(store, run, "md").text
        assert "Cell 1 was broken off, and run anew below" in export(store, run, "ipynb", "none").text


def test_a_run_that_went_on_with_another_model_names_both(tmp_path):
    with Store(tmp_path / "data") as store:
        run = store.new_run(started(question="Why?", model={"name": "small"}))
        store.append(run, "0", fact("node_started", {"parent": None, "kind": "root", "question": "Why?"}))
        for name in ("small", "large"):
            store.append(run, "0", fact("run_finished", {"status": "interrupted", "answer": None}))
            given = {"model": {"name": name}, "settings": {}, "nodes": ["0"], "owner": None}
            store.resume_run(run, store.last(run), fact("run_resumed", given))
        store.append(run, "0", fact("run_finished", {"status": "answered", "answer": "b"}))
        for form in ("md", "html", "jsonl"):
            assert "small, then large" in export(store, run, form).text


def test_a_run_that_goes_on_or_never_began_is_refused(tmp_path):
    with Store(tmp_path / "data") as store:
        run = store.new_run(started(question="Why?"))
        with pytest.raises(InputError, match="is still going on"):
            export(store, run, "md")
        store.append(run, "0", fact("run_finished", {"status": "failed"}))
        with pytest.raises(InputError, match="nothing to export"):
            export(store, run, "md")
        with pytest.raises(InputError, match="There is no run"):
            export(store, "unknown", "md")


def test_what_broke_off_in_a_cell_is_exported_as_far_as_it_came(tmp_path):
    with Store(tmp_path / "data") as store:
        run = store.new_run(started(question="Why?"))
        for kind, given in (
            ("node_started", {"question": "Why?"}),
            ("turn_started", {"messages": [{"role": "user", "content": "Why?"}]}),
            ("turn_finished", {"text": "```repl\nx\n```", "code": "x"}),
            ("cell_started", {"code": "llm_query('a')"}),
            ("call_started", {"prompts": ["a"], "hashes": ["h"], "children": ["0.1"]}),
            ("run_finished", {"status": "interrupted", "answer": None, "reason": "it was killed"}),
        ):
            store.append(run, "0", fact(kind, given))
        notebook = json.loads(export(store, run, "ipynb", "none").text)
        assert [cell["cell_type"] for cell in notebook["cells"] if cell["id"] == "cell-1"] == ["markdown"]
        assert "did not end by itself (running)" in json.dumps(notebook)
        assert "it was killed" in export(store, run, "md").text
        assert "it was killed" in export(store, run, "html").text
        assert len(export(store, run, "jsonl").text.splitlines()) == 2


def test_a_follow_up_is_exported_after_what_it_follows_was_deleted(tmp_path):
    with Store(tmp_path / "data") as store:
        first = begin(store)
        tell(store, first)
        later = store.new_run(started(question="And then?", session=first, follows=first))
        tell(store, later)
        whole = export(store, later, "ipynb", "none")
        store.delete_run(first)
        assert export(store, later, "ipynb", "none").name == whole.name


@pytest.mark.sandbox
def test_an_event_that_cannot_be_read_is_named_and_the_rest_exported(made):
    strange = replace(made.events[3], fact=read("poem", {}))
    record = read_record([*made.events[:3], strange, *made.events[3:]])
    assert record.problems == [strange.fact.sentence]
    assert len(record.nodes) == len(made.record.nodes)


def test_a_file_is_written_whole_and_never_over_another_without_force(tmp_path):
    target = tmp_path / "run.md"
    write("one", target)
    with pytest.raises(InputError, match="exists already and was left as it is"):
        write("two", target)
    assert target.read_text() == "one"
    write("two", target, force=True)
    assert target.read_text() == "two" and [*tmp_path.iterdir()] == [target]
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists already"):
        write("three", tmp_path / "link")


def test_targets_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(InputError, match="cannot be written: No such file or directory"):
        write("one", tmp_path / "none" / "run.md")
    with pytest.raises(InputError, match="is a folder"):
        write("one", tmp_path, force=True)
    with pytest.raises(InputError, match="cannot be written"):
        write("one", tmp_path / ("x" * 300))
    assert [*tmp_path.iterdir()] == []


def test_text_that_utf8_cannot_hold_is_written_all_the_same(tmp_path):
    write("a\ud800b", tmp_path / "run.md")
    assert (tmp_path / "run.md").read_text() == "a\\ud800b"


def test_a_follow_up_is_exported_when_the_run_before_it_was_deleted(tmp_path):
    with Store(tmp_path) as store:
        first = store.new_run(started(question="Who?", corpus="c1", corpus_name="lease"))
        store.append(first, "0", fact("run_finished", {}))
        told = {"question": "And when?", "corpus": "c1", "corpus_name": "lease", "session": first}
        run = store.new_run(started(**told, follows=first, earlier=[["Who?", "Anna"]]))
        root = {"parent": None, "kind": "root", "question": "And when?", "depth": 0}
        store.append(run, "0", fact("node_started", root))
        store.append(run, "0", fact("run_finished", {}))
        whole = export(store, run, "ipynb", "none").text
        store.delete_run(first)
        assert export(store, run, "ipynb", "none").text == whole
