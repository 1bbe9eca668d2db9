"""A run whose turn was being taken anew when its program was killed, at any of its events."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.events import RunEnded
from engine.llm.scripted import ScriptedModel
from engine.replay.verify import verify
from engine.resume import resume
from engine.types import Settings
from tests.engine.run.conftest import cell

pytestmark = pytest.mark.sandbox
INTERRUPTED = RunEnded("interrupted", None, (), None, None, 1.5, 1, "The program ended.", False, (), None)
SCRIPTS = {
    "fails": [cell(f"x = {n}\nmissing{n}") for n in range(5)] + [cell("FINAL(x)")],
    "nothing": [cell(f"FINAL(len(context.matching(r'Hald{n}')))") for n in range(5)],
}


def small(replies):
    model = ScriptedModel(replies)
    model.info = replace(model.info, parameters=135_000_000)
    return model


@pytest.mark.parametrize(("name", "answer"), [("fails", "4"), ("nothing", "0")])
def test_a_run_goes_on_from_a_turn_that_was_taken_anew(data_dir, folder, kernels, name, answer):
    with Engine(data_dir, small(SCRIPTS[name]), kernels) as engine:
        whole = engine.ask("How many?", engine.add([folder]), Settings())
        assert whole.answer == answer
        events = engine.store.events(whole.run)
        kept = [at for at, event in enumerate(events) if at > 2 and event.kind not in ("draft", "note")]
        for at in kept[1::3]:
            run = engine.store.new_run(events[0].fact)
            for event in events[1 : at + 1]:
                engine.store.append(run, event.node, event.fact)
            engine.store.append(run, "0", INTERRUPTED)
            engine.use(small(lambda request: SCRIPTS[name][-1]))
            again = resume(engine, run)
            assert again.answer is not None, events[at]
            verdict = verify(engine.store, kernels, run)
            assert verdict.holds, (events[at], [one for one in verdict.checks if one.result == "fails"])
