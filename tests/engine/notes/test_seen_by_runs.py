"""What a run sees of notes: those that were there when it began, in its cells and its prompt, and again when it is verified."""

from __future__ import annotations

import json

import pytest

from engine import prompt
from engine.engine import DIRECT
from engine.exchange.export import export
from engine.llm.scripted import ScriptedModel
from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.resume.carrying import following
from engine.store.database.notes import Asked, Noted
from tests.engine.exchange.notebook.jupyter import run_cells, words
from tests.engine.run.conftest import cell

pytestmark = pytest.mark.sandbox
LOOK = cell(
    "print(context[0].notes)\nnotes = [n for d in context for n in d.notes if n.kind == 'fact']\nprint(len(notes), notes[0].text)"
)
FINISH = cell("FINAL(notes[0].text, notes[0])")


def ask(desk, *replies, **options):
    model = ScriptedModel(replies)
    desk.engine.use(model)
    return desk.engine.ask("Who signed?", desk.corpus, **options), model


def outputs(desk, run):
    return "".join(e.payload["output"].get("text", "") for e in desk.store.events(run) if e.kind == "output")


def more_notes(desk):
    """Note something else of the first document."""
    text = desk.store.noted(desk.corpus.id, "scripted")[0][0]
    row = Asked(0, "later", 99, "fact", 2, 7, "Lease")
    desk.store.save_notes(text, ("scripted", "scripted"), [row], Noted(99, True))


def test_a_cell_finds_the_notes_of_a_document_and_cites_one(desk):
    desk.make()
    answer, _ = ask(desk, LOOK, FINISH)
    assert "[about at 0: a paper, outline at 2: Lease, fact at 45: 3 May 2024," in outputs(desk, answer.run)
    assert answer.answer == "3 May 2024"
    (source,) = answer.sources
    assert (source.document, source.text, source.status) == (0, "3 May 2024", "exact")


def test_the_model_is_told_of_notes_where_there_are_any_and_else_nothing_changes(desk):
    _, model = ask(desk, cell("FINAL('none', context[0])"))
    before = model.requests[0].messages
    assert "Notes:" not in before[1].content and "notes" not in before[0].content
    desk.make()
    _, model = ask(desk, cell("FINAL('none', context[0])"))
    system, user = model.requests[0].messages
    (told,) = [line for line in user.content.split("\n") if line.startswith("Notes: ")]
    assert "a model read 2 documents before" in told and ".kind (outline, about, fact)" in told
    assert (system, user.content.replace(told + "\n", "")) == (before[0], before[1].content)
    small = prompt.Facts("q", "c", "compact", 1, 1, 1, 1, 1, 1, noted=2)
    assert "Notes" not in prompt.opening(small)[1].content


def test_without_notes_a_document_has_none_and_the_run_records_none(desk):
    answer, _ = ask(desk, cell("print(context[0].notes, context.notes)"), cell("FINAL('no', context[0])"))
    assert outputs(desk, answer.run) == "[] []\n"
    assert desk.store.events(answer.run)[0].fact.notes is None


def test_a_run_verifies_whatever_was_noted_since(desk):
    desk.make()
    answer, _ = ask(desk, LOOK, FINISH)
    more_notes(desk)
    assert len(json.loads(desk.store.events(answer.run)[0].fact.notes)) == 8
    verdict = verify(desk.store, desk.engine.kernels, answer.run)
    assert verdict.holds and {check.result for check in verdict.checks} == {"holds"}
    again, _ = ask(desk, cell("print(len(context.notes))"), FINISH.replace("notes[0]", "context.notes[0]"))
    assert outputs(desk, again.run) == "9\n"


def test_a_fork_and_a_follow_up_see_what_the_run_before_saw(desk):
    desk.make()
    first, _ = ask(desk, LOOK, FINISH)
    more_notes(desk)
    count = cell("print('count', len(context.notes))")
    desk.engine.use(ScriptedModel([count, FINISH]))
    forked = fork(desk.engine, first.run, 2)
    assert (
        "count 8\n" in outputs(desk, forked.run) and verify(desk.store, desk.engine.kernels, forked.run).holds
    )
    desk.engine.use(ScriptedModel([]))
    follows = {"follows": first.run, "strategy": following(desk.engine, desk.corpus, first.run)}
    later, _ = ask(desk, count, FINISH, **follows)
    assert outputs(desk, later.run) == "count 8\n" and later.answer == "3 May 2024"
    assert verify(desk.store, desk.engine.kernels, later.run).holds


def test_a_direct_run_is_given_no_notes(desk):
    desk.make()
    answer, _ = ask(desk, "Anna Brisk", strategy=DIRECT)
    assert answer.answer == "Anna Brisk" and desk.store.events(answer.run)[0].fact.notes is None


def test_an_exported_notebook_holds_the_notes_that_its_cells_read(desk, tmp_path):
    desk.make()
    answer, _ = ask(desk, LOOK, FINISH)
    notebook = json.loads(export(desk.store, answer.run, "ipynb").text)
    said = [words(outputs) for _, outputs in run_cells(notebook, tmp_path)]
    assert said[1] == outputs(desk, answer.run)
    assert said[-1].startswith("The cells give the recorded answer again: 3 May 2024")
