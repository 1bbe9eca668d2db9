"""The bench with the real engine, kernel and store: methods, resuming, stopping, the time a row may take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.bench.bench import Bench, Progress, series_of
from engine.bench.plan import QUICK, Plan, check
from engine.bench.results import report
from engine.engine import Engine
from engine.errors import Cancelled, InputError
from engine.llm import open_model
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.stop import Stop
from tests.small_model import small_model

pytestmark = pytest.mark.sandbox
SMALL = Plan(
    suites=("needle",), methods=("direct", "retrieval", "compaction", "rlm"), lengths=(0.5, 4), questions=2
)
LOOK = "```repl\nFINAL(context.search(question, 1)[0].text)\n```"


def reader(request: Request) -> str:
    """A model that reads: the line of its prompt that holds a name of the question; as a node, the line search finds."""
    if request.stop_at_cell:
        return LOOK
    text, _, rest = request.messages[-1].content.partition("\n\nQuestion: ")
    name = re.search(r"[A-Z]\w+ [A-Z]\w+", rest[5:])
    said = [s for s in re.split(r"(?<=\.)\s", text) if name and name[0] in s]
    notes = re.search(r"Notes so far: (.+)", rest)
    kept = notes[1] if notes and notes[1] != "(none)" else ""
    return said[0] if said else kept or "NONE"


@pytest.fixture
def make(kernels, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    made: list[Engine] = []

    def engine(script=reader, n_ctx: int = 2048) -> Engine:
        made.append(Engine(tmp_path / "data", ScriptedModel(script, n_ctx=n_ctx), kernels))
        return made[-1]

    yield engine
    for one in made:
        one.close()


def test_each_method_is_a_run_that_can_be_opened(make) -> None:
    engine = make()
    bench = Bench(engine)
    bench.run(SMALL)
    trials = engine.store.trials(bench.series)
    assert len(trials) == 4 * 2 * 2
    strategies = {t["method"]: engine.store.run(t["run"])["strategy"] for t in trials}
    assert strategies == {
        "direct": "direct",
        "retrieval": "retrieval",
        "compaction": "compaction",
        "rlm": "recursive",
    }
    for trial in trials:
        run = engine.store.run(trial["run"])
        assert (run["question"], run["answer"]) == (trial["question"], trial["answer"])
        assert engine.store.verify_chain(run["run"]) == [] == engine.store.verify_projections(run["run"])
    turns = {(t["method"], t["windows"]): len(engine.store.turns(t["run"])) for t in trials}
    assert turns["direct", 4] == turns["retrieval", 4] == turns["rlm", 4] == 1
    assert turns["compaction", 4] > 5 and turns["compaction", 4] > turns["compaction", 0.5]


def test_what_fits_is_read_and_the_rest_is_not(make) -> None:
    engine = make()
    bench = Bench(engine)
    bench.run(replace(SMALL, methods=("direct", "compaction", "retrieval"), questions=8))
    found = {(row["method"], row["windows"]): row for row in report(engine.store, bench.series)["rows"]}
    assert found["direct", 4]["tokens"] < 2048 and found["compaction", 4]["tokens"] > 4 * 2048
    for trial in engine.store.trials(bench.series):
        text = engine.store.turns(trial["run"])[0]["messages"][-1]["content"]
        if trial["method"] == "direct":
            left_out = any(
                "the rest was not read" in e.payload.get("text", "")
                for e in engine.store.events(trial["run"])
            )
            assert left_out == (trial["windows"] == 4)
            stands = trial["reference"] in text
            assert stands == (trial["reference"] in (trial["answer"] or "")) and (
                stands or trial["windows"] == 4
            )
        else:
            assert trial["reference"] in (trial["answer"] or ""), trial


def test_a_bench_that_was_stopped_goes_on_where_it_was(make) -> None:
    engine = make()
    stop, told = Stop(), []

    def tell(now: Progress) -> None:
        told.append(now)
        if now.done == 3:
            stop.request()

    with pytest.raises(Cancelled):
        Bench(engine).run(SMALL, progress=tell, stop=stop)
    bench = Bench(engine)
    kept = engine.store.trials(bench.series)
    assert len(kept) == 3 == told[-1].done
    before = len(engine.store.corpora())
    bench.run(SMALL)
    after = engine.store.trials(bench.series)
    assert len(after) == 16 and [t for t in after if t in kept] == kept
    assert len(engine.store.corpora()) == before + 1  # the text of the first length is used again
    assert not (engine.store.folder / "bench").exists() or not [*(engine.store.folder / "bench").iterdir()]
    runs = len(engine.store.runs())
    bench.run(SMALL)
    assert len(engine.store.runs()) == runs  # nothing is left to do
    bench.run(replace(SMALL, questions=3))
    assert len(engine.store.runs()) == runs + 8


def test_another_seed_or_window_or_way_to_read_is_another_series(make) -> None:
    engine = make()
    assert Bench(engine).series != Bench(engine, seed=1).series
    narrow = make(n_ctx=1024)
    assert Bench(engine).series != Bench(narrow).series
    info = engine.model.info
    assert series_of(info, 0) != series_of(replace(info, short_readings=True), 0)


def test_a_row_takes_no_more_time_than_it_may(make) -> None:
    engine = make(lambda request: ScriptedReply(reader(request), delay=0.05))
    bench = Bench(engine)
    bench.run(
        replace(SMALL, methods=("direct", "compaction"), lengths=(0.5, 1000), questions=50, row_seconds=0.3)
    )
    found = {(row["method"], row["windows"]): row["n"] for row in report(engine.store, bench.series)["rows"]}
    assert 1 <= found["direct", 0.5] < 50 and 1 <= found["direct", 1000] < 50
    assert ("compaction", 1000) not in found  # one question of it would take minutes


def test_progress_counts_up_to_all_there_is(make) -> None:
    engine, told = make(), []
    Bench(engine).run(SMALL, progress=told.append)
    assert told[0].done == 0 and told[-1].done == told[-1].total == 16
    assert told[-1].seconds_left == 0 and all(now.total == 16 for now in told)
    assert [now.trial["number"] for now in told if now.trial][:2] == [0, 1]


@pytest.mark.parametrize(
    "wrong, said",
    [
        ({"suites": ("noodle",)}, "no suite 'noodle'"),
        ({"methods": ("magic",)}, "no method 'magic'"),
        ({"lengths": (0.0,)}, "from 0.1 to 1000"),
        ({"lengths": (2000.0,)}, "from 0.1 to 1000"),
        ({"lengths": ()}, "at least one"),
        ({"questions": 0}, "from 1 to 1,000"),
        ({"suites": ("count",), "lengths": (100.0,)}, "up to 20 windows"),
    ],
)
def test_a_plan_that_cannot_be_run_is_refused_with_a_sentence(wrong, said) -> None:
    with pytest.raises(InputError, match=said):
        check(replace(QUICK, **wrong))


def test_a_model_in_llama_cpp_is_measured_and_costs_the_same_whatever_the_length(
    kernels, tmp_path: Path
) -> None:
    with Engine(tmp_path / "data", lambda: open_model(str(small_model())), kernels) as engine:
        bench = Bench(engine)
        assert 1 <= bench.chars_per_token < 2  # most of its tokens are single bytes
        bench.run(Plan(suites=("needle",), methods=("rlm",), lengths=(0.5, 8), questions=4))
        found = report(engine.store, bench.series)
        assert found["verdict"].startswith("Writes valid cells 100%, finishes 100%.")
        assert found["cells"]["runs"] == 8
        short, long = found["rows"]
        assert 0 < long["tokens"] < 1.5 * short["tokens"]
