"""Compact events: small, without bodies, and enough to draw a run from."""

from __future__ import annotations

import json
import sqlite3

import pytest

from app.live.trace import compact, encode, fold, head
from engine.events import Event
from tests.app.runs_fixture import opened
from tests.app.script import cell
from tests.engine.events.facts import fact

SMALL = 300  # bytes of an event


def counted(events):
    """What compact events come to, as far as the tables say it too."""
    found = fold(events)
    for node in found["nodes"].values():
        for name in ("phase", "final", "confidence", "draft", "named"):
            del node[name]
    return found


def projected(store, run):
    """What the tables say about a run, in the form of `counted`."""
    kinds = {"root": "root", "rlm": "child", "llm": "leaf"}
    row = store.run(run)
    cells: dict[str, list] = {}
    for one in store.cells(run):
        cells.setdefault(one["node"], []).append(one["status"])
    ended = row["status"] != "running"
    nodes = {}
    for node in store.nodes(run):
        id = node["node"]
        turns = [t for t in store.turns(run) if t["node"] == id and t.get("text") is not None and t["finish"]]
        usages = [turn["usage"] for turn in turns]
        nodes[id] = {
            **{k: node[k] for k in ("parent", "depth", "cell", "call", "index")},
            "kind": kinds[node["kind"]],
            "status": node["status"] or ("interrupted" if ended else "running"),
            "seconds": None if node["seconds"] is None else round(node["seconds"], 3),
            "turns": len(turns),
            "tokens": sum(usage["completion_tokens"] for usage in usages),
            "prompt": sum(usage["prompt_tokens"] for usage in usages),
            "reused": sum(usage["reused_tokens"] for usage in usages),
            "cells": len(cells.get(id, [])),
            "errors": sum(status in ("error", "timeout", "died") for status in cells.get(id, [])),
        }
    return {"status": row["status"], "seconds": row["seconds"], "last": store.last(run), "nodes": nodes}


def say(request):
    text = "\n".join(m.content for m in request.messages)
    if "Question: part" in text:
        if len(request.messages) == 2:
            return cell("print(llm_query('who? ' + context[:300]))")
        return cell("1/0") if len(request.messages) == 4 else cell("FINAL('Anna')")
    if "who?" in text:
        return "Anna Brisk"
    if len(request.messages) == 2:
        return cell("got = rlm_query_batched(['part one', 'part two'], [context[0], context[1]])\ngot")
    return cell("FINAL(' and '.join(got))")


@pytest.mark.sandbox
def test_the_fold_of_the_compact_log_equals_the_projections(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as bench:
        bench.say = say
        run = bench.ask()["run"]
        events = bench.runs.log(run)["events"]
        assert counted(events) == projected(bench.store, run)
        kinds = {node["kind"] for node in fold(events)["nodes"].values()}
        assert kinds == {"root", "child", "leaf"} and len(fold(events)["nodes"]) == 5
        assert {e["k"] for e in events} >= {
            "run",
            "node",
            "turn",
            "reply",
            "cell",
            "out",
            "done",
            "call",
            "ret",
            "end",
        }
        sizes = [len(encode(e).encode()) for e in events]
        assert max(sizes) < SMALL
        again = [*events[:9], *events[:5], *events[7:]]  # seen twice, as after a reconnection
        assert fold(again) == fold(events)


def event(kind, payload, node="0.12.3"):
    return Event("20261122-145143-4580", 123456, 1795358400.1234567, node, fact(kind, payload))


HUGE = "<script>alert('日本語 🙂')</script>\n\x1b[31m ${x} \u202e " * 5000


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("run_started", {"question": HUGE, "corpus": "c" * 12, "model": {"name": "m" * 20}}),
        (
            "node_started",
            {
                "parent": "0.12",
                "kind": "llm",
                "question": HUGE,
                "depth": 8,
                "cell": 99,
                "call": 99,
                "index": 999,
            },
        ),
        (
            "node_started",
            {
                "parent": "0.12.12",
                "kind": "rlm",
                "question": HUGE,
                "context": f"Document 12345 '{HUGE}', 123,456,789 characters",
                "depth": 8,
                "cell": 99,
                "call": 99,
                "index": 999,
            },
        ),
        (
            "node_finished",
            {"status": "answered", "answer": HUGE, "seconds": 1 / 3, "usage": {"completion_tokens": 9}},
        ),
        ("run_finished", {"status": "answered", "answer": HUGE, "seconds": 1 / 3}),
        (
            "turn_finished",
            {"turn": 3, "text": HUGE, "finish": "stop", "usage": {"seconds": 1 / 3, "prompt_tokens": 5}},
        ),
        ("cell_started", {"cell": 3, "turn": 3, "code": HUGE}),
        ("output", {"cell": 3, "output": {"output_type": "stream", "text": HUGE}}),
        ("call_started", {"cell": 3, "call": 1, "kind": "llm", "prompts": [HUGE] * 50}),
        ("note", {"text": HUGE, "level": "warning"}),
        ("draft", {"turn": 3, "text": HUGE}),
    ],
)
def test_no_event_is_large_whatever_it_holds(kind, payload):
    made = compact(event(kind, payload))
    assert len(encode(made).encode()) < 380 and json.loads(encode(made)) == made
    assert made["s"] == 123456 and made["n"] == "0.12.3" and made["ts"] == 1795358400.123


def test_texts_that_utf8_cannot_hold_do_no_harm():
    made = compact(event("note", {"text": "half \ud800 of a letter", "level": "info"}))
    assert encode(made).encode("utf-8")


def test_a_head_is_one_line_and_ends_at_a_whole_letter():
    assert head("  a\n\tb  ") == "a b"
    cut = head("é" * 400, 50)
    assert cut.endswith("…") and len(cut.encode()) <= 50


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ({"output_type": "stream", "text": "x"}, "stream"),
        ({"output_type": "execute_result", "data": {"text/plain": "1"}}, "result"),
        ({"output_type": "display_data", "data": {"image/png": "..."}}, "image"),
        (
            {"output_type": "execute_result", "data": {"text/html": "<table border=1>", "text/plain": "t"}},
            "table",
        ),
        ({"output_type": "error", "ename": "KeyError"}, "error"),
        ({"output_type": "display_data", "data": 7}, "result"),
    ],
)
def test_an_output_is_named_by_what_a_person_sees(output, kind):
    assert compact(event("output", {"cell": 1, "output": output}))["t"] == kind


@pytest.mark.sandbox
def test_large_texts_that_are_kept_apart_have_the_same_head(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as bench:
        bench.say = lambda request: cell("FINAL('meridian ' * 10_000)")
        run = bench.ask()["run"]
        with sqlite3.connect(bench.store.folder / "taproot.db") as db:
            stored = db.execute(
                "SELECT payload FROM event WHERE run = ? ORDER BY seq DESC", (run,)
            ).fetchone()
        assert json.loads(stored[0])["answer"]["bytes"] == 90_000
        assert bench.runs.log(run)["events"][-1]["a"].startswith("meridian meridian")
        assert bench.store.check() == []


@pytest.mark.parametrize(
    ("described", "on"),
    [
        ("Document 6 'letters/ferry (2).txt', 6,529 characters", "letters/ferry (2).txt"),
        ('Document 6 "Anna\'s letter.md", 12 characters', "Anna's letter.md"),
        ("Corpus of 31 documents, 253,983 characters", "Corpus of 31 documents, 253,983 characters"),
        ("", None),
    ],
)
def test_a_child_says_what_it_works_on(described, on):
    def told(kind):
        payload = {"parent": "0", "kind": kind, "question": "When?", "context": described}
        return compact(Event("r", 2, 1.0, "0.1", fact("node_started", payload)))

    assert told("rlm").get("on") == on and told("rlm")["q"] == "When?"
    assert "on" not in told("llm")


def test_how_sure_a_model_was_is_told_of_a_reply_and_by_show():
    from app.command_line.commands.records import run_tree
    from app.command_line.terminal import console
    from engine.store.log.trace import brief

    reply = {"turn": 1, "text": "six", "code": "", "usage": {}, "finish": "stop", "confidence": -0.1396}
    assert brief("0.1", fact("turn_finished", reply))["lp"] == -0.14
    assert "lp" not in brief("0.1", fact("turn_finished", {**reply, "confidence": None}))
    started = {"parent": None, "kind": "rlm", "question": "How long?"}
    events = [
        Event("r", 1, 0.0, "0", fact("node_started", started)),
        Event("r", 2, 0.0, "0.1", fact("node_started", {**started, "parent": "0", "kind": "llm"})),
        Event("r", 3, 0.0, "0.1", fact("turn_finished", reply)),
        Event("r", 4, 0.0, "0.1", fact("node_finished", {"answer": "six"})),
    ]
    out = console(wrap=True)
    with out.capture() as shown:
        out.print(run_tree(events))
    assert "= six, 87 % sure" in shown.get()
