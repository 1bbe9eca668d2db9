"""The head of a run that goes on: in its log and, twice a second, in the stream of who follows it."""

from __future__ import annotations

import re
import threading
from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.live.broadcast import Message
from app.live.trace import encode
from app.text.elements import text_of
from tests.app.runs_fixture import Stream, api, opened, served, until
from tests.app.script import HOLD, cell

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
    bench.say = lambda request: release.wait(300) and cell("FINAL('2')")
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
    bench.say = lambda request: hold.wait(300) and HOLD
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
        return cell("1 + 1") if len(request.messages) == 2 else HOLD

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


def test_a_log_that_is_read_while_its_run_ends_tells_of_the_end_as_a_whole(bench, monkeypatch):
    release = threading.Event()
    bench.say = lambda request: release.wait(300) and cell("FINAL('2')")
    run = bench.start()
    read = bench.workbench.hub.logs.after

    def late(wanted, after):
        if not release.is_set():  # the run ends after its row was read and before its events are
            release.set()
            bench.ended(run)
        return read(wanted, after)

    monkeypatch.setattr(bench.workbench.hub.logs, "after", late)
    log = bench.runs.log(run)
    assert log["events"][-1]["k"] == "fin"
    assert (log["run"]["live"], log["run"]["told"]) == (False, "Answer: 2")


def test_text_that_was_there_when_a_tab_came_is_no_speed(bench):
    bench.say = lambda request: HOLD
    run = bench.start()
    hub = bench.workbench.hub
    first = hub.subscribe(run)
    until(lambda: [one for one in first.take() if one.name == "draft"])
    late = hub.subscribe(run)
    told = [one for one in late.take() if one.name == "draft"]
    assert told[0].data["past"] is True and told[0].data["at"] == 0
    followed = bench.runs.followed(run, 10**6)
    more = Message("draft", encode({"n": "0", "x": "y" * 35, "at": 999, "i": 1}))
    followed.take([replace(told[0], text=encode({**told[0].data, "x": "y" * 9_000}))], 100.0)
    followed.take([more], 101.0)
    (words,) = re.findall(r"([\d.]+) tokens/s", text_of(followed.shown(101.0)))
    assert float(words) < 20  # 35 characters in a second
    bench.runs.stop(run)
