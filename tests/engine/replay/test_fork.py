"""Forks: a new run that shares the cells before one, at the root and below it, with an edited cell or a new reply."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.events import NodeStarted
from engine.llm.scripted import ScriptedModel
from engine.replay import ReplayError, replay_node
from engine.replay.fork import fork
from engine.replay.origin import corpus_of
from tests.engine.replay.conftest import script

pytestmark = pytest.mark.sandbox
CELLS = (
    "hits = context.grep('Halden')\nprint(len(hits))",
    "names = map_query('Who? Say: Anna', [context[0], context[1]])\nprint(names)",
    "n = len(hits)\nprint(n)",
    "FINAL(f'{n} letters by {names[0]}', hits)",
)


@pytest.fixture
def base(desk):
    return desk.ask(*CELLS)


def forked(desk, base, cell, *rest, **given):
    """The record of a fork; the model has only the replies `rest` for the root, and none for sub-calls."""
    model = ScriptedModel([f"```repl\n{code}\n```" for code in rest])
    desk.engine.use(model)
    answer = fork(desk.engine, base.id, cell, **given)
    return answer, desk.record(answer.run), model


def all_hold(desk, record):
    path = corpus_of(desk.engine.store, record)
    found = [
        one for node in record.sessions() for one in replay_node(desk.engine.kernels, path, record, node)
    ]
    return {one.verdict for one in found} <= {"same", "explained"} and len(found)


@pytest.mark.parametrize("cell", [1, 2, 3, 4])
def test_an_edited_cell_goes_on_from_the_state_before_it(desk, base, cell):
    code = "print('mine', sorted(k for k in ('hits', 'names', 'n') if k in globals()))"
    answer, record, model = forked(desk, base, cell, "FINAL('forked answer')", code=code)
    assert answer.answer == "forked answer" and answer.run != base.id
    cells = record.nodes["0"].cells
    assert [one.started.code for one in cells] == [*CELLS[: cell - 1], code, "FINAL('forked answer')"]
    known = [[], ["hits"], ["hits", "names"], ["hits", "n", "names"]][cell - 1]
    assert cells[cell - 1].outputs[0]["text"] == f"mine {known}\n"
    assert len(model.requests) == 1 and answer.usage.calls == 1  # what came before is not paid again
    assert f"mine {known}" in model.requests[0].messages[-1].content
    assert record.started.forked == {"run": base.id, "node": "0", "cell": cell}
    assert record.started.session != base.started.session or record.started.session is None
    assert all_hold(desk, record) == cell + 1


def test_without_code_the_model_is_asked_what_it_was_asked_then(desk, base):
    answer, record, model = forked(desk, base, 3, "FINAL(names[0])")
    assert answer.answer == "Anna" and answer.sources
    then = [fact for _, fact in base.nodes["0"].asked if fact.turn == 3]
    now = [fact for _, fact in record.nodes["0"].asked if fact.turn == 3]
    assert [one.messages for one in now] == [one.messages for one in then]
    sent = model.requests[0].messages
    assert [m.role for m in sent] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert sent[2].content == f"```repl\n{CELLS[0]}\n```"


def test_the_record_says_that_a_person_wrote_the_cell(desk, base):
    _, record, _ = forked(desk, base, 2, "FINAL('x is one')", code="x = 1")
    reply = record.nodes["0"].replies[2]
    assert (reply.finish, reply.code, reply.usage.calls) == ("edited", "x = 1", 0)


def test_two_forks_of_one_cell_are_two_branches_and_a_fork_can_be_forked(desk, base):
    _, one, _ = forked(desk, base, 4, code="FINAL('first branch')")
    _, two, _ = forked(desk, base, 4, code="FINAL('second branch')")
    assert one.id != two.id and (one.ended.answer, two.ended.answer) == ("first branch", "second branch")
    _, third, _ = forked(desk, two, 3, "FINAL('of a branch')", code="print(len(names))")
    assert third.started.forked["run"] == two.id and third.ended.answer == "of a branch"
    assert all_hold(desk, third) == 4


def test_other_questions_limits_and_seeds(desk, base):
    _, record, model = forked(
        desk,
        base,
        2,
        "FINAL(f'{len(question)} characters')",
        question="Who wrote of Halden?",
        changes={"seed": 7, "depth": 0},
    )
    assert (record.ended.answer, record.started.question) == ("20 characters", "Who wrote of Halden?")
    assert "Who wrote of Halden?" in model.requests[0].messages[-1].content
    assert (record.started.settings["seed"], record.started.settings["depth"]) == (7, 0)
    assert record.started.settings["max_turns"] == base.started.settings["max_turns"]
    assert all_hold(desk, record) == 2
    _, again, _ = forked(desk, record, 1, "FINAL(f'{len(question)} characters')")
    assert (again.ended.answer, again.started.question) == ("32 characters", base.started.question)


def test_a_child_is_forked_and_its_siblings_are_taken_from_the_record(desk):
    desk.engine.use(
        ScriptedModel(
            script(
                "first = llm_query('Say: before')\nparts = rlm_query_batched('How long?', [context[0], context[1]])\n"
                "last = llm_query('Say: after')\nprint(first, parts, last)",
                "FINAL(f'{first} {parts} {last}')",
                child="size = len(context)\nFINAL(str(size))",
            )
        )
    )
    run = desk.engine.ask("How long are they?", desk.corpus).run
    base = desk.record(run)
    sibling, target = base.nodes["0"].cells[0].calls[2].made.children
    model = ScriptedModel(script("", "FINAL(f'{first} {parts} {last}')"))
    desk.engine.use(model)
    answer = fork(desk.engine, run, 1, node=target, code="FINAL('another length')")
    size = base.nodes[sibling].ended.answer
    assert answer.answer == f"before ['{size}', 'another length'] after"
    record = desk.record(answer.run)
    assert [r.role for r in model.requests] == ["sub", "root"]  # "after" and the reply that follows
    assert [id for id in record.nodes] == [id for id in base.nodes]
    facts = [type(event.fact) for event in record.events if event.node in (sibling, target)]
    assert facts.count(NodeStarted) == 2 and answer.nodes == len(record.nodes)
    assert all_hold(desk, record) == 4


def test_a_child_is_forked_whose_cell_asked_for_it_by_clock_and_chance(desk):
    asks = "import time, uuid\nparts = rlm_query_batched(f'How long at {time.time()}, {uuid.uuid4()}?', [context[0]])"
    base = desk.ask(asks, "FINAL(parts[0])")
    model = ScriptedModel(script("", "FINAL(parts[0])"))
    desk.engine.use(model)
    (target,) = base.nodes["0"].cells[0].calls[1].made.children
    answer = fork(desk.engine, base.id, 1, node=target, code="FINAL('another length')")
    assert answer.answer == "another length"
    assert all_hold(desk, desk.record(answer.run)) == 3


def test_what_is_not_there_is_said(desk, base):
    with pytest.raises(InputError, match="node 0 has no cell 9; it holds cells 1 to 4"):
        fork(desk.engine, base.id, 9)
    with pytest.raises(InputError, match=r"has no node '0\.7'"):
        fork(desk.engine, base.id, 1, node="0.7")
    with pytest.raises(InputError, match="code of the fork is empty"):
        fork(desk.engine, base.id, 1, code=" ")


def test_changed_documents_are_not_forked(desk, base):
    text = corpus_of(desk.engine.store, base) / "text.utf8"
    good = text.read_bytes()
    text.write_bytes(good.replace(b"noon", b"dusk"))
    try:
        with pytest.raises(ReplayError, match="text of the documents was changed after the run"):
            fork(desk.engine, base.id, 2, code="FINAL('x is y')")
    finally:
        text.write_bytes(good)
