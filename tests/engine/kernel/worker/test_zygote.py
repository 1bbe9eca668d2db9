"""What the process that forks workers knows of their ends."""

from __future__ import annotations

import subprocess
import sys

TWICE = """
import os
from engine.kernel.worker.zygote import Workers

def fork(code):
    pid = os.fork()
    if not pid:
        os._exit(code)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    return pid

workers = Workers()
first = fork(3)
workers.begin(first)
workers.reap()
workers.begin(first)  # a later worker with the same number
second = fork(4)
workers.begin(second)
print(workers.end_of(second)[0], workers.end_of(first)[0])
"""


def test_the_end_of_an_earlier_worker_with_the_same_number_is_not_taken_for_its_own():
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == ["4", "None"], done.stderr
