"""Questions kept from real runs, asked again of scripted models."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.checks import check, keep
from engine.engine import Engine
from engine.errors import InputError
from engine.exchange.incoming.reading import import_log, read_log
from engine.llm.scripted import ScriptedModel
from engine.replay.fork import fork
from engine.types import Settings
from tests.engine.run.conftest import cell, folder  # noqa: F401

LOGS = Path(__file__).parents[1] / "exchange" / "incoming" / "logs"


@pytest.fixture
def engine(data_dir, folder, kernels):  # noqa: F811
    with Engine(data_dir, ScriptedModel([]), kernels) as opened:
        yield opened


@pytest.fixture
def asked(engine, folder):  # noqa: F811
    """Ask with an answer that the script gives; returns the id of the run."""

    def ask(answer, question="How many letters mention Halden?", **more):
        engine.use(ScriptedModel([said(answer)], name="old"))
        return engine.ask(question, engine.add([folder]), **more).run

    return ask


def said(answer, sources="context.grep('Halden')"):
    return cell(f"FINAL({answer!r}, {sources})")


def checked(engine, *replies):
    engine.use(ScriptedModel(replies, name="new"))
    return [*check(engine)]


def test_an_answer_that_says_the_same_is_not_worse(engine, asked):
    run = asked("450 crowns")
    assert keep(engine.store, run)["accepted"] == "450 crowns"
    (found,) = checked(engine, said("The deposit is 450 Crowns."))
    assert (found.right, found.worse, found.lost, found.new, found.model) == (True, "", 0, 0, "new")
    assert (
        found.calls == found.calls_before == 1 and engine.store.run(found.run)["question"] == found.question
    )


def test_an_answer_that_is_wrong_now_is_worse_once_and_right_again_is_not(engine, asked):
    run = asked("2")
    keep(engine.store, run)
    (found,) = checked(engine, said("3"))
    assert (found.right, found.was_right, found.worse) == (False, True, "answer")
    (found,) = checked(engine, said("3"))
    assert (found.right, found.was_right, found.worse) == (False, False, "")
    (found,) = checked(engine, said("2"))
    assert (found.right, found.was_right, found.worse) == (True, False, "")
    (row,) = engine.store.kept()
    assert [result["right"] for result in row["results"]] == [False, False, True]
    assert [result["worse"] for result in row["results"]] == ["answer", "", ""]


def test_an_answer_of_a_person_counts_in_place_of_the_one_of_the_run(engine, asked):
    run = asked("3")
    keep(engine.store, run, "2")
    (found,) = checked(engine, said("2"))
    assert (found.accepted, found.right, found.was_right, found.worse) == ("2", True, False, "")


def test_sources_that_are_lost_or_not_there_are_said(engine, asked):
    keep(engine.store, asked("2"))
    (found,) = checked(engine, said("2", "[]"))
    assert found.right and found.worse == "sources: none any more" and found.lost > 0
    (found,) = checked(engine, said("2", "context.grep('deposit')"))
    assert found.right and found.worse == "" and found.lost > 0 and found.new == 1


def test_a_question_that_cannot_be_asked_any_more_is_worse_and_the_others_are_asked(engine, asked, folder):  # noqa: F811
    import shutil
    from pathlib import Path

    keep(engine.store, asked("2"))
    (folder / "more.txt").write_text("Halden again.\n")
    keep(engine.store, asked("3"))
    shutil.rmtree(Path(engine.store.corpus(engine.store.kept()[0]["corpus"])["path"]))
    first, second = checked(engine, said("3"))
    assert first.worse == "it could not be asked" and "readable corpus" in first.problem and first.run == ""
    assert second.right and second.worse == ""


def test_a_kept_question_goes_with_its_run_and_a_result_with_its_own(engine, asked):
    run, other = asked("2"), asked("3")
    keep(engine.store, run)
    keep(engine.store, other)
    first, _ = checked(engine, said("2"), said("3"))
    assert engine.store.delete_run(first.run)["checks"] == 0
    assert [len(row["results"]) for row in engine.store.kept()] == [0, 1]
    assert engine.store.delete_run(run)["checks"] == 1
    assert [row["run"] for row in engine.store.kept()] == [other]
    engine.store.drop_kept(other)
    assert engine.store.kept() == [] and engine.store.run(other)["answer"] == "3"
    with pytest.raises(InputError, match="is not kept"):
        engine.store.drop_kept(other)


def test_what_cannot_be_kept(engine, asked):
    run = asked("2")
    follow = asked("3", follows=run)
    with pytest.raises(InputError, match=f"follows {run}"):
        keep(engine.store, follow)
    with pytest.raises(InputError, match="There is no run"):
        keep(engine.store, "nothing")
    with pytest.raises(InputError, match=r"has no answer\. Say which one you accept with --answer TEXT"):
        keep(engine.store, run, "  ")


def test_a_question_about_one_document_is_asked_again_of_that_one_with_the_same_limits(engine, folder):  # noqa: F811
    part = {"kind": "document", "document": 0, "start": 0, "end": 57}
    engine.use(ScriptedModel([cell("FINAL(str(len(context)))")], name="old"))
    run = engine.ask("How long is it?", engine.add([folder]), Settings(max_turns=5), part=part).run
    keep(engine.store, run)
    (found,) = checked(engine, cell("FINAL(str(len(context)))"))
    assert (found.answer, found.worse) == ("57", "")
    then, now = engine.store.run(run)["settings"], engine.store.run(found.run)["settings"]
    assert now == then and then["reply_tokens_set"] is None


def test_what_was_not_asked_here_or_only_after_another_question_is_not_kept(engine, asked, folder):  # noqa: F811
    (imported, *_) = import_log(engine.store, read_log(LOGS / "rlms_child.jsonl"))
    with pytest.raises(InputError, match=r"did not come from asking a question here \(imported\)"):
        keep(engine.store, imported)
    follow = asked("3", follows=asked("2"))
    branch = fork(engine, follow, 1, code="FINAL('4 letters')").run
    with pytest.raises(
        InputError, match=f"{branch} follows {follow}, and its question may mean something only"
    ):
        keep(engine.store, branch)
    whole = fork(engine, asked("2"), 1, code="FINAL('4 letters')").run
    assert keep(engine.store, whole)["accepted"] == "4 letters"


def test_a_kept_question_that_is_deleted_while_others_are_asked_is_passed_over(engine, asked):
    run, other = asked("2"), asked("3")
    keep(engine.store, run)
    keep(engine.store, other)
    engine.use(ScriptedModel([said("2")], name="new"))
    found = check(engine)
    assert next(found).kept == run
    engine.store.delete_run(other)
    assert [*found] == []


def test_a_question_whose_run_was_deleted_a_moment_ago_is_not_kept(engine, asked):
    run = asked("2")
    keep(engine.store, asked("3"))
    engine.store.delete_run(run)
    with pytest.raises(InputError, match=f"There is no run '{run}'; it may have been deleted"):
        engine.store.keep(run, "2")
    assert [row["accepted"] for row in engine.store.kept()] == ["3"]


def test_one_of_them_is_asked_alone_and_each_is_named_before_it_is(engine, asked):
    first, second = asked("2"), asked("Anna", question="Who wrote?")
    keep(engine.store, first)
    keep(engine.store, second)
    named = []
    engine.use(ScriptedModel([said("Anna")], name="new"))
    (found,) = check(engine, only=[second], asking=lambda row: named.append(row["run"]))
    assert found.kept == second and named == [second]
    assert [len(row["results"]) for row in engine.store.kept()] == [0, 1]
