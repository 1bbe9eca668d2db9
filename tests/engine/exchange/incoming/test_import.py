"""Logs of rlms (written by the real package, see tests/proof/rlms_logs.py) and of fast-rlm (after its source) as runs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.exchange.export import export, read_record
from engine.exchange.incoming.facts import STRATEGY
from engine.exchange.incoming.reading import import_log, imported_before, read_log
from engine.store import Store
from engine.types import Json

LOGS = Path(__file__).parent / "logs"


def blocks_of(turns: list[Json]) -> Iterator[Json]:
    """All code blocks of a log of rlms, those of its children too."""
    for turn in turns:
        for block in turn["code_blocks"]:
            yield block
            for call in block["result"]["rlm_calls"]:
                yield from blocks_of((call.get("metadata") or {}).get("iterations", []))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "data") as opened:
        yield opened


@pytest.mark.parametrize("name", ["child", "two", "limit"])
def test_nodes_cells_calls_and_answers_are_those_of_the_log_of_rlms(database, name):
    file = LOGS / f"rlms_{name}.jsonl"
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    turns = [line for line in lines if line["type"] == "iteration"]
    blocks = [*blocks_of(turns)]
    calls = [call for block in blocks for call in block["result"]["rlm_calls"]]
    finals = [turn["final_answer"] for turn in turns if turn["final_answer"]]
    runs = [read_record(database.events(run)) for run in import_log(database, read_log(file))]
    assert [record.answer for record in runs] == finals and finals
    assert sum(len(record.nodes) for record in runs) == len(finals) + len(calls)
    nodes = [node for record in runs for node in record.nodes.values()]
    cells = [cell for node in nodes for cell in node.cells]
    assert sorted(cell.started.code for cell in cells) == sorted(block["code"] for block in blocks)
    asked = [node for node in nodes if node.started.parent is not None]
    assert sorted((n.started.question, n.answer) for n in asked) == sorted(
        (call["prompt"], call["response"]) for call in calls
    )


def test_a_run_of_rlms_has_its_question_tree_outputs_and_mark(database):
    (run,) = import_log(database, read_log(LOGS / "rlms_child.jsonl"))
    record = read_record(database.events(run))
    assert record.started.question == "How many letters mention Halden?"
    assert (record.started.strategy, record.started.model["name"]) == (STRATEGY, "scripted")
    assert [(n.id, n.started.kind, n.started.parent) for n in record.nodes.values()] == [
        *[("0", "root", None), ("0.1", "llm", "0"), ("0.2", "llm", "0"), ("0.3", "llm", "0")],
        *[("0.4", "rlm", "0"), ("0.4.1", "llm", "0.4")],
    ]
    assert "cannot verify it" in record.root.notes[0].text
    cells = record.root.cells
    assert cells[0].outputs == [{"output_type": "stream", "name": "stdout", "text": "3\n"}]
    assert cells[2].status == "error" and "ZeroDivisionError" in cells[2].outputs[0]["text"]
    assert [turn.number for turn in record.root.turns.values()] == [1, 2, 3, 4, 5]
    child = record.nodes["0.4"]
    assert [[m.role for m in turn.messages] for turn in child.turns.values()] == [
        ["system", "user", "user"],
        ["user", "user"],
    ]
    assert record.nodes["0.1"].usage.prompt_tokens == 11


def test_an_imported_run_is_in_lists_search_and_playback_and_its_chain_holds(database):
    (run,) = import_log(database, read_log(LOGS / "rlms_child.jsonl"))
    row = database.run(run)
    assert (row["status"], row["answer"], row["nodes"]) == (
        "answered",
        "2 letters; the ferry leaves at noon",
        6,
    )
    assert {hit.run for hit in database.find("ferry", 10)} == {run}
    assert len(database.trace(run)) == len(database.events(run))
    assert database.verify_chain(run) == [] and database.verify_projections(run) == []
    assert row["seconds"] > 0 and row["started"] < row["finished"]
    assert database.delete_run(run)["runs"] == [run]


def test_a_file_is_known_again(database):
    log = read_log(LOGS / "rlms_two.jsonl")
    assert imported_before(database, log) == []
    runs = import_log(database, log)
    assert sorted(imported_before(database, read_log(LOGS / "rlms_two.jsonl"))) == sorted(runs)


# --- fast-rlm -------------------------------------------------------------------------------------------

FAST = [
    {"run_id": "a", "event_type": "agent_start", "depth": 0},
    {"run_id": "a", "event_type": "execution_result", "step": 0, "code": "print('Context: ', context)", "hasError": False,
     "output": "Context:  How many r are in these words?"},
    {"run_id": "b", "parent_run_id": "a", "event_type": "execution_result", "step": 0, "code": "look()", "output": "Context:  strawberry"},
    {"run_id": "b", "parent_run_id": "a", "event_type": "code_generated", "step": 1, "code": "FINAL(3)", "usage": {"prompt_tokens": 5, "completion_tokens": 2, "cost": None}},
    {"run_id": "b", "parent_run_id": "a", "event_type": "final_result", "result": 3},
    {"run_id": "a", "event_type": "execution_result", "step": 1, "code": "n = await llm_query('strawberry')\nprint(n)", "output": "3", "reasoning": "ask", "hasError": False},
    {"run_id": "a", "event_type": "code_generated", "step": 2, "code": "", "reasoning": "no code"},
    {"run_id": "a", "event_type": "execution_result", "step": 3, "code": "1/0", "output": "Error: ZeroDivisionError", "hasError": True},
    {"run_id": "a", "event_type": "code_generated", "step": 4, "code": "FINAL({'r': n})"},
    {"run_id": "a", "event_type": "final_result", "result": {"r": 3}},
    {"run_id": "a", "event_type": "agent_end"},
]  # fmt: skip


def written(folder: Path, lines: list[Json], name: str = "log.jsonl") -> Path:
    stamped = [
        {"level": 30, "time": f"2026-05-0{1 + n // 8}T10:00:{n:02}.000Z", **line}
        for n, line in enumerate(lines)
    ]
    (folder / name).write_text("".join(json.dumps(line) + "\n" for line in stamped))
    return folder / name


def test_a_log_of_fast_rlm_becomes_the_same_tree(database, tmp_path):
    log = read_log(written(tmp_path, FAST))
    (run,) = import_log(database, log)
    record = read_record(database.events(run))
    assert record.started.question == "How many r are in these words?" and record.answer == '{"r": 3}'
    assert [(n.id, n.started.kind, n.answer) for n in record.nodes.values()] == [
        ("0", "root", '{"r": 3}'),
        ("0.1", "rlm", "3"),
    ]
    assert record.nodes["0.1"].started.cell == 2  # the step that was written next after it began
    assert record.nodes["0.1"].usage.prompt_tokens == 5
    with_code = [line for line in FAST if line.get("code")]
    assert log.runs[0].counts() == {"nodes": 2, "cells": len(with_code), "calls": 1, "answers": 2}
    root = record.root
    assert [cell.status for cell in root.cells] == ["ok", "ok", "error", "ok"]
    assert root.turns[3].reply.thinking == "no code" and root.turns[3].cells == []
    assert record.root.cells[3].final["content"] == '{"r": 3}'
    assert database.verify_projections(run) == []


def test_a_log_of_fast_rlm_that_broke_off_has_no_answer(database, tmp_path):
    (run,) = import_log(database, read_log(written(tmp_path, FAST[:6])))
    row = database.run(run)
    assert (row["status"], row["answer"]) == ("unanswered", None)
    assert row["reason"] == "the log holds no final result of this agent"


def test_times_that_no_calendar_knows_count_as_unknown(database, tmp_path):
    late = [line | {"time": 1e14} for line in FAST]
    runs = import_log(database, read_log(written(tmp_path, late)))
    text = changed(lambda line: line.update(timestamp="9999-12-31T23:59:59", iteration_time=-1e14))
    (tmp_path / "rlms.jsonl").write_text(text)
    runs += import_log(database, read_log(tmp_path / "rlms.jsonl"))
    for run in runs:
        assert [time.gmtime(event.ts) for event in database.events(run)]
        for form in ("md", "html", "jsonl"):
            assert export(database, run, form).text


# --- what is refused ------------------------------------------------------------------------------------

RLMS = (LOGS / "rlms_child.jsonl").read_text("utf-8")


def changed(change) -> str:
    first, second, *rest = RLMS.splitlines()
    line = json.loads(second)
    change(line)
    return "\n".join([first, json.dumps(line), *rest])


def chain(length: int) -> str:
    """A log of fast-rlm in which each agent asks the next."""
    ids = [f"agent{number}" for number in range(length)]
    asked = zip(ids, [None, *ids], strict=False)
    return "\n".join(
        json.dumps({"run_id": id, "parent_run_id": by, "event_type": "agent_start"}) for id, by in asked
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is no log of rlms"),
        ("{}\n", "it is no log of rlms"),
        ("[1]\n", "line 1 is no JSON object"),
        (RLMS[: len(RLMS) // 2], "is not JSON"),
        (RLMS.splitlines()[0], "no turn, only metadata"),
        (RLMS + '{"type": "telemetry"}\n', "line 7: 'type' is 'telemetry'"),
        (changed(lambda line: line.pop("response")), "line 2: 'response' has to be text, but is missing"),
        (changed(lambda line: line.update(code_blocks=5)), "line 2: 'code_blocks' has to be a list, but is int"),
        (changed(lambda line: line["code_blocks"][0].pop("result")), "line 2, code block 1: 'result' has to be an object"),
        (changed(lambda line: line.update(iteration_time="soon")), "line 2: 'iteration_time' has to be a number"),
        (changed(lambda line: line.update(iteration_time=10**400)), "line 2: 'iteration_time' has to be a number up to"),
        (changed(lambda line: line.update(iteration_time=-1e300)), "line 2: 'iteration_time' has to be a number up to"),
        (json.dumps({"run_id": "a", "event_type": "agent_start", "time": float("inf")}), "line 1: 'time' has to be a number up to"),
        (chain(60), "Children stand more than 50 levels deep"),
        ("[" * 100_000, "is not JSON"),
        (json.dumps({**FAST[0], "event_type": "agent_start"}) + '\n{"run_id": "a", "event_type": "poem"}', "'event_type' is 'poem'"),
        (json.dumps({"run_id": "b", "parent_run_id": "x", "event_type": "agent_start"}), "the agent 'x' that asked this one"),
        ("\n".join(json.dumps({"run_id": a, "parent_run_id": b, "event_type": "agent_start"}) for a, b in ("ab", "ba")), "in a circle"),
    ],
)  # fmt: skip
def test_what_is_damaged_or_unknown_is_named_and_changes_nothing(database, tmp_path, text, why):
    (tmp_path / "log.jsonl").write_text(text)
    with pytest.raises(InputError) as refused:
        import_log(database, read_log(tmp_path / "log.jsonl"))
    assert why in str(refused.value) and "Nothing was imported." in str(refused.value), refused.value
    assert str(tmp_path) in str(refused.value)
    assert database.runs() == []


def test_files_that_cannot_be_read_are_named(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no text"):
        read_log(tmp_path / "bytes")
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "none.jsonl")
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path)


def test_runs_of_a_log_are_stored_all_or_none(database):
    log = read_log(LOGS / "rlms_two.jsonl")
    events = log.events()
    events[1].append((0.0, "0", object()))  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        database.add_runs(events)
    assert database.runs() == []
