"""Landlock: which files a process may open, and no TCP, foreign signals or abstract sockets (ABI 1 to 7).

What an older kernel cannot restrict here, the seccomp filter refuses. See the kernel's
Documentation/userspace-api/landlock.rst.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
from pathlib import Path

from engine.sandbox.linux.libc import syscall
from engine.sandbox.policy import Policy

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG = 1 << 7, 1 << 8
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
ON_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
IN_SCRATCH = (
    READ_FILE
    | READ_DIR
    | WRITE_FILE
    | TRUNCATE
    | REMOVE_DIR
    | REMOVE_FILE
    | MAKE_DIR
    | MAKE_REG
    | REFER  # rename between two directories of the scratch folder
)
NET_TCP = 0b11  # bind, connect
SCOPES = 0b11  # abstract unix sockets, signals


def abi() -> int:
    """Return the Landlock version of the running kernel, 0 when it is not active."""
    try:
        return syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError as problem:
        if problem.errno in (errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
            return 0
        raise


def restrict(policy: Policy, version: int) -> None:
    """Give the calling thread only the files of `policy`. `version` is what `abi` returned. Raises OSError."""
    handled = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)) - 1
    fields = [handled]
    if version >= 4:
        fields.append(NET_TCP)
    if version >= 6:
        fields.append(SCOPES)
    attributes = (ctypes.c_uint64 * len(fields))(*fields)
    ruleset = syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(attributes), 0)
    try:
        reading = READ_FILE | READ_DIR | (EXECUTE if policy.allow_exec else 0)
        for path in policy.read:
            _allow(ruleset, path, handled, reading)
        _allow(ruleset, Path(os.devnull), handled, READ_FILE | WRITE_FILE)
        for path in policy.devices:
            _allow(ruleset, path, handled, READ_FILE | READ_DIR | WRITE_FILE | IOCTL_DEV)
        if policy.write is not None and not _allow(ruleset, policy.write, handled, IN_SCRATCH):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(policy.write))
        syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def _allow(ruleset: int, path: Path, handled: int, rights: int) -> bool:
    """Add one rule. Returns False, and adds none, where the path does not exist or cannot be reached."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError, NotADirectoryError):
        return False
    try:
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            rights &= ON_A_FILE
        rule = _PathBeneath(rights & handled, descriptor)
        syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
    return True
