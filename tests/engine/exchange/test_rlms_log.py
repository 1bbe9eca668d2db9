"""The log in the format of rlms: its schema, and that what was exported comes back the same."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from engine.exchange.export import export, read_record, write
from engine.exchange.incoming.reading import import_log, read_log
from tests.engine.exchange.conftest import CELLS, QUESTION

pytestmark = pytest.mark.sandbox
ITERATION = {
    "type",
    "iteration",
    "timestamp",
    "prompt",
    "response",
    "code_blocks",
    "final_answer",
    "iteration_time",
}
RESULT = {"stdout", "stderr", "locals", "execution_time", "rlm_calls", "final_answer"}


def test_it_has_the_keys_and_types_of_the_logger_of_rlms(store, made):
    first, *turns = map(json.loads, export(store, made.run, "jsonl").text.splitlines())
    ours = {"type", "timestamp", "root_model", "max_depth", "max_iterations", "backend", "backend_kwargs"}
    assert first.keys() == ours | {"environment_type", "environment_kwargs", "other_backends"}
    assert [turn["iteration"] for turn in turns] == list(range(1, len(CELLS) + 1))
    for turn in turns:
        assert turn.keys() == ITERATION and turn["prompt"][0]["role"] == "system"
        for block in turn["code_blocks"]:
            assert block.keys() == {"code", "result"} and block["result"].keys() == RESULT
            for call in block["result"]["rlm_calls"]:
                assert {"root_model", "prompt", "response", "usage_summary", "execution_time"} <= call.keys()
    child = turns[4]["code_blocks"][0]["result"]["rlm_calls"][0]
    assert child["response"] == "450 crowns" and len(child["metadata"]["iterations"]) == 2
    assert "ZeroDivisionError" in turns[3]["code_blocks"][0]["result"]["stderr"]
    assert turns[-1]["final_answer"] == "2" and all(turn["final_answer"] is None for turn in turns[:-1])


def test_each_prompt_holds_the_conversation_so_far(store, made):
    _, *turns = map(json.loads, export(store, made.run, "jsonl").text.splitlines())
    for before, after in pairwise(turns):
        told = [*before["prompt"], {"role": "assistant", "content": before["response"]}]
        assert after["prompt"][: len(told)] == told


def test_what_was_exported_is_imported_with_the_same_tree(store, made, tmp_path):
    write(export(store, made.run, "jsonl").text, tmp_path / "run.jsonl")
    log = read_log(tmp_path / "run.jsonl")
    (again,) = import_log(store, log)
    old, new = made.record, read_record(store.events(again))
    assert new.started.question == QUESTION and new.answer == old.answer
    cells = {id: [c.started.code for c in node.cells] for id, node in old.nodes.items()}
    assert {id: [c.started.code for c in node.cells] for id, node in new.nodes.items()} == cells
    for id, node in old.nodes.items():
        assert (new.nodes[id].answer, new.nodes[id].started.kind) == (node.answer, node.started.kind)
        assert [turn.text for turn in new.nodes[id].turns.values()] == [
            turn.text for turn in node.turns.values()
        ]
    assert log.runs[0].counts() == {
        "nodes": len(old.nodes),
        "cells": sum(map(len, cells.values())),
        "calls": len(old.nodes) - 1,
        "answers": sum(node.answer is not None for node in old.nodes.values()),
    }
    store.delete_run(again)
