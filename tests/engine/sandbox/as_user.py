"""Run a Python program as an ordinary user, also when the tests are run by root."""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
CLONE_NEWNS, MS_BIND, MS_REC, MS_PRIVATE = 0x20000, 0x1000, 0x4000, 0x40000
FIRST_UID = 64_000


def run_as_user(arguments: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run this interpreter with `arguments` as an ordinary user, in the repository, and wait for its end.

    Root becomes a user id that nobody has. Where the interpreter or the repository lies in a folder that only
    root may enter, the program gets a mount namespace of its own in which just these can be seen there.
    """
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        preexec_fn=become_user if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def become_user() -> None:
    """Give up root in a child before its program starts (a `preexec_fn`); may not succeed in a container."""
    libc = ctypes.CDLL(None, use_errno=True)
    hidden = _hidden()
    if hidden:
        if libc.unshare(CLONE_NEWNS) != 0:
            return  # a container without that right: the attacks then run as its root
        libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None)
    for door, paths in hidden.items():
        handles = [os.open(path, os.O_PATH) for path in paths]
        libc.mount(b"none", os.fsencode(door), b"tmpfs", 0, b"mode=755")
        for path, handle in zip(paths, handles, strict=True):
            path.mkdir(parents=True, exist_ok=True)
            libc.mount(b"/proc/self/fd/%d" % handle, os.fsencode(path), None, MS_BIND | MS_REC, None)
            os.close(handle)
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    uid = next(number for number in range(FIRST_UID, FIRST_UID + 1000) if number not in taken)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _hidden() -> dict[Path, list[Path]]:
    """Return the folders that an ordinary user cannot enter, with what the program needs from within."""
    needed = {ROOT, Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve()}
    found: dict[Path, list[Path]] = {}
    for path in sorted(needed):
        for parent in reversed(path.parents):
            if not parent.stat().st_mode & 0o001:
                found.setdefault(parent, []).append(path)
                break
    return found
