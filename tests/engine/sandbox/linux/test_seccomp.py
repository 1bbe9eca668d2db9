"""What the seccomp filter decides, call by call."""

from __future__ import annotations

import errno
import os
import struct
from pathlib import Path

import pytest

from engine.sandbox import Policy
from engine.sandbox.linux import seccomp


def verdict(program: list[tuple[int, int, int, int]], data: bytes) -> int:
    """Run a BPF program on the 64 bytes of a struct seccomp_data."""
    at = value = 0
    while True:
        code, when, otherwise, k = program[at]
        at += 1
        if code == seccomp.LOAD:
            (value,) = struct.unpack_from("<I", data, k)
        elif code == seccomp.AND:
            value &= k
        elif code == seccomp.RETURN:
            return k
        else:
            holds = {seccomp.EQUAL: value == k, seccomp.AT_LEAST: value >= k, seccomp.ANY_OF: value & k != 0}[
                code
            ]
            at += when if holds else otherwise


def ask(
    machine: str, name: str | int, *arguments: int, policy: Policy | None = None, arch: int | None = None
) -> int:
    audit, numbers, _ = seccomp.ARCHITECTURES[machine]
    number = numbers[name] if isinstance(name, str) else name
    padded = [*arguments, 0, 0, 0, 0, 0, 0][:6]
    data = struct.pack("<IIQ6Q", number, audit if arch is None else arch, 0, *padded)
    return verdict(seccomp.program(policy or Policy(read=()), machine, 42), data)


REFUSED = seccomp.ERRNO | errno.EPERM


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_the_filter_decides_by_call_and_argument(machine):
    for name in ("bind", "connect", "ptrace", "fchmodat", "execve", "memfd_create", "bpf", "mount"):
        assert ask(machine, name) == REFUSED
    assert ask(machine, 63 if machine == "aarch64" else 0) == seccomp.ALLOW  # read
    assert ask(machine, "kill", 42, 9) == seccomp.ALLOW
    assert ask(machine, "kill", 43, 9) == REFUSED
    assert ask(machine, "kill", 0, 9) == REFUSED
    assert ask(machine, "clone", 0x3D0F00) == seccomp.ALLOW  # what pthread_create asks for
    assert ask(machine, "clone", 0x3D0F00 | 0x10000000) == REFUSED
    assert ask(machine, "clone", 17) == REFUSED
    assert ask(machine, "clone3") == seccomp.ERRNO | errno.ENOSYS
    assert ask(machine, "socketpair", 1, 1 | 0x80000) == seccomp.ALLOW
    assert ask(machine, "socketpair", 1, 2) == REFUSED
    assert ask(machine, "socketpair", 2, 1) == REFUSED
    assert ask(machine, "sendto", 3, 0, 1, 0, 0) == seccomp.ALLOW
    assert ask(machine, "sendto", 3, 0, 1, 0, 1 << 32) == REFUSED
    assert ask(machine, "prlimit64", 0, 7, 0) == seccomp.ALLOW
    assert ask(machine, "prlimit64", 43, 7, 0) == REFUSED
    assert ask(machine, "prlimit64", 0, 7, 1 << 40) == REFUSED
    assert ask(machine, "openat", 0, 0, os.O_RDONLY) == seccomp.ALLOW
    assert ask(machine, "openat", 0, 0, os.O_WRONLY | os.O_TRUNC) == seccomp.ALLOW
    assert ask(machine, "openat", 0, 0, os.O_RDONLY | os.O_TRUNC) == REFUSED
    assert ask(machine, "ioctl", 1, 0x5401) == seccomp.ALLOW
    assert ask(machine, "ioctl", 1, 0x5412) == REFUSED
    assert ask(machine, "fcntl", 1, 1) == seccomp.ALLOW
    assert ask(machine, "fcntl", 1, 8) == REFUSED
    assert ask(machine, 470) == seccomp.ERRNO | errno.ENOSYS
    assert ask(machine, 0x40000000 + 39) == seccomp.KILL
    assert ask(machine, 20, arch=0x40000003) == seccomp.KILL


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_devices_open_the_filter_for_their_controls_only(machine):
    policy = Policy(read=(), devices=(Path("/dev/dri"),))
    assert ask(machine, "ioctl", 1, 0xC0406400, policy=policy) == seccomp.ALLOW  # DRM
    assert ask(machine, "ioctl", 1, 0xC020462A, policy=policy) == seccomp.ALLOW  # NVIDIA
    assert ask(machine, "ioctl", 1, 0x40086602, policy=policy) == REFUSED  # FS_IOC_SETFLAGS
    assert ask(machine, "ioctl", 1, 0x5412, policy=policy) == REFUSED  # TIOCSTI


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_what_takes_room_on_a_disk_waits_or_does_not_exist_for_a_metered_process(machine):
    policy = Policy(read=(), metered=True)
    for name in ("write", "pwrite64", "mkdirat", "linkat"):
        assert ask(machine, name, 5, 0, 4096, policy=policy) == seccomp.WAIT
        assert ask(machine, name, 5, 0, 4096) == seccomp.ALLOW
    for flags in (os.O_CREAT | os.O_WRONLY, seccomp.O_TMPFILE | os.O_RDWR, os.O_CREAT):
        assert ask(machine, "openat", 0, 0, flags, policy=policy) == seccomp.WAIT
    for flags in (os.O_RDONLY, os.O_WRONLY | os.O_TRUNC, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC):
        assert ask(machine, "openat", 0, 0, flags, policy=policy) == seccomp.ALLOW
    assert ask(machine, "openat", 0, 0, os.O_CREAT | os.O_TRUNC, policy=policy) == REFUSED
    assert ask(machine, "fallocate", policy=policy) == seccomp.ERRNO | errno.EOPNOTSUPP
    for name in ("writev", "pwritev2", "sendfile", "copy_file_range", "splice"):
        assert ask(machine, name, policy=policy) == seccomp.ERRNO | errno.ENOSYS
    for kind in (seccomp.MAP_SHARED, seccomp.MAP_SHARED_VALIDATE):
        assert ask(machine, "mmap", 0, 4096, 1, kind, 5, policy=policy) == REFUSED
        assert ask(machine, "mmap", 0, 4096, 3, kind | seccomp.MAP_ANONYMOUS, policy=policy) == seccomp.ALLOW
        assert ask(machine, "mmap", 0, 4096, 1, kind, 5) == seccomp.ALLOW
    assert ask(machine, "mmap", 0, 4096, 3, 0x22, policy=policy) == seccomp.ALLOW  # private memory


@pytest.mark.parametrize("machine", seccomp.ARCHITECTURES)
def test_every_call_the_filter_names_is_in_the_table(machine):
    numbers = seccomp.ARCHITECTURES[machine][1]
    assert len(set(numbers.values())) == len(numbers)
    named = {*seccomp.REFUSED.split(), *seccomp.PROGRAMS.split(), *seccomp.ABSENT}
    named |= {*seccomp.METERED.split(), *seccomp.UNMETERED}
    named |= {name for name, _ in seccomp.checked(Policy(read=(), metered=True), 42)}
    if machine == "x86_64":
        assert named <= set(numbers)
    else:  # aarch64 never had the calls that newer ones replace
        assert {"openat", "fchmodat", "clone", "execve", "ptrace", "mount"} <= named & set(numbers)
