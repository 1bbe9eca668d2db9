"""What the processes of models do first: keep their channel for frames, and end when their parent does."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable
from typing import BinaryIO

PR_SET_PDEATHSIG = 1


def take_channel() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for frames; what libraries print goes to standard error."""
    incoming = os.fdopen(os.dup(0), "rb")
    outgoing = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return incoming, outgoing


def die_with_parent() -> None:
    """Ask Linux to kill this process when the thread that started it ends; elsewhere its input ends."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def until_the_end(work: Callable[[], None]) -> None:
    """Run a thread whose end, by the parent's going or by a fault, is the end of the process."""
    try:
        work()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)
