"""Confinement on Linux: resource limits, no capabilities, Landlock for files, seccomp for everything else.

Neither Landlock nor seccomp is enough alone: Landlock does not see chmod, unix sockets or prlimit, seccomp
does not see paths.
"""

from __future__ import annotations

import ctypes
import errno
import itertools
import os
import resource
from dataclasses import replace
from pathlib import Path

from engine.errors import SandboxError
from engine.sandbox.linux import landlock, seccomp
from engine.sandbox.linux.libc import PR_SET_NO_NEW_PRIVS, prctl, syscall
from engine.sandbox.paths import existing, python_paths
from engine.sandbox.policy import Level, Policy

SYSTEM_PATHS = (
    *("/usr", "/lib", "/lib32", "/lib64", "/nix/store", "/gnu/store"),
    *(
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/timezone",
        "/etc/fonts",
        "/etc/mime.types",
        "/etc/alternatives",
    ),
    *("/dev/null", "/dev/zero", "/dev/urandom"),
)
PR_CAPBSET_DROP, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 24, 47, 4
CAPABILITY_VERSION_3 = 0x20080522


def level() -> Level:
    """Ask the kernel for Landlock and seccomp."""
    machine = os.uname().machine
    if machine not in seccomp.ARCHITECTURES:
        return Level("none", False, f"There is no seccomp table for {machine}; use x86_64 or aarch64.")
    if not seccomp.available(machine):
        return Level("none", False, "This kernel, or the container it runs, does not offer seccomp filters.")
    version = landlock.abi()
    if version < 1:
        return Level(
            "none",
            False,
            "Landlock is not active in this kernel. It needs Linux 5.13 or newer with landlock in the list of "
            "security modules (kernel parameter lsm=landlock,...), and a container must not block it.",
        )
    return Level(
        "landlock+seccomp",
        True,
        f"Landlock ABI {version} and seccomp: cells reach their documents, the libraries and a scratch "
        "folder; no other files, no network, no programs, no other processes.",
    )


def default_read_paths() -> tuple[Path, ...]:
    """Return the paths Python reads on Linux."""
    return existing(python_paths() + [Path(path) for path in SYSTEM_PATHS])


def confine(policy: Policy) -> int | None:
    """Apply the policy to this process. See `engine.sandbox.confine`."""
    found = level()
    if not found.available:
        raise SandboxError(f"This process cannot be confined. {found.detail}")
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    if threads != 1:
        raise SandboxError(
            f"This process has {threads} threads and only one of them would be confined. "
            "Confine it before it starts threads or imports a library that does."
        )
    machine = os.uname().machine
    try:
        _limit(policy)
        prctl(PR_SET_NO_NEW_PRIVS, 1)
        _drop_capabilities(machine)
        landlock.restrict(policy, landlock.abi())
        return _filter(policy, machine)
    except OSError as problem:
        raise SandboxError(f"This process cannot be confined: {problem}. It must end now.") from problem


def _filter(policy: Policy, machine: str) -> int | None:
    """Put the filter on. Where calls cannot wait for this app, nothing can be written: then nothing needs counting."""
    try:
        return seccomp.restrict(policy, machine)
    except OSError as problem:
        if not policy.metered or problem.errno != errno.EBUSY:
            raise
    unwritten = replace(policy, write=None, metered=False)
    landlock.restrict(unwritten, landlock.abi())
    return seccomp.restrict(unwritten, machine)


def _limit(policy: Policy) -> None:
    held = _memory()
    used = resource.getrusage(resource.RUSAGE_SELF)
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_FSIZE: policy.file_bytes,
        resource.RLIMIT_NOFILE: policy.open_files,
    }
    if policy.data_bytes is not None:
        limits[resource.RLIMIT_DATA] = held["VmData"] + policy.data_bytes
    if policy.address_bytes is not None:
        limits[resource.RLIMIT_AS] = held["VmSize"] + policy.address_bytes
    if policy.cpu_seconds is not None:
        limits[resource.RLIMIT_CPU] = int(used.ru_utime + used.ru_stime) + 1 + policy.cpu_seconds
    for kind, wanted in limits.items():
        hard = resource.getrlimit(kind)[1]
        value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(kind, (value, value))


def _memory() -> dict[str, int]:
    """Return the sizes of this process in bytes, by the names of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    sizes = (line.split(":") for line in lines if line.startswith("Vm"))
    return {name: int(size.split()[0]) * 1024 for name, size in sizes}


def _drop_capabilities(machine: str) -> None:
    """Give up every capability, so that root is confined like anyone else."""
    if os.geteuid() == 0:
        for capability in itertools.count():
            try:
                prctl(PR_CAPBSET_DROP, capability)
            except OSError as problem:
                # EINVAL: past the last one. EPERM: root of a container without CAP_SETPCAP.
                if problem.errno in (errno.EINVAL, errno.EPERM):
                    break
                raise
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    capset = seccomp.ARCHITECTURES[machine][1]["capset"]
    syscall(capset, ctypes.byref(header), ctypes.byref(nothing))
