"""Workers that die, hang on, lie, or lose their host."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import engine
from engine.errors import KernelError, SandboxError
from engine.kernel.host.host import KernelHost, WorkerLimits
from engine.kernel.host.process import Process

pytestmark = pytest.mark.sandbox

DEATHS = {
    "exit": ("import os\nos._exit(3)", "exit code 3"),
    "crash": ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
    "abort": ("import os\nos.abort()", "SIGABRT"),
    "kill": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "killed"),
    "closed channel": ("import os, time\nos.close(3)\ntime.sleep(1)\nllm_query('x')", "ended"),
}


@pytest.mark.parametrize(("code", "words"), DEATHS.values(), ids=DEATHS.keys())
def test_a_death_is_seen_explained_and_repaired(session, code, words):
    session.run("x = 1")
    ran = session.run(code, timeout=60)
    assert ran.status == "died"
    assert words in ran.error and "variables of this session are lost" in ran.error
    after = session.run("'x' in globals(), context[:9]")
    assert (after.echoed, after.result.restarted) == ("(False, 'The lease')", True)
    assert after.result.notes


FORGERIES = {
    "huge header": "b'\\xff\\xff\\xff\\xff'",
    "over the limit": "(9 << 20).to_bytes(4, 'big') + b'x'",
    "deep JSON": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'[' * 200_000)",
    "bad JSON": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'{\"op\": outp')",
    "not UTF-8": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'\\xff\\xfe')",
    "not a number": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'{\"op\": NaN}')",
    "no object": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'[1]')",
    "null": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'null')",
    "unknown op": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'{\"op\": \"rm\"}')",
    "list of lists": '(lambda b: len(b).to_bytes(4, \'big\') + b)(b\'{"op": "done", "number": 1, "error": [], "variables": 5}\')',
    "foreign path": '(lambda b: len(b).to_bytes(4, \'big\') + b)(b\'{"op": "call", "number": 1, "name": "rlm", "arguments": {"questions": ["q"], "contexts": [{"kind": "file", "path": "/etc/passwd"}]}}\')',
    "long integer": "(lambda b: len(b).to_bytes(4, 'big') + b)(b'{\"op\": ' + b'9' * 100_000 + b'}')",
}


@pytest.mark.parametrize("frame", FORGERIES.values(), ids=FORGERIES.keys())
def test_forged_frames_end_the_worker_and_not_the_host(session, frame):
    ran = session.run(f"import os, time\nos.write(3, {frame})\ntime.sleep(1000)")
    assert ran.status == "died"
    assert "broke the protocol" in ran.error
    assert session.run("1").echoed == "1"


def test_a_frame_that_never_ends_is_noticed_before_the_cell_times_out(session, monkeypatch):
    monkeypatch.setattr("engine.kernel.channel.FRAME_SECONDS", 0.5)
    ran = session.run("import os, time\nos.write(3, b'\\0\\0\\1\\0half')\ntime.sleep(1000)")
    assert ran.status == "died" and "incomplete" in ran.error


def test_a_flood_of_frames_is_capped(session):
    code = """
import os, json
body = json.dumps({"op": "output", "output": {"output_type": "stream", "name": "stdout", "text": "x" * 100_000}}).encode()
while True:
    os.write(3, len(body).to_bytes(4, "big") + body)
"""
    assert session.run(code, timeout=60).status == "died"
    assert session.run("1").echoed == "1"


def test_a_thread_that_spins_on_after_its_cell_costs_the_session(session):
    session.run("import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin).start()")
    wait_for_the_end_of(session.worker._process)
    ran = session.run("1")
    assert ran.result.restarted
    assert "thread" in ran.result.notes[0]


def test_memory_beyond_the_limit_is_a_memory_error(open_session):
    session = open_session(limits=WorkerLimits(data_bytes=200 << 20))
    assert session.run("x = bytearray(10 << 30)").result.error["ename"] == "MemoryError"
    assert session.run("1").echoed == "1"


def test_a_worker_dies_with_close(open_session):
    session = open_session()
    pid = session.worker.pid
    session.worker.close()
    session.worker.close()
    assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2]
    with pytest.raises(KernelError, match="closed"):
        session.run("1")


def test_a_closed_worker_takes_no_signal_and_hands_none_to_the_next_one(open_session):
    first = open_session()
    process = first.worker._process
    first.worker.close()
    second = open_session()
    process.pidfd = second.worker._process.pidfd  # as where the number is used again
    first.worker.close()
    process.signal(signal.SIGKILL)
    assert not process.alive
    assert second.run("1").result.restarted is False


def test_closing_from_another_thread_ends_a_running_cell(open_session):
    session = open_session()
    session.once_made("begun", session.worker.close)
    assert session.run("import time\nopen('begun', 'w')\ntime.sleep(1000)").status == "died"


def test_a_lost_zygote_is_replaced(tmp_path):
    with KernelHost(tmp_path, preload=False) as host:
        worker = host.worker(None, {"kind": "text", "text": "one"})
        first = worker._process
        os.kill(host._zygote.pid, signal.SIGKILL)
        outputs = []
        options = {"on_call": lambda call: [], "on_output": outputs.append, "timeout": 300}
        worker.execute("1", **options)  # it may meet the worker while it dies with its zygote, or before
        wait_for_the_end_of(first)
        result = worker.execute("print(context)", **options)
        assert (result.status, outputs[-1]["text"]) == ("ok", "one\n")


def test_without_a_sandbox_no_cell_runs(tmp_path, monkeypatch):
    from engine import sandbox

    monkeypatch.setattr(sandbox, "level", lambda: sandbox.Level("none", False, "there is none here"))
    with pytest.raises(SandboxError, match="there is none here"):
        KernelHost(tmp_path).start()
    assert list(tmp_path.iterdir()) == []


def test_a_zygote_of_a_safe_host_refuses_a_worker_without_policy(tmp_path, monkeypatch):
    greet = Process.greet

    def greet_late(process: Process, *words: Any) -> None:
        assert process._gone(300)  # before it is sent anything
        greet(process, *words)

    with KernelHost(tmp_path, preload=False) as host:
        monkeypatch.setattr(host, "_unsafe", True)
        with pytest.raises(SandboxError, match="without a sandbox policy"):
            host.worker(None, {"kind": "text", "text": ""})
        monkeypatch.setattr(Process, "greet", greet_late)
        with pytest.raises(SandboxError, match="without a sandbox policy"):
            host.worker(None, {"kind": "text", "text": ""})


def test_a_reference_that_names_nothing_is_an_error_of_the_host(kernels):
    with pytest.raises(KernelError, match="names no data"):
        kernels.worker(None, {"kind": "corpus", "documents": None})


def test_the_zygote_and_its_workers_see_nothing_of_the_apps_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with (
        KernelHost(tmp_path, preload=False) as host,
        host.worker(None, {"kind": "text", "text": ""}) as worker,
    ):
        assert b"hunter2" not in Path(f"/proc/{host._zygote.pid}/environ").read_bytes()
        outputs = []
        worker.execute(
            "import os\nprint(sorted(os.environ))", on_call=lambda c: [], on_output=outputs.append, timeout=60
        )
        assert "SECRET_TOKEN" not in outputs[0]["text"]


HOST = """
import sys, time
from pathlib import Path
from engine.kernel.host.host import KernelHost
host = KernelHost(Path(sys.argv[1]), preload=False)
workers = [host.worker(None, {"kind": "text", "text": ""}) for _ in range(3)]
print(host._zygote.pid, *[w.pid for w in workers], flush=True)
workers[0].execute("while True: pass", on_call=None, on_output=None, timeout=1000)
"""


def test_nothing_outlives_a_host_that_was_killed(tmp_path):
    root = Path(engine.__file__).parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", HOST, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=root
    ) as host:
        pids = [int(word) for word in host.stdout.readline().split()]
        assert len(pids) == 4 and all(_lives(pid) for pid in pids)
        time.sleep(0.2)
        host.kill()
        deadline = time.monotonic() + 60
        while any(map(_lives, pids)) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(map(_lives, pids))
    assert len(list(tmp_path.glob("*-*"))) == 1
    with KernelHost(tmp_path, preload=False):
        assert [p.name.partition("-")[0] for p in tmp_path.glob("*-*")] == [str(os.getpid())]


def wait_for_the_end_of(process: Process) -> None:
    deadline = time.monotonic() + 300
    while process.alive:
        assert time.monotonic() < deadline, "it lives on"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
