"""`verify`: what holds, what differs for a reason, and what each alteration of the record or the documents breaks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.errors import Cancelled, InputError
from engine.events import RunEnded
from engine.llm.scripted import ScriptedModel
from engine.replay import corpus_of
from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.stop import Stop
from tests.engine.replay.conftest import script
from tests.proof.forger import alter
from tests.proof.varied_cells import cells_of
from tests.proof.verify import ALTERATIONS, FIVE, caught

pytestmark = pytest.mark.sandbox
QUESTION = "How many letters mention Halden?"


def verdict_of(desk, run):
    desk.engine.use(None)
    return verify(desk.engine.store, desk.engine.kernels, run)


@pytest.mark.parametrize("seed", [1, 4, 6])
def test_runs_of_varied_cells_verify_without_a_model(desk, seed):
    record = desk.ask(*cells_of(seed))
    verdict = verdict_of(desk, record.id)
    assert verdict.holds, [c for c in verdict.checks if c.result == "fails"]
    assert {check.result for check in verdict.checks} <= {"holds", "explained"}
    assert {check.node for check in verdict.checks} >= set(record.nodes)
    told = verdict.to_json()
    assert told["holds"] and set(told["nodes"]) == set(record.nodes)
    assert sum(check.what == "cell" for check in verdict.checks) == sum(
        len(n.cells) for n in record.nodes.values()
    )


CAUGHT = {  # by what, where the forger made chain and tables anew
    "output of a cell": ["cell"],
    "output that varies, its fixed part": ["cell"],
    "output that varies, its varying part": [],
    "answer of the run": ["answer", "agreement"],
    "prompt of a sub-call": ["prompts", "answers"],
    "prompt, with its hash": ["cell"],
    "answer of a sub-call, wherever it stands": ["cell"],
    "source: its text": ["sources"],
    "source: its place": ["sources"],
    "agreement of the answer": ["agreement"],
}


@pytest.mark.parametrize("altered", CAUGHT)
def test_what_is_altered_is_caught_though_the_chain_was_made_anew(desk, altered):
    record = desk.ask(*FIVE)
    assert alter(desk.engine.store.folder, record.id, ALTERATIONS[altered], anew=True) > 0
    verdict = verdict_of(desk, record.id)
    assert caught(verdict) == CAUGHT[altered]
    assert verdict.holds == (not CAUGHT[altered])


def test_what_is_edited_by_hand_breaks_the_chain(desk):
    record = desk.ask(*FIVE)
    varying = ALTERATIONS["output that varies, its varying part"]
    assert alter(desk.engine.store.folder, record.id, varying, anew=False) == 1
    assert caught(verdict_of(desk, record.id)) == ["record"]


def test_another_text_of_a_document_is_caught_cited_or_not(desk):
    record = desk.ask("FINAL('Halden', context.grep('Halden'))")
    text = corpus_of(desk.engine.store, record) / "text.utf8"
    good = text.read_bytes()
    try:
        for old, new, found in (
            (b"450", b"451", ["documents"]),
            (b"Halden", b"Bergen", ["documents", "sources"]),
        ):
            text.write_bytes(good.replace(old, new))
            assert caught(verdict_of(desk, record.id))[: len(found)] == found
    finally:
        text.write_bytes(good)


def test_forks_children_and_direct_answers_verify(desk):
    record = desk.ask("a = rlm_query('How long is it?', context[0])\nprint(a)", "FINAL(f'{a} characters')")
    desk.engine.use(ScriptedModel(script("", "FINAL(f'{a} characters')", child="FINAL('7')")))
    answer = fork(desk.engine, record.id, 1, node="0.1", code="FINAL('seven')")
    verdict = verdict_of(desk, answer.run)
    assert verdict.holds, [c for c in verdict.checks if c.result == "fails"]
    assert answer.answer == "seven characters"


def test_a_run_that_goes_on_and_one_that_is_not_there_are_refused(desk):
    with pytest.raises(InputError, match="There is no run"):
        verify(desk.engine.store, desk.engine.kernels, "nothing")


def test_an_answer_that_quotes_its_question_verifies(desk):
    quoting = "FINAL('The \u201cnight boats\u201d are not named.', context.grep('Halden'))"
    record = desk.ask(quoting, question="Who speaks of night boats?")
    assert [quote["status"] for quote in record.ended.agreement["quotations"]] == ["asked"]
    assert caught(verdict_of(desk, record.id)) == []


def test_an_agreement_of_an_older_version_is_not_said_to_differ(desk):
    record = desk.ask(*FIVE)

    def older(node, fact):
        if not isinstance(fact, RunEnded):
            return fact
        kept = {name: one for name, one in fact.agreement.items() if name not in ("marks", "quotations")}
        return replace(fact, agreement=kept)

    assert alter(desk.engine.store.folder, record.id, older, anew=True) == 1
    verdict = verdict_of(desk, record.id)
    assert verdict.holds
    (said,) = [check.text for check in verdict.checks if check.what == "agreement"]
    assert "did not look at: marks, quotations" in said


def test_it_says_how_many_cells_are_done_and_a_stop_ends_it(desk):
    record = desk.ask("x = 1", "rlm_query_batched('How long?', [context[0], context[1]])", "FINAL('done')")
    cells = sum(len(node.cells) for node in record.sessions())
    heard = []
    verify(
        desk.engine.store,
        desk.engine.kernels,
        record.id,
        progress=lambda done, of: heard.append((done, of)),
    )
    assert cells == 5 and heard == [(done, cells) for done in range(cells + 1)]

    stop, heard = Stop(), []

    def stop_at_two(done: int, of: int) -> None:
        heard.append(done)
        if done == 2:
            stop.request()

    with pytest.raises(Cancelled):
        verify(desk.engine.store, desk.engine.kernels, record.id, stop=stop, progress=stop_at_two)
    assert heard == [0, 1, 2]
