"""A slice with everything real: llama.cpp, kernel, server. What is streamed is what was written."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.live.trace import encode
from app.runs.sessions import Sessions
from app.workbench import Workbench
from engine.llm import open_model
from engine.llm.scripted import ScriptedModel
from tests.app.live.test_trace import counted, projected
from tests.app.runs_fixture import Bench, Stream, served, until
from tests.app.script import cell
from tests.small_model import small_model

pytestmark = pytest.mark.sandbox
ROOT = Path(__file__).resolve().parents[3]
SAMPLE = ROOT / "app" / "sample"
WANTED = 3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with Workbench(tmp_path_factory.mktemp("small") / "data") as workbench:
        bench = Bench(workbench, workbench.engine.add([SAMPLE / "documents"]).id)
        workbench.engine.use(open_model(str(small_model())))
        with served(workbench) as address:
            yield bench, address


class Awaited:
    """A real model that is asked nothing until `go` is set, so that all it writes is written before the eyes of a follower."""

    def __init__(self, real):
        self._real, self.go = real, threading.Event()

    def __getattr__(self, name):
        return getattr(self._real, name)

    def submit(self, request):
        self.go.wait(300)
        return self._real.submit(request)


@pytest.fixture(scope="module")
def followed(small):
    """Questions of the sample corpus, each followed over the stream: [(run, stream)]."""
    bench, address = small
    found = []
    for item in json.loads((SAMPLE / "questions.json").read_text())[:WANTED]:
        model = Awaited(bench.workbench.engine.model)
        with lent(bench.workbench.engine, model):
            run = bench.start(item["question"])
            stream = Stream(address, run=run)
            until(lambda stream=stream: stream.of("run"))
            model.go.set()
            until(lambda stream=stream: any(e["k"] == "fin" for e in stream.of("run")), 300)
            bench.ended(run)
        found.append((run, stream))
    return found


def test_what_is_streamed_is_the_log_and_comes_to_the_projections(small, followed):
    bench, _ = small
    for run, stream in followed:
        assert stream.of("run") == bench.runs.log(run)["events"]
        assert counted(stream.of("run")) == projected(bench.store, run)
        assert bench.store.run(run)["status"] == "answered"


def test_events_are_small_on_real_runs(small, followed):
    bench, _ = small
    stored = [len(text.encode()) for run, _ in followed for _, text in bench.store.trace(run)]
    assert max(stored) < 400 and sum(stored) / len(stored) < 150
    sizes = sorted(len(encode(e).encode()) for _, stream in followed for e in stream.of("run"))
    print(
        f"\n{len(sizes)} events: mean {sum(sizes) / len(sizes):.0f}, median {sizes[len(sizes) // 2]}, largest {sizes[-1]} bytes"
    )
    assert sizes[-1] < 400 and sum(sizes) / len(sizes) < 200  # with what each changes in the tree


def test_live_text_is_the_reply_as_it_is_written(small, followed):
    bench, _ = small
    whole = 0
    for run, stream in followed:
        replies = {(t["node"], t["turn"]): t["text"] for t in bench.store.turns(run)}
        texts: dict[tuple[str, int], str] = {}
        for draft in stream.of("draft"):
            key = (draft["n"], draft["i"])
            assert draft["at"] == len(texts.get(key, ""))
            texts[key] = texts.get(key, "") + draft["x"]
        for key, text in texts.items():
            assert text.rstrip() == replies[key].rstrip()
        whole += len(texts)
    assert whole > 0


def test_a_follow_up_is_answered(small, followed):
    bench, _ = small
    run, _ = followed[0]
    row = bench.ask(bench.store.run(followed[1][0])["question"], session=run)
    assert row["status"] in ("answered", "unanswered") and row["session"] == run
    opening = bench.store.turns(row["run"])[0]["messages"][1]["content"]
    assert "Asked before in this session:" in opening
    (hit, *_) = Sessions(bench.store, bench.workbench.hub).list(
        bench.store.run(run)["question"].split()[-1].strip("?")
    )
    assert hit["runs"]


def test_speed_is_known_after_real_runs(small, followed):
    bench, _ = small
    speed = bench.workbench.engine.speeds.of(bench.workbench.engine.model.info)
    assert speed is not None and speed.runs >= WANTED and speed.read > 0 and speed.write > 0


def test_a_run_is_stopped_while_llama_cpp_decodes(small, followed):
    bench, address = small
    run = bench.start("Compare every document with every other one and describe all differences at length.")
    stream = Stream(address, run=run)
    until(lambda: stream.of("draft") or any(e["k"] == "fin" for e in stream.of("run")))
    bench.runs.stop(run)
    assert bench.ended(run)["status"] in ("interrupted", "answered", "unanswered")
    until(lambda: stream.of("run")[-1]["k"] == "fin")
    assert bench.store.check() == []


class Guided:
    """A real model for sub-calls, a script for the root: what the tree does is known, what llama.cpp does is real."""

    def __init__(self, real, say):
        self.info, self._real = real.info, real
        self._root = ScriptedModel(say, n_ctx=real.info.n_ctx)

    def count(self, text):
        return self._real.count(text)

    def fits(self, messages):
        return self._real.fits(messages)

    def submit(self, request):
        return (self._root if request.stop_at_cell else self._real).submit(request)

    def close(self):
        pass  # the real one goes on


def test_leaves_are_stopped_while_llama_cpp_works_on_the_batch_and_the_rest_is_answered(small, followed):
    bench, address = small
    real = bench.workbench.engine.model

    def say(request):
        if len(request.messages) == 2:
            return cell(
                "got = llm_query_batched(['Say what this is about: ' + str(d)[:6000] for d in context[:8]])\nlen(got)"
            )
        return cell("FINAL(sum(answer.startswith('(no answer: it was stopped') for answer in got))")

    with lent(bench.workbench.engine, Guided(real, say)):
        run = bench.start("How many were stopped?")
        stream = Stream(address, run=run)
        until(lambda: any(e["k"] == "node" and e["n"] == "0.8" for e in stream.of("run")))
        stopped = bench.runs.stop(run, ["0.5", "0.6", "0.7", "0.8"])
        row = bench.ended(run)
    ends = {n["node"]: n["status"] for n in bench.store.nodes(run)}
    assert row["status"] == "answered" and 0 < int(row["answer"]) <= len(stopped) <= 4
    assert [*ends.values()].count("stopped") == int(
        row["answer"]
    )  # one may have ended at the moment of the stop
    assert {ends.pop(node) for node in stopped} <= {"stopped", "answered"} and {*ends.values()} == {
        "answered"
    }
    assert bench.store.check() == []


@contextmanager
def lent(engine, model):
    """Use another model for a while; the one before is taken back unharmed."""
    real = engine.model
    engine._models._current = model
    try:
        yield
    finally:
        engine._models._current = real
