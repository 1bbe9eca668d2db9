"""The app rests while nobody asks it anything, and Gradio's queued events still run as they come."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import gradio as gr
import pytest
import uvicorn
from fastapi import FastAPI
from gradio_client import Client

from app.shell.queue import WokenQueue
from tests.benchmarks.idle import watch

WAKES_A_SECOND = 40  # it takes one to three; with Gradio's and uvicorn's own loops it took eight hundred
PATIENCE = 300.0  # nothing is measured by it


def test_without_a_run_no_process_of_the_app_is_woken_all_the_time(taproot):
    quietest = 1e9
    for _ in range(60):  # what a start or an earlier page leaves behind may still be ending
        quietest = min(quietest, sum(one.wakes for one in watch(taproot.process.pid, 2.0)))
        if quietest < WAKES_A_SECOND:
            return
    raise AssertionError(f"it was woken {quietest:.0f} times a second")


@pytest.fixture(scope="module")
def gate() -> threading.Semaphore:
    """Lets one call of /held go on each time it is released."""
    return threading.Semaphore(0)


@pytest.fixture(scope="module")
def queued(gate) -> Iterator[Client]:
    """A client of a Gradio page whose events are queued as ours are."""

    def held(value: str) -> str:
        assert gate.acquire(timeout=PATIENCE)
        return value.upper()

    def halfway(value: str, progress=gr.Progress()) -> str:  # noqa: B008  (Gradio asks for it)
        progress(0.5, desc=f"half of {value}")
        assert gate.acquire(timeout=PATIENCE)
        return "whole"

    def spelled(value: str) -> Iterator[str]:
        yield from value

    def fails(value: str) -> str:
        raise gr.Error(f"no {value}")

    with gr.Blocks(analytics_enabled=False) as blocks:
        value, out = gr.Textbox(), gr.Textbox()
        gr.Button().click(held, value, out, api_name="held", concurrency_limit=2)
        gr.Button().click(halfway, value, out, api_name="halfway")
        gr.Button().click(spelled, value, out, api_name="spelled")
        gr.Button().click(fails, value, out, api_name="fails")
    blocks._queue = WokenQueue(blocks)
    app = gr.mount_gradio_app(FastAPI(), blocks, path="/", ssr_mode=False)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        client = Client(
            f"http://127.0.0.1:{listener.getsockname()[1]}/",
            verbose=False,
            analytics_enabled=False,
            httpx_kwargs={"timeout": PATIENCE},
        )
        yield client
        server.should_exit = True
        thread.join()


def test_queued_events_wait_for_their_places_and_all_are_answered(queued, gate):
    jobs = [queued.submit(f"a{number}", api_name="/held") for number in range(5)]
    gate.release(5)
    assert [job.result(PATIENCE) for job in jobs] == ["A0", "A1", "A2", "A3", "A4"]
    gate.release()
    assert queued.submit("again", api_name="/held").result(PATIENCE) == "AGAIN"


def test_the_progress_of_an_event_is_told_while_it_runs(queued, gate):
    job = queued.submit("it", api_name="/halfway")
    deadline = time.monotonic() + PATIENCE
    while not (told := job.status().progress_data):
        assert time.monotonic() < deadline and not job.done()
        time.sleep(0.01)
    gate.release()
    assert (told[0].desc, told[0].progress, job.result(PATIENCE)) == ("half of it", 0.5, "whole")


def test_what_an_event_yields_comes_piece_by_piece(queued):
    job = queued.submit("tap", api_name="/spelled")
    job.result(PATIENCE)
    assert job.outputs() == ["t", "a", "p"]


def test_an_event_that_fails_frees_its_place(queued, gate):
    for _ in range(3):
        with pytest.raises(Exception, match="no luck"):
            queued.predict("luck", api_name="/fails")
    gate.release()
    assert queued.predict("then", api_name="/held") == "THEN"
