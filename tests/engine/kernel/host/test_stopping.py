"""Cells that must be stopped: by time, by a person, gently first, for good in the end."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest

from engine.errors import CallRefused, Cancelled, KernelError
from engine.kernel.host import client

pytestmark = pytest.mark.sandbox

ENDLESS = {
    "loop": "while True: pass",
    "sleep": "import time\ntime.sleep(1000)",
    "lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "await": "import asyncio\nawait asyncio.sleep(1000)",
    "asyncio.run": "import asyncio\nasyncio.run(asyncio.sleep(1000))",
    "regular expression": "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
    "big number": "x = 10**10**9",
    "repr": "class A:\n    def __repr__(self):\n        while True: pass\nA()",
    "comprehension": "sum(1 for _ in iter(int, 1))",
    "thread pool": "from concurrent.futures import ThreadPoolExecutor\nimport time\np = ThreadPoolExecutor()\np.submit(time.sleep, 1000).result()",
}


@pytest.mark.parametrize("code", ENDLESS.values(), ids=ENDLESS.keys())
@pytest.mark.usefixtures("patient")
def test_a_cell_is_stopped_at_its_time_limit_and_the_session_lives(session, code):
    session.run("kept = 1")
    ran = session.run(code, timeout=0.3)
    assert (ran.status, ran.result.error["ename"]) == ("timeout", "KeyboardInterrupt")
    assert "longer than 0.3 s" in ran.error
    after = session.run("kept")
    assert (after.echoed, after.result.restarted) == ("1", False)


STUBBORN = {  # each is stopped once it cannot react any more
    "swallowed": """
while True:
    try:
        open("stubborn", "w")
        while True: pass
    except BaseException: pass
""",
    "ignored": """
import signal
signal.signal(signal.SIGINT, signal.SIG_IGN)
open("stubborn", "w")
while True: pass
""",
    "stopped": """
import os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
open("stubborn", "w")
os.kill(os.getpid(), signal.SIGSTOP)
""",
}


@pytest.mark.parametrize("code", STUBBORN.values(), ids=STUBBORN.keys())
def test_a_cell_that_does_not_react_loses_its_session_and_is_told(session, code):
    session.run("lost = 1")
    session.once_made("stubborn", session.worker.interrupt)
    ran = session.run(code)
    assert ran.status == "died"
    assert "did not react" in ran.error
    after = session.run("'lost' in globals(), len(context)")
    assert (after.echoed, after.result.restarted) == ("(False, 85)", True)
    assert session.run("1").result.restarted is False


@pytest.mark.usefixtures("patient")
def test_an_interrupt_from_another_thread_stops_the_cell(session):
    session.once_made("begun", session.worker.interrupt)
    ran = session.run("open('begun', 'w')\nwhile True: pass")
    assert ran.status == "interrupted"
    assert "KeyboardInterrupt: the cell was stopped" in ran.error


def test_an_interrupt_between_cells_does_nothing(session):
    session.worker.interrupt()
    assert session.run("1").status == "ok"


@pytest.mark.usefixtures("patient")
def test_a_cancel_event_stops_the_cell(session):
    cancel = threading.Event()
    session.once_made("begun", cancel.set)
    ran = session.run("import time\nopen('begun', 'w')\ntime.sleep(1000)", cancel=cancel)
    assert ran.status == "interrupted"


def test_a_cell_does_not_begin_when_the_run_is_stopped_already(session):
    cancel = threading.Event()
    cancel.set()
    ran = session.run("x = 1", cancel=cancel)
    assert (ran.status, ran.outputs) == ("interrupted", [])
    assert session.run("'x' in globals()").echoed == "False"


def test_the_clock_stands_still_during_calls(session, monkeypatch):
    passed = [0.0]
    monkeypatch.setattr(client, "time", SimpleNamespace(monotonic=lambda: time.monotonic() + sum(passed)))

    def slow(call):
        passed.append(1000.0)
        return ["late"]

    ran = session.run("llm_query('a')", on_call=slow)
    assert (ran.status, ran.echoed) == ("ok", "'late'")
    assert ran.result.seconds < 1000


@pytest.mark.usefixtures("patient")
def test_an_interrupt_during_a_call_stops_the_cell_after_it(session):
    def answer(call):
        session.worker.interrupt()
        return ["answer"]

    ran = session.run("a = llm_query('a')\nwhile True: pass", on_call=answer)
    assert ran.status == "interrupted"
    assert session.run("llm_query('still in step')").echoed == "'<still in step>'"


def test_an_error_of_the_handler_stops_the_cell_and_is_raised_by_execute(session):
    def cancelled(call):
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        session.run(
            "try:\n    llm_query('a')\nexcept Exception:\n    pass\nwhile True: pass", on_call=cancelled
        )
    assert session.run("1 + 1").echoed == "2"


def test_an_error_while_showing_output_is_raised_and_costs_the_session(session):
    def broken(output):
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        session.worker.execute("print(1)", on_call=None, on_output=broken, timeout=60)
    assert session.run("2").result.restarted


def test_a_refused_call_is_a_runtime_error_in_the_cell(session):
    def refuse(call):
        raise CallRefused("no calls are left; finish with what you have")

    ran = session.run("llm_query('a')", on_call=refuse)
    assert ran.result.error == {
        "ename": "RuntimeError",
        "evalue": "no calls are left; finish with what you have",
    }
    assert session.run(
        "try:\n    llm_query('a')\nexcept RuntimeError as e:\n    print(e)", on_call=refuse
    ).printed


def test_interrupts_in_a_rain_of_prints_and_calls_never_break_the_protocol(session):
    stop = threading.Event()

    def rain():
        while not stop.wait(0.004):
            session.worker._process.signal(2)

    thread = threading.Thread(target=rain)
    thread.start()
    try:
        for _ in range(25):
            code = "import time\nt = time.time()\nwhile time.time() - t < 0.05:\n    print('x' * 50)\n    llm_query('q')"
            assert session.run(code).status in ("ok", "error")
    finally:
        stop.set()
        thread.join()
    assert session.run("llm_query('in step')").echoed == "'<in step>'"


def test_one_worker_runs_one_cell_at_a_time(session):
    def nested(call):
        with pytest.raises(KernelError, match="runs a cell already"):
            session.run("1")
        return ["x"]

    assert session.run("llm_query('a')", on_call=nested).status == "ok"
