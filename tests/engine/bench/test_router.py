"""The router: recursive unless this model's own results at that length say that reading directly is better."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.bench.bench import Bench, series_of
from engine.bench.plan import Plan
from engine.bench.router import route
from engine.documents.ingest import CorpusInfo
from engine.engine import RECURSIVE, Engine
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.engine.bench.test_bench import reader

pytestmark = pytest.mark.sandbox
SHORT = "The deposit of the Fenton Road lease is EUR 40.\n"


VALUE = re.compile(
    r"EUR [\d,]+|\d+\.\d percent|\d+ (?:days|weeks|months)|\d+ [A-Z]\w+ \d{4}|(?<=lease is )\w+ \w+|^\w+ \w+(?= is the landlord)"
)


def script(request: Request) -> str:
    """A model that reads well, and finds nothing as a node."""
    if request.stop_at_cell:
        return "```repl\nFINAL('no idea')\n```"
    found = VALUE.search(reader(request))
    return found[0] if found else "NONE"


@pytest.fixture
def engine(kernels, tmp_path: Path) -> Iterator[Engine]:
    with Engine(tmp_path / "data", ScriptedModel(script, n_ctx=2048), kernels) as made:
        yield made


def small(engine: Engine, tmp_path: Path, text: str = SHORT) -> CorpusInfo:
    file = tmp_path / f"{len(text)}.txt"
    file.write_text(text)
    return engine.add([file])


def test_without_results_every_question_is_recursive(engine: Engine, tmp_path: Path) -> None:
    assert route(engine, small(engine, tmp_path)) is RECURSIVE
    engine.use(None)
    assert route(engine, small(engine, tmp_path)) is RECURSIVE


def test_a_small_text_is_read_directly_where_the_bench_says_that_is_better(
    engine: Engine, tmp_path: Path
) -> None:
    Bench(engine).run(Plan(suites=("needle",), methods=("direct", "rlm"), lengths=(0.5,), questions=20))
    corpus = small(engine, tmp_path)
    strategy = route(engine, corpus)
    answer = engine.ask("What is the deposit of the Fenton Road lease?", corpus, strategy=strategy)
    assert (answer.strategy, answer.answer) == ("direct", "EUR 40")
    assert engine.store.run(answer.run)["strategy"] == "direct"
    notes = [e.payload["text"] for e in engine.store.events(answer.run) if e.kind == "note"]
    assert len(notes) == 1 and "right in 100% of 20 questions so, and in 0% of 20 recursively" in notes[0]
    assert [source.text for source in answer.sources] == ["EUR 40"]
    assert engine.store.cells(answer.run) == []

    assert route(engine, small(engine, tmp_path, SHORT * 300)) is RECURSIVE  # longer than what was measured
    assert route(engine, corpus, follows=answer.run) is RECURSIVE
    engine.use(ScriptedModel(reader, n_ctx=4096))  # nothing is known of this window
    assert route(engine, corpus) is RECURSIVE


def test_results_count_for_the_same_model_and_window_alone(engine: Engine) -> None:
    info = engine.model.info
    assert series_of(info, 0) == Bench(engine).series != series_of(info, 1)
