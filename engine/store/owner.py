"""Who a run belongs to: a process, known by its number and start time; and how the runs of dead owners are found."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from engine.types import Json

FRESH_SECONDS = 60.0  # a sign of life of this age counts where the process itself cannot be looked up


@dataclass(frozen=True, slots=True)
class Owner:
    """A process: number, start in Unix seconds, and the place (machine, process namespace) where the number holds."""

    pid: int
    started: float
    place: str


def this_process() -> Owner:
    """Return the owner that this process is."""
    return Owner(os.getpid(), psutil.Process().create_time(), _place())


def is_alive(owner: Json, heartbeat: float | None, now: float | None = None) -> bool:
    """Say whether the process in the JSON form of an `Owner` still runs.

    A number may be given to a new process, so the start time has to agree (within 2 s: it is derived from the time
    of boot, which moves when the clock is set). A process of another machine or container cannot be looked up; there
    the age of its last heartbeat decides.
    """
    if not isinstance(owner, dict) or not isinstance(pid := owner.get("pid"), int):
        return False
    if owner.get("place", _place()) != _place():
        return heartbeat is not None and (now or time.time()) - heartbeat < FRESH_SECONDS
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return abs(float(process.create_time()) - float(owner.get("started") or 0)) < 2.0
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def to_json(owner: Owner) -> Json:
    """Return the JSON form that `run_started` holds."""
    return asdict(owner)


def _place() -> str:
    namespace = Path("/proc/self/ns/pid")
    return f"{platform.node()} {namespace.readlink()}" if namespace.exists() else platform.node()
