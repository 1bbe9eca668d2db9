"""Runs of the app: started in threads, followed up, stopped, deleted; errors name what to do."""

from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient

from app.errors import Conflict, NotFound
from app.workbench import Workbench
from engine.errors import InputError, ModelError
from engine.llm.scripted import ScriptedModel, ScriptedReply
from tests.app.runs_fixture import Bench, api, opened, papers, until
from tests.app.script import HOLD, cell

pytestmark = pytest.mark.sandbox


@pytest.fixture
def bench(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as made:
        yield made


@pytest.fixture
def http(bench: Bench):
    return TestClient(api(bench.workbench))


def test_a_run_begins_at_once_and_ends_by_itself(bench, http):
    release = threading.Event()
    bench.say = lambda request: release.wait(300) and cell("FINAL('2', *context.grep('Halden'))")
    answer = http.post("/api/runs", json={"question": "How many?", "corpus": bench.corpus})
    run = answer.json()["run"]
    assert answer.status_code == 200 and answer.json()["session"] == run
    assert bench.runs.live() == [run] and http.get(f"/api/runs/{run}/log").json()["run"]["live"] is True
    release.set()
    bench.ended(run)
    log = http.get(f"/api/runs/{run}/log").json()
    row = log["run"]
    assert (row["status"], row["answer"], row["live"], row["runs"]) == ("answered", "2", False, [run])
    assert row["corpus_name"] == "papers" and {s["name"] for s in row["sources"]} == {
        "letters/anna.txt",
        "letters/tom.txt",
    }
    assert [e["s"] for e in log["events"]] == list(range(1, log["last"] + 1)) and log["events"][-1][
        "k"
    ] == "fin"
    assert "owner" not in row
    later = http.get(f"/api/runs/{run}/log?after={log['last'] - 2}").json()
    assert [e["s"] for e in later["events"]] == [log["last"] - 1, log["last"]]


def test_without_a_model_a_question_is_refused_and_nothing_is_stored(data_dir, tmp_path):
    with Workbench(data_dir) as workbench:
        corpus = workbench.engine.add([papers(tmp_path / "papers")]).id
        with pytest.raises(ModelError, match="no model is loaded yet"):
            workbench.runs.start("How many?", corpus)
        assert workbench.engine.store.runs() == [] and workbench.runs.live() == []


def test_a_fifth_run_at_once_is_refused_until_one_ends(bench, http):
    bench.say = lambda request: HOLD
    running = [bench.start(f"Question {n}?") for n in range(4)]
    body = {"question": "One more?", "corpus": bench.corpus}
    answer = http.post("/api/runs", json=body)
    assert answer.status_code == 409 and "4 runs are going on already" in answer.json()["error"]
    assert len(bench.store.runs()) == 4
    assert http.post(f"/api/runs/{running[0]}/stop").json() == {"stopped": ["0"]}
    assert bench.ended(running[0])["status"] == "interrupted"
    assert http.post("/api/runs", json=body).status_code == 200
    for run in bench.runs.live():
        bench.runs.stop(run)


def test_the_time_limit_is_changed_while_a_run_goes_on(bench, http):
    bench.say = lambda request: HOLD
    run = bench.start()
    assert http.post(f"/api/runs/{run}/limit", json={"seconds": 900}).json() == {"seconds": 900.0}
    told = [e for e in bench.runs.log(run)["events"] if e["k"] == "note"]
    assert [(e["lim"], e["h"]) for e in told] == [(900.0, "the time limit is now 900 seconds")]
    assert http.post(f"/api/runs/{run}/limit", json={"seconds": 0}).status_code == 400
    bench.runs.stop(run)
    bench.ended(run)
    late = http.post(f"/api/runs/{run}/limit", json={"seconds": 900})
    assert late.status_code == 409 and "has ended" in late.json()["error"]
    assert http.post("/api/runs/none/limit", json={"seconds": 900}).status_code == 404


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"depth": -1}, "depth has to be a whole number from 0"),
        ({"depth": 99}, "from 0 to 8"),
        ({"max_turns": 0}, "max_turns has to be"),
        ({"max_turns": 2.5}, "whole number"),
        ({"max_turns": "many"}, "whole number"),
        ({"max_turns": True}, "whole number"),
        ({"temperature": float("nan")}, "temperature has to be a number"),
        ({"temperature": float("inf")}, "temperature has to be a number"),
        ({"colour": 3}, "'colour' is not a setting"),
    ],
)
def test_settings_out_of_range_are_named(bench, settings, problem):
    with pytest.raises(InputError, match=problem):
        bench.start(settings=settings)
    assert bench.store.runs() == []


def test_settings_reach_the_run(bench):
    settings = {
        "depth": 2,
        "max_turns": 5.0,
        "max_calls": 9,
        "max_tokens": 90_000,
        "max_seconds": 60,
        "seed": 7,
        "temperature": 0.5,
    }
    stored = bench.ask(settings=settings)["settings"]
    assert {**settings, "max_turns": 5}.items() <= {**stored, **stored["sampling"]}.items()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": "  "}, 400),
        ({"question": "x", "corpus": "none"}, 404),
        ({"question": "word " * 40_000}, 400),
        ({"question": "x", "follows": "none"}, 404),
        ({"question": "x", "session": "none"}, 404),
    ],
)
def test_a_question_that_cannot_be_asked_gets_a_sentence(bench, http, body, status):
    answer = http.post("/api/runs", json={"corpus": bench.corpus, **body})
    assert answer.status_code == status and answer.json()["error"]
    assert bench.store.runs() == [] and bench.runs.live() == []


def test_a_follow_up_knows_what_was_asked_before(bench, http):
    bench.say = lambda request: cell("FINAL('noon, by ferry')")
    first = bench.ask("When does Anna travel?")["run"]
    bench.say = lambda request: cell("FINAL('Halden')")
    second = http.post(
        "/api/runs", json={"question": "Where to?", "corpus": bench.corpus, "session": first}
    ).json()
    assert second["session"] == first
    row = bench.ended(second["run"])
    assert (row["session"], row["follows"]) == (first, first)
    opening = bench.model.requests[-1].messages[1].content
    assert "- When does Anna travel? Answer: noon, by ferry" in opening
    third = bench.ask("And back?", follows=second["run"])
    assert (
        third["session"] == first
        and "Where to? Answer: Halden" in bench.model.requests[-1].messages[1].content
    )
    assert "Asked before" not in bench.model.requests[0].messages[1].content
    assert http.get(f"/api/runs/{first}/log").json()["run"]["runs"] == [first, second["run"], third["run"]]


def test_a_run_that_goes_on_cannot_be_followed_yet(bench):
    bench.say = lambda request: HOLD
    run = bench.start()
    with pytest.raises(Conflict, match="still going on"):
        bench.start("And then?", session=run)
    bench.runs.stop(run)


def test_one_subtree_is_stopped_over_http_while_its_sibling_finishes(bench, http):
    def say(request):
        text = "\n".join(m.content for m in request.messages)
        if "Question: slow" in text:
            return HOLD
        if "Question: quick" in text:
            return cell("FINAL('fast')")
        if len(request.messages) == 2:
            return cell("got = rlm_query_batched(['slow', 'quick'], [context, context])\ngot")
        return cell("FINAL(' | '.join(got))")

    bench.say = say
    run = bench.start()
    until(lambda: any(e.node == "0.2" and e.kind == "node_finished" for e in bench.store.events(run)))
    until(lambda: (http.get(f"/api/runs/{run}/nodes/0.1").json().get("draft") or "").startswith(HOLD))
    assert http.post(f"/api/runs/{run}/stop", json={"node": "0.1"}).json() == {"stopped": ["0.1"]}
    row = bench.ended(run)
    assert row["status"] == "answered" and row["answer"].endswith("| fast") and "stopped" in row["answer"]
    detail = http.get(f"/api/runs/{run}/nodes/0.1").json()
    assert detail["node"]["status"] == "stopped" and detail["draft"].startswith(HOLD)
    assert {"seq": detail["notes"][0]["seq"], "level": "stop", "text": "stopped by the user"} == detail[
        "notes"
    ][0]
    assert http.post(f"/api/runs/{run}/stop").json() == {"stopped": []}  # it has ended
    assert bench.store.check() == []


def test_what_is_not_at_work_cannot_be_stopped(bench, http):
    bench.say = lambda request: HOLD
    run = bench.start()
    answer = http.post(f"/api/runs/{run}/stop", json={"node": "0.7"})
    assert answer.status_code == 409 and "not at work" in answer.json()["error"]
    assert http.post("/api/runs/none/stop").status_code == 404
    bench.runs.stop(run)


def test_a_run_keeps_the_model_it_began_with(bench):
    began, release = threading.Event(), threading.Event()

    def say(request):
        began.set()
        return release.wait(300) and cell("FINAL('old')")

    bench.say = say
    run = bench.start()
    assert began.wait(60)
    new = ScriptedModel([cell("FINAL('new')")], name="new")
    bench.workbench.engine.use(new)
    release.set()
    assert bench.ended(run)["answer"] == "old"
    with pytest.raises(ModelError):  # its last run has ended, so it was closed
        bench.model.submit(bench.model.requests[0])
    assert bench.ask()["answer"] == "new"


def test_deleting_a_run_takes_it_away_but_not_while_it_runs(bench, http):
    done = bench.ask()["run"]
    bench.say = lambda request: HOLD
    running = bench.start()
    assert http.delete(f"/api/runs/{running}").status_code == 409
    receipt = http.delete(f"/api/runs/{done}").json()
    assert receipt["runs"] == [done] and receipt["erased"] is True
    assert http.get(f"/api/runs/{done}/log").status_code == 404
    assert http.delete(f"/api/runs/{done}").status_code == 404
    bench.runs.stop(running)


def test_closing_stops_what_runs_and_keeps_it(bench):
    bench.say = lambda request: HOLD
    runs = [bench.start(), bench.start()]
    until(lambda: all(len(bench.store.events(run)) > 2 for run in runs))
    bench.runs.close()
    assert [bench.store.run(run)["status"] for run in runs] == ["interrupted"] * 2
    with pytest.raises(Conflict, match="closing"):
        bench.start()


def test_speed_is_measured_by_runs(bench):
    speeds, info = bench.workbench.engine.speeds, bench.workbench.engine.model.info
    assert speeds.of(info) is None
    bench.say = lambda request: ScriptedReply(cell("FINAL('2')  # " + "x" * 200), delay=0.05)
    bench.ask()
    bench.ask()
    until(lambda: speeds.of(info) is not None and speeds.of(info).runs == 2)
    speed = speeds.of(info)
    assert 0 < speed.read < 100_000 and 0 < speed.write < 100_000


def test_unknown_runs_and_nodes_are_not_found(bench, http):
    run = bench.ask()["run"]
    for path in (
        "/api/runs/x/log",
        f"/api/runs/{run[:8]}/log",
        f"/api/runs/{run}/nodes/0.9",
        "/api/live?run=x",
    ):
        assert http.get(path).status_code == 404, path
    with pytest.raises(NotFound):
        bench.runs.row("x")


def test_whole_numbers_that_a_fork_is_given_as_fractions_are_whole(bench, http):
    bench.say = lambda request: cell("FINAL('2')")
    run = http.post("/api/runs", json={"question": "How many?", "corpus": bench.corpus}).json()["run"]
    bench.ended(run)
    body = {"cell": 1, "code": "FINAL('3')", "settings": {"depth": 2.0, "seed": 7.0, "max_seconds": 60}}
    fork = http.post(f"/api/runs/{run}/fork", json=body).json()["run"]
    bench.ended(fork)
    settings = bench.workbench.engine.store.run(fork)["settings"]
    found = [settings[name] for name in ("depth", "seed", "max_seconds", "max_turns")]
    assert found == [2, 7, 60.0, 12] and [type(one) for one in found] == [int, int, float, int]
