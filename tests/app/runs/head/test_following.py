"""The head of a run that goes on: in its log and, twice a second, in the stream of who follows it."""

from __future__ import annotations

import threading

import pytest
from fastapi.testclient import TestClient

from app.text.elements import text_of
from tests.app.runs_fixture import LONG, Stream, api, cell, opened, served, until

pytestmark = pytest.mark.sandbox


@pytest.fixture
def bench(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as made:
        yield made


def phases(stream: Stream) -> list[str]:
    """What the phase was in each message of the head."""
    return [text_of(head[0][3:4]) for head in stream.of("head")]


def test_a_follower_hears_how_a_run_stands_until_it_has_ended(bench):
    release = threading.Event()
    bench.say = lambda request: release.wait(60) and cell("FINAL('2')")
    run = bench.start()
    until(lambda: bench.runs.log(run)["last"] > 1)
    last = bench.runs.log(run)["last"]
    with served(bench.workbench) as address:
        stream = Stream(address, run=run, after=last)  # what was before is known all the same
        until(lambda: len(stream.of("head")) > 2)
        seen = set(phases(stream))
        release.set()
        assert seen and seen <= {
            "the model reads",
            "Turn 1 · the model reads",
        }  # the turn may begin meanwhile
        until(lambda: "fin" in [event["k"] for event in stream.of("run")])
        before = len(stream.of("head"))
        late = Stream(address, run=run)
        until(lambda: "fin" in [event["k"] for event in late.of("run")])
        assert late.of("head") == [] and len(stream.of("head")) == before


def test_a_run_that_was_told_to_stop_says_so_in_every_tab(bench):
    hold = threading.Event()
    bench.say = lambda request: hold.wait(60) and LONG
    run = bench.start()
    assert "Stopping" not in text_of(bench.runs.log(run)["run"]["now"])
    bench.runs.stop(run)
    found = bench.runs.log(run)["run"]
    assert found["status"] != "running" or "Stopping; what was done is kept" in text_of(found["now"])
    hold.set()
    bench.ended(run)
    until(lambda: not bench.runs.live())
    assert not bench.runs.stopping(run) and bench.runs.log(run)["run"]["now"] == []


def test_a_log_from_the_middle_on_tells_of_the_whole_run(bench):
    def say(request):
        return cell("1 + 1") if len(request.messages) == 2 else LONG

    bench.say = say
    run = bench.start()
    until(lambda: any(event["k"] == "turn" and event["i"] == 2 for event in bench.runs.log(run)["events"]))
    whole, part = (text_of(bench.runs.log(run, after)["run"]["now"]) for after in (0, 4))
    assert "Turn 2" in whole and "Turn 2" in part
    tokens = [text.split("Tokens")[1].split(" of")[0] for text in (whole, part)]
    assert tokens[0] == tokens[1] != "0"
    bench.runs.stop(run)


def test_the_thread_of_a_run_is_the_rest_of_its_session(bench):
    bench.say = lambda request: cell("FINAL('2')")
    first = bench.ask("How many?")["run"]
    second = bench.ask("And why?", follows=first)["run"]
    http = TestClient(api(bench.workbench))
    assert "How many?2" in text_of(http.get(f"/api/runs/{second}/earlier").json())
    assert text_of(http.get("/api/sessions/lately").json()) == "Asked latelyHow many?2"
    assert http.get("/api/runs/none/earlier").status_code == 404
    shown = http.get("/api/sessions/shown", params={"query": " many "}).json()
    assert "1 session" in text_of(shown) and "Show more" not in text_of(shown)
    assert "Show more" in text_of(http.get("/api/sessions/shown?limit=1").json())
