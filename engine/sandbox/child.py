"""What a process that `engine.sandbox.spawn` started does first: keep its channel for frames, and end with its parent."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import BinaryIO

PR_SET_PDEATHSIG = 1


def begin() -> tuple[BinaryIO, BinaryIO]:
    """End when the parent does, and return what frames come in on and go out on."""
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # where it shares the group of the app, Ctrl-C is for the app
    die_with_parent()
    return take_channel()


def take_channel() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for frames; what libraries print goes to standard error."""
    incoming = os.fdopen(os.dup(0), "rb", buffering=1 << 16)
    outgoing = os.fdopen(os.dup(1), "wb", buffering=1 << 20)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return incoming, outgoing


def die_with_parent() -> None:
    """Ask Linux to kill this process when its parent ends; elsewhere its input ends. Raises OSError."""
    if sys.platform.startswith("linux"):
        from engine.sandbox.linux.libc import prctl

        parent = os.getppid()
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended just before
            os._exit(1)


def until_the_end(work: Callable[[], object]) -> None:
    """Run a thread whose end, by the parent's going or by a fault, is the end of the process."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
