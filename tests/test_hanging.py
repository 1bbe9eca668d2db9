"""What becomes of a test that hangs, and of one whose machine stood still. Real pytest in processes of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from app.command_line import main as cli
from tests import fresh_clone

CONFTEST = """
from tests import hanging
from tests.hanging import pytest_enter_pdb, pytest_runtest_protocol

hanging.PATIENCE_SECONDS = 4.0

def pytest_configure(config):
    hanging.watch(config)
"""
HANGS = """
import threading

def wait_for_ever():
    threading.Event().wait()

def test_hangs():
    threading.Thread(target=wait_for_ever, name="other", daemon=True).start()
    wait_for_ever()

def test_after_it():
    pass
"""
STANDS_STILL = """
import os
import signal
import time
from tests import hanging

def test_waits():
    while hanging._watch._now.seconds == 0:  # until it is looked at
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


def begin(folder: Path, *words: str) -> "subprocess.Popen[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *words, "-q", "--rootdir", "."],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(fresh_clone.ROOT)},
    )


def test_a_test_that_hangs_says_where_each_thread_stands_and_the_suite_comes_to_its_end(tmp_path):
    (tmp_path / "test_hangs.py").write_text(HANGS)
    (tmp_path / "test_works.py").write_text("def test_works():\n    pass\n")
    told, _ = begin(tmp_path, *cli.spread([])).communicate(timeout=300)
    assert "test_hangs.py::test_hangs hangs" in told
    assert "  other: threading.py:" in told and "< test_hangs.py:5 wait_for_ever\n" in told
    assert "< test_hangs.py:5 wait_for_ever < test_hangs.py:9 test_hangs\n" in told
    assert told.splitlines()[-1].startswith("1 failed, 1 passed in"), told


def test_a_process_that_stood_still_hangs_no_test(tmp_path):
    (tmp_path / "test_stands.py").write_text(STANDS_STILL)
    process = begin(tmp_path)
    stood = os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    assert stood is not None and stood.si_code == os.CLD_STOPPED
    time.sleep(6.0)
    process.send_signal(signal.SIGCONT)
    told, _ = process.communicate(timeout=300)
    assert told.splitlines()[-1].startswith("1 passed in"), told


def test_a_debugger_may_stand_in_a_test_for_as_long_as_it_likes(tmp_path):
    (tmp_path / "test_works.py").write_text("def test_works():\n    pass\n")
    told, _ = begin(tmp_path, "--trace").communicate("import time; time.sleep(6.0)\nc\n", timeout=300)
    assert told.splitlines()[-1].startswith("1 passed in"), told
