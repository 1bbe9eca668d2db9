"""The stream of a tab over a real server: gap-free, for several followers, across processes and restarts."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time

import pytest

from app.live import stream as live
from app.workbench import Workbench
from engine.store import Store
from tests.app.runs_fixture import Stream, api, opened, served, until
from tests.app.script import HOLD, cell, held

pytestmark = pytest.mark.sandbox


@pytest.fixture
def bench(data_dir, tmp_path, kernels):
    with opened(data_dir, tmp_path / "papers", kernels) as made:
        yield made


@pytest.fixture
def address(bench):
    with served(bench.workbench) as address:
        yield address


def turns(count):
    """A root that writes `count` cells before it ends."""

    def say(request):
        done = (len(request.messages) - 2) // 2
        return cell(f"print({done})") if done < count else cell("FINAL('2')")

    return say


def seqs(stream):
    return [event["s"] for event in stream.of("run")]


def test_all_of_a_run_arrives_in_order_and_equals_its_log(bench, address):
    bench.say = turns(6)
    run = bench.start()
    stream = Stream(address, run=run)
    until(lambda: stream.of("run") and stream.of("run")[-1]["k"] == "fin")
    log = bench.runs.log(run)
    assert stream.of("run") == log["events"] and seqs(stream) == list(range(1, log["last"] + 1))
    ids = [int(frame["id"]) for frame in stream.frames if frame["event"] == "run"]
    assert ids == seqs(stream) and stream.frames[0].get("retry") in (None, "500")


def test_two_followers_see_the_same_and_one_leaving_does_not_matter(bench, address):
    release = threading.Event()
    bench.say = lambda request: release.wait(300) and turns(4)(request)
    run = bench.start()
    streams = [Stream(address, run=run) for _ in range(3)]
    until(lambda: all(stream.of("run") for stream in streams))
    streams[2].leave()
    release.set()
    until(lambda: all(stream.of("run")[-1]["k"] == "fin" for stream in streams[:2]))
    assert streams[0].of("run") == streams[1].of("run") == bench.runs.log(run)["events"]


@pytest.mark.parametrize("by_header", [False, True])
def test_coming_back_again_and_again_leaves_no_gap_and_repeats_nothing(bench, address, by_header):
    bench.say = turns(9)
    run = bench.start(settings={"max_turns": 12})
    got, last = [], 0
    while not got or got[-1]["k"] != "fin":
        if by_header:
            stream = Stream(address, {"Last-Event-ID": str(last)}, run=run)
        else:
            stream = Stream(address, run=run, after=last)
        until(
            lambda stream=stream: (
                len(stream.of("run")) >= 7 or "fin" in [event["k"] for event in stream.of("run")]
            )
        )
        stream.leave()
        got += [event for event in stream.of("run") if event["s"] <= stream.leave() and event["s"] > last]
        last = got[-1]["s"]
    assert got == bench.runs.log(run)["events"]


def test_live_text_arrives_whole_also_for_who_comes_late(bench, address):
    bench.say = lambda request: HOLD
    run = bench.start()
    early = Stream(address, run=run)
    until(lambda: len(early.of("draft")) > 2)
    late = Stream(address, run=run)
    until(lambda: late.of("draft"))
    assert late.of("draft")[0]["at"] == 0 and len(late.of("draft")[0]["x"]) > 8
    bench.model.go.set()
    until(lambda: all(any(e["k"] == "reply" for e in s.of("run")) for s in (early, late)))
    bench.ended(run)
    written = bench.store.turns(run)[0]["text"]
    assert written.startswith(HOLD)
    for stream in (early, late):
        text = ""
        for draft in stream.of("draft"):
            assert (draft["n"], draft["i"], draft["at"]) == ("0", 1, len(text))
            text += draft["x"]
        assert text == written
    writing = [e["ts"] for e in early.of("run") if e["k"] in ("turn", "reply")]
    assert len(early.of("draft")) <= 2 + (writing[1] - writing[0]) / 0.2 + 2  # not one per token


def test_news_of_the_app_reach_everyone(bench, address):
    streams = [Stream(address), Stream(address)]
    until(lambda: all(stream.status == 200 for stream in streams))
    until(lambda: len(bench.workbench.hub._followers) == 2)
    bench.workbench.hub.tell("corpora", id="c1")
    run = bench.ask()["run"]
    until(lambda: all(len(stream.of("app")) >= 3 for stream in streams))
    for stream in streams:
        assert stream.of("app")[0] == {"kind": "corpora", "id": "c1"}
        assert [(a["run"], a["status"]) for a in stream.of("app")[1:]] == [
            (run, "running"),
            (run, "answered"),
        ]
        assert stream.of("run") == []


def test_an_idle_stream_shows_that_it_is_alive(bench, address, monkeypatch):
    monkeypatch.setattr(live, "HEARTBEAT_SECONDS", 0.05)
    import httpx

    with httpx.stream("GET", f"{address}/api/live", timeout=60) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        beats = 0
        for line in answer.iter_lines():
            beats += line.startswith(":")
            if beats == 3:
                break


def test_streams_end_when_the_app_does(bench, address):
    streams = [Stream(address) for _ in range(3)]
    until(lambda: len(bench.workbench.hub._followers) == 3)
    bench.workbench.hub.close()
    assert all(stream.ended.wait(60) for stream in streams)


def test_a_follower_that_does_not_read_is_closed_and_loses_nothing(bench):
    bench.say = turns(8)
    release = threading.Event()
    bench.say = lambda request: release.wait(300) and turns(8)(request)
    run = bench.start()
    hub = bench.workbench.hub
    slow = hub.subscribe(run, 0, most=10)
    other = hub.subscribe(run, 0)
    release.set()
    bench.ended(run)
    assert slow.closed and slow not in hub._followers and not other.closed
    first = [*slow.catch_up(), *slow.take()]
    back = hub.subscribe(run, max(m.seq for m in first))
    again = back.catch_up()
    numbers = [m.seq for m in [*first, *again] if m.name == "run"]
    assert numbers == list(range(1, bench.store.last(run) + 1))


def test_events_that_came_before_and_during_the_subscription_are_told_once(bench):
    bench.say = turns(5)
    run = bench.start()
    got = []
    subscription = bench.workbench.hub.subscribe(run)
    until(lambda: bench.store.last(run) > 12)  # both in the queue and in the store
    got += subscription.catch_up()
    bench.ended(run)
    until(lambda: (got.extend(subscription.take()), any(m.data.get("k") == "fin" for m in got))[1])
    assert [m.seq for m in got if m.name == "run"] == list(range(1, bench.store.last(run) + 1))


def test_an_end_that_comes_just_after_it_was_looked_for_is_no_end_missed(bench):
    hub = bench.workbench.hub

    class Late(threading.Event):
        def wait(self, timeout=None):
            if threading.current_thread().name != "hub-drafts":
                return super().wait(timeout)
            was = self.is_set()
            self.set()  # as `close` does, before the one who looked goes on
            hub._writing.set()
            hub._polling.set()
            return was

    hub._ended = Late()
    hub._writing.set()
    hub._polling.set()
    for thread in hub._threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in hub._threads)


FOREIGN = """
import sys
from pathlib import Path
from engine.engine import Engine
from engine.llm.scripted import ScriptedModel

def say(request):
    done = (len(request.messages) - 2) // 2
    if done == 3:
        sys.stdin.readline()
    return f"```repl\\nprint({done})\\n```" if done < 5 else "```repl\\nFINAL('2')\\n```"

with Engine(Path(sys.argv[1]), ScriptedModel(say)) as engine:
    corpus = engine.add([Path(sys.argv[2])])
    from engine.run.node import Hooks
    engine.ask("How many?", corpus, hooks=Hooks(event=lambda e: e.seq == 1 and print(e.run, flush=True)))
"""


@pytest.fixture
def foreign(bench, data_dir, tmp_path):
    """A run of another process on the same data folder, which waits for a line in its fourth turn."""
    process = subprocess.Popen(
        [sys.executable, "-c", FOREIGN, data_dir, tmp_path / "papers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield process
        process.kill()


def test_a_run_of_another_process_is_followed(bench, address, foreign):
    run = foreign.stdout.readline().strip()
    stream = Stream(address, run=run)
    until(lambda: len(stream.of("run")) > 8)
    assert bench.runs.log(run)["run"]["live"] and run not in bench.runs.live()
    foreign.stdin.write("go on\n")
    foreign.stdin.flush()
    until(lambda: stream.of("run")[-1]["k"] == "fin")
    assert stream.of("run") == bench.runs.log(run)["events"]
    until(lambda: not bench.workbench.hub._polling.is_set())  # nobody looks any more


def test_a_run_whose_process_is_killed_ends_as_interrupted_for_its_followers(bench, address, foreign):
    run = foreign.stdout.readline().strip()
    stream = Stream(address, run=run)
    until(lambda: len(stream.of("run")) > 8)
    with pytest.raises(Exception, match="Another program works on this run"):
        bench.runs.stop(run)
    foreign.kill()
    until(lambda: stream.of("run")[-1]["k"] == "fin")
    assert stream.of("run")[-1]["st"] == "interrupted"


SERVER = """
import socket, sys, uvicorn
from pathlib import Path
from app.workbench import Workbench
from tests.app.runs_fixture import api
from tests.app.script import HOLD, Holding, cell

def say(request):
    done = (len(request.messages) - 2) // 2
    return cell(f"print('line', {done})") if done < 4 else HOLD

with Workbench(Path(sys.argv[1])) as workbench:
    workbench.engine.use(Holding(say, delta_seconds=0.01))
    workbench.engine.add([Path(sys.argv[2])])
    config = uvicorn.Config(api(workbench), log_level="error")
    uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[3]))])
"""


def test_killed_in_the_middle_all_that_was_shown_stands_after_the_restart(data_dir, tmp_path):
    import httpx
    from fastapi.testclient import TestClient

    from tests.app.runs_fixture import papers

    folder = papers(tmp_path / "papers")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        words = [sys.executable, "-c", SERVER, data_dir, folder, bound.fileno()]
        started = subprocess.Popen([str(word) for word in words], pass_fds=[bound.fileno()])
    with started as process:

        def ready():
            try:
                return httpx.get(f"{address}/api/sessions", timeout=60).status_code == 200
            except httpx.HTTPError:
                return False

        until(ready)
        with Store(data_dir) as other:
            corpus = other.corpora()[0]["id"]
        run = httpx.post(
            f"{address}/api/runs", json={"question": "How many?", "corpus": corpus}, timeout=60
        ).json()["run"]
        stream = Stream(address, run=run)
        until(lambda: stream.of("draft") and [e for e in stream.of("run") if e["k"] == "draft"])
        process.kill()
    until(stream.ended.is_set)
    shown = stream.of("run")
    with Workbench(data_dir) as workbench:
        http = TestClient(api(workbench))
        log = http.get(f"/api/runs/{run}/log").json()
        assert (log["run"]["status"], log["run"]["live"]) == ("interrupted", False)
        assert log["events"][: len(shown)] == shown and log["events"][-1]["k"] == "fin"
        detail = http.get(f"/api/runs/{run}/nodes/0").json()
        assert [c["outputs"][0]["text"] for c in detail["cells"]] == [f"line {n}\n" for n in range(4)]
        assert detail["draft"] and held(len(detail["draft"])).startswith(detail["draft"])
        assert workbench.engine.store.check() == []
        (session,) = http.get("/api/sessions").json()
        assert (session["status"], session["runs"]) == ("interrupted", [run])


def test_the_log_can_be_followed_while_it_is_read_from_several_threads(bench):
    """Four runs at once, each with a follower that takes slowly; nobody mixes anything up."""
    bench.say = turns(4)
    runs = [bench.start(f"Question {n}?") for n in range(4)]
    got: dict[str, list] = {run: [] for run in runs}

    def follow(run):
        subscription = bench.workbench.hub.subscribe(run)
        got[run] += subscription.catch_up()
        while not (got[run] and got[run][-1].data.get("k") == "fin"):
            subscription.wait(1)
            got[run] += [m for m in subscription.take() if m.name == "run"]
            time.sleep(0.01)

    threads = [threading.Thread(target=follow, args=(run,), daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for run in runs:
        assert [m.data for m in got[run]] == bench.runs.log(run)["events"]
    assert bench.store.check() == []


def test_nobody_waits_while_the_log_of_another_run_is_read(bench, monkeypatch):
    hub = bench.workbench.hub
    reading, release = threading.Event(), threading.Event()
    read = hub.stored

    def slow(run, after):
        reading.set()
        assert release.wait(60)
        return read(run, after)

    monkeypatch.setattr(hub, "stored", slow)
    hold = threading.Event()
    bench.say = lambda request: hold.wait(300) and cell("FINAL('2')")
    run = bench.start()
    follower = hub.subscribe(run)
    hold.set()
    try:
        assert reading.wait(60)
        coming = threading.Thread(target=lambda: hub.subscribe().close(), daemon=True)
        coming.start()
        coming.join(60)
        assert not coming.is_alive()
    finally:
        release.set()
    bench.ended(run)
    assert [one.data for one in follower.take() if one.name == "run"][-1]["k"] == "fin"
