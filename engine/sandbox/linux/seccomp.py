"""The seccomp filter: system calls that reach past the process are refused, whatever file or pid they name.

Most calls pass. Refused ones fail with EPERM, so that Python raises PermissionError; a foreign architecture
(32-bit `int 0x80`, x32) kills. Calls that are newer than the table do not exist (ENOSYS).
See seccomp(2) and the kernel's include/uapi/linux/bpf_common.h for the instructions.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Iterable
from dataclasses import dataclass

from engine.sandbox.linux.libc import syscall
from engine.sandbox.linux.syscalls import AARCH64, FIRST_UNKNOWN, X86_64
from engine.sandbox.policy import Policy

# machine -> (AUDIT_ARCH value, call numbers, number of seccomp itself)
ARCHITECTURES = {
    "x86_64": (0xC000003E, X86_64, 317),
    "aarch64": (0xC00000B7, AARCH64, 277),
}
X32_BIT = 0x40000000

KILL, ERRNO, WAIT, ALLOW = 0x80000000, 0x00050000, 0x7FC00000, 0x7FFF0000
LOAD, AND, EQUAL, AT_LEAST, ANY_OF, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06
SET_FILTER, NEW_LISTENER, GET_ACTION_AVAIL = 1, 8, 2

REFUSED = """
    bind connect listen
    ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp
    pidfd_open pidfd_getfd pidfd_send_signal tkill rt_sigqueueinfo rt_tgsigqueueinfo
    setrlimit ioprio_set migrate_pages move_pages
    chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat
    utime utimes futimesat utimensat truncate mknod mknodat file_getattr file_setattr
    setxattr lsetxattr fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat
    name_to_handle_at open_by_handle_at
    inotify_init inotify_init1 inotify_add_watch fanotify_init fanotify_mark
    shmget shmat shmctl semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
    mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
    memfd_create memfd_secret userfaultfd bpf perf_event_open
    io_uring_setup io_uring_enter io_uring_register
    io_setup io_submit io_destroy io_cancel io_getevents
    mount umount2 pivot_root chroot unshare setns mount_setattr open_tree open_tree_attr move_mount
    fsopen fsconfig fsmount fspick statmount listmount
    keyctl add_key request_key capset personality modify_ldt iopl ioperm
    syslog acct swapon swapoff quotactl quotactl_fd reboot kexec_load kexec_file_load
    init_module finit_module delete_module sethostname setdomainname settimeofday adjtimex
    clock_settime clock_adjtime lookup_dcookie vhangup nfsservctl uselib ustat sysfs _sysctl
"""
PROGRAMS = "execve execveat fork vfork"
ATTRIBUTES = "getxattr lgetxattr fgetxattr getxattrat listxattr llistxattr flistxattr listxattrat"
# Absent rather than refused: libraries then fall back to an older call whose arguments can be checked
# (clone, openat), or take it that the file system has no attributes.
ABSENT = {
    "clone3": errno.ENOSYS,
    "openat2": errno.ENOSYS,
    **dict.fromkeys(ATTRIBUTES.split(), errno.EOPNOTSUPP),
}

# Of a metered process, the calls that take room on a disk wait for an answer: how much they take stands in
# their arguments. Absent are those whose arguments say it in memory that can change while they wait, or that
# take more than they say; Python and the C library then write instead.
METERED = "write pwrite64 creat mkdir mkdirat link linkat"
METERED_FLAGS = {"open": 1, "openat": 2}  # and these, by the argument that holds O_CREAT or O_TMPFILE
UNMETERED = {
    "fallocate": errno.EOPNOTSUPP,
    **dict.fromkeys(("writev", "pwritev", "pwritev2", "sendfile", "copy_file_range", "splice"), errno.ENOSYS),
}
O_CREAT, O_TMPFILE = 0o100, 0o20000000
MAP_SHARED, MAP_SHARED_VALIDATE, MAP_TYPE, MAP_ANONYMOUS = 0x01, 0x03, 0x0F, 0x20

CLONE_THREAD = 0x00010000
CLONE_NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWTIME, NEWCGROUP .. NEWNET
AF_UNIX, SOCK_STREAM, SOCK_TYPE_MASK = 1, 1, 0xF
# fcntl commands that make the kernel signal another process, or stall one that opens the same file:
# F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY
FCNTL_REFUSED = (8, 10, 15, 1024, 1026)
PR_SET_PDEATHSIG, PR_SET_PTRACER = 1, 0x59616D61
# ioctls of a process without devices: TCGETS, TCGETS2, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX
IOCTL_ALLOWED = (0x5401, 0x802C542A, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
# ioctls refused to a process with devices: families ("type" byte) of file attributes, verity and encryption
# (f, X, btrfs) and of socket ownership; of terminals TCSETS.., TIOCSCTTY, TIOCSPGRP, TIOCSTI, TIOCSWINSZ,
# TIOCLINUX, TIOCSETD
IOCTL_FAMILIES = (0x6600, 0x5800, 0x9400, 0x8900)
IOCTL_REFUSED = (0x5402, 0x5403, 0x5404, 0x540E, 0x5410, 0x5412, 0x5414, 0x541C, 0x5423)


@dataclass(frozen=True, slots=True)
class Check:
    """A condition on one argument of a call: `argument & mask` is (or, not `wanted`, is not) in `values`.

    Compares 32 bits: the lower ones, or with `high` the upper ones.
    """

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF
    wanted: bool = True
    high: bool = False


def available(machine: str) -> bool:
    """Say whether the kernel can run the filter on this machine (`os.uname().machine`)."""
    if machine not in ARCHITECTURES:
        return False
    try:
        action = ctypes.c_uint32(KILL)
        syscall(ARCHITECTURES[machine][2], GET_ACTION_AVAIL, 0, ctypes.byref(action))
    except OSError:
        return False
    return True


def restrict(policy: Policy, machine: str) -> int | None:
    """Put the filter on the calling thread; needs no_new_privs. Raises OSError.

    Returns the descriptor on which metered calls wait, None for a policy without.
    """
    instructions = program(policy, machine, os.getpid())
    code = (_Instruction * len(instructions))(*(_Instruction(*fields) for fields in instructions))
    wrapped = _Program(len(instructions), code)
    flags = NEW_LISTENER if policy.metered else 0
    result = syscall(ARCHITECTURES[machine][2], SET_FILTER, flags, ctypes.byref(wrapped))
    return result if policy.metered else None


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jt", ctypes.c_uint8),
        ("jf", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


_Code = list[tuple[int, int, int, int]]


def program(policy: Policy, machine: str, pid: int) -> _Code:
    """Compile the policy for a process id: (operation, jump if true, jump if false, operand) each."""
    arch, numbers, _ = ARCHITECTURES[machine]
    code: _Code = [
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, arch),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, 0),
        (ANY_OF, 0, 1, X32_BIT),
        (RETURN, 0, 0, KILL),
        (AT_LEAST, 0, 1, FIRST_UNKNOWN),
        (RETURN, 0, 0, ERRNO | errno.ENOSYS),
    ]
    refused = REFUSED.split() + ([] if policy.allow_exec else PROGRAMS.split())
    plain = {**dict.fromkeys(refused, errno.EPERM), **ABSENT, **(UNMETERED if policy.metered else {})}
    for name, code_of_error in plain.items():
        if name in numbers:
            code += [(EQUAL, 0, 1, numbers[name]), (RETURN, 0, 0, ERRNO | code_of_error)]
    for name in METERED.split() if policy.metered else ():
        if name in numbers:
            code += [(EQUAL, 0, 1, numbers[name]), (RETURN, 0, 0, WAIT)]
    for name, checks in checked(policy, pid):
        if name in numbers:
            body = [instruction for check in checks for instruction in _test(check)]
            if policy.metered and name in METERED_FLAGS:
                body += [
                    _load(METERED_FLAGS[name]),
                    (ANY_OF, 0, 1, O_CREAT | O_TMPFILE),
                    (RETURN, 0, 0, WAIT),
                ]
            body.append((RETURN, 0, 0, ALLOW))
            code += [(EQUAL, 0, len(body), numbers[name]), *body]
    code.append((RETURN, 0, 0, ALLOW))
    return code


def checked(policy: Policy, pid: int) -> Iterable[tuple[str, tuple[Check, ...]]]:
    """Yield the calls that pass only with certain arguments. Each call stands here once."""
    own = (0, pid)
    open_flags = os.O_ACCMODE | os.O_TRUNC
    # Landlock before ABI 3 lets open(O_RDONLY | O_TRUNC) empty a readable file; access mode 3 asks for no
    # right at all.
    opening = (os.O_RDONLY | os.O_TRUNC, 3, 3 | os.O_TRUNC)
    yield "open", (Check(1, opening, mask=open_flags, wanted=False),)
    yield "openat", (Check(2, opening, mask=open_flags, wanted=False),)
    yield "socket", (Check(0, ()),)
    # A datagram socket pair would reach any named unix datagram socket through sendmsg.
    yield "socketpair", (Check(0, (AF_UNIX,)), Check(1, (SOCK_STREAM,), mask=SOCK_TYPE_MASK))
    yield "sendto", (Check(4, (0,)), Check(4, (0,), high=True))
    if not policy.allow_exec:
        thread = (CLONE_THREAD,) if policy.allow_threads else ()
        yield "clone", (Check(0, thread, mask=CLONE_THREAD | CLONE_NAMESPACES),)
    else:
        yield "clone", (Check(0, (0,), mask=CLONE_NAMESPACES),)
    yield "kill", (Check(0, (pid,)),)
    yield "tgkill", (Check(0, (pid,)),)
    yield "prlimit64", (Check(0, own), Check(2, (0,)), Check(2, (0,), high=True))
    yield "setpriority", (Check(0, (0,)), Check(1, (0,)))
    for name in ("sched_setparam", "sched_setscheduler", "sched_setattr", "sched_setaffinity"):
        yield name, (Check(0, own),)
    yield "fcntl", (Check(1, FCNTL_REFUSED, wanted=False),)
    yield "prctl", (Check(0, (PR_SET_PDEATHSIG, PR_SET_PTRACER), wanted=False),)
    if policy.metered:  # a page of a shared file that is written takes room without any call
        kinds = (MAP_SHARED, MAP_SHARED_VALIDATE)
        yield "mmap", (Check(3, kinds, mask=MAP_TYPE | MAP_ANONYMOUS, wanted=False),)
    if policy.devices:
        families = Check(1, IOCTL_FAMILIES, mask=0xFF00, wanted=False)
        yield "ioctl", (families, Check(1, IOCTL_REFUSED, wanted=False))
    else:
        yield "ioctl", (Check(1, IOCTL_ALLOWED),)


def _load(argument: int, high: bool = False) -> tuple[int, int, int, int]:
    return (LOAD, 0, 0, 16 + 8 * argument + (4 if high else 0))


def _test(check: Check) -> _Code:
    """Compile one condition: it falls through when it holds and returns EPERM when it does not."""
    code: _Code = [_load(check.argument, check.high)]
    if check.mask != 0xFFFFFFFF:
        code.append((AND, 0, 0, check.mask))
    count = len(check.values)
    for position, value in enumerate(check.values):
        remaining = count - position - 1
        if check.wanted:
            code.append((EQUAL, remaining + 1, 0, value))
        else:
            code.append((EQUAL, remaining, 1 if remaining == 0 else 0, value))
    if check.wanted or count:
        code.append((RETURN, 0, 0, ERRNO | errno.EPERM))
    return code
