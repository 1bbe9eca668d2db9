"""The calls of a metered process that wait for an answer: who asks for what, and yes or no.

The arguments are copies that the process can no longer change; memory that they point to is not looked at.
See seccomp_unotify(2).
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from dataclasses import dataclass

from engine.sandbox.linux.seccomp import ARCHITECTURES

RECEIVE, ANSWER = 0xC0502100, 0xC0182101
NOTICE = struct.Struct("=QIIiIQ6Q")  # id, thread, flags, and a struct seccomp_data
REPLY = struct.Struct("=QqiI")  # id, value, error, flags
CONTINUE = 1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call that waits: its name and its six arguments."""

    id: int
    name: str
    arguments: tuple[int, ...]


_names = {number: name for name, number in ARCHITECTURES.get(os.uname().machine, (0, {}, 0))[1].items()}


def receive(listener: int) -> Waiting | None:
    """Take the next call that waits on a listener; None when it was interrupted or its process is gone."""
    notice = bytearray(NOTICE.size)
    try:
        fcntl.ioctl(listener, RECEIVE, notice)
    except OSError as problem:
        if problem.errno in (errno.ENOENT, errno.EINTR):
            return None
        raise
    id, _, _, number, _, _, *arguments = NOTICE.unpack(notice)
    return Waiting(id, _names[number], tuple(arguments))


def answer(listener: int, call: Waiting, code: int) -> None:
    """Let a call go on (`code` 0), or make it fail with an errno. A call that waits no longer takes no answer."""
    reply = REPLY.pack(call.id, 0, -code, 0 if code else CONTINUE)
    while True:
        try:
            fcntl.ioctl(listener, ANSWER, reply)
        except InterruptedError:  # by a signal for this process
            continue
        except OSError as problem:
            if problem.errno != errno.ENOENT:
                raise
        return
