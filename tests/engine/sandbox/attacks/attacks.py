"""The attacks on the sandbox as data: what a malicious document could talk a model into running.

A snippet runs as a cell with `T`, the targets (see `attack_range.Range.targets`), and the helpers of PRELUDE. It
succeeds when it runs to its end and fails when it raises. The same cell also runs in a worker without a
sandbox, the control: there it has to succeed, else its failure in the sandbox proves nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.engine.sandbox.attacks.attacks_on_files import ACCEPTED, INHERITED, READ, WRITE
from tests.engine.sandbox.attacks.attacks_on_system import DIED, KERNEL, LIMIT_DIED, LIMITS, NETWORK, PROCESS

PRELUDE = r"""
import ctypes, errno, fcntl, mmap, os, resource, signal, socket, sqlite3, stat, struct, subprocess, sys, time
from pathlib import Path
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long

def call(name, *arguments):
    "Make a system call by name; raises OSError."
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(name if isinstance(name, int) else T.numbers[name]), *wide)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result

def reaches(code, attempt):
    "Success: the kernel looked at the arguments, which are wrong on purpose, and said so with this errno."
    try:
        attempt()
    except OSError as problem:
        if problem.errno != code:
            raise

def detached(attempt):
    "Do it in a child process where that is possible, so that the worker is not changed by it."
    try:
        pid = os.fork()
    except OSError:
        return attempt()
    if pid == 0:
        try:
            attempt()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(pid, 0)[1] == 0, "failed in the child process"

def as_root_of_a_namespace(attempt, kinds=0x10020000):
    "Try it with all capabilities of a new user namespace (and mount namespace), or without."
    def inner():
        try:
            call("unshare", kinds)
        except OSError:
            pass
        attempt()
    detached(inner)

def has_secret(text):
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    assert T.secret in text, "read something else"
"""


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack. `expected` in the sandbox: "stopped" (raises), "died" (kills its worker), "accepted" (a known
    leak that succeeds). `may_fail`: why the control fails on some machines; the attack is then unproven there.
    `control`: "plain" runs it as a bare process that inherits every descriptor, instead of in a worker.
    `trace`: what the host must see changed after the control, which proves that it would see it.
    """

    group: str
    name: str
    code: str
    expected: Literal["stopped", "died", "accepted"] = "stopped"
    control: Literal["worker", "plain"] = "worker"
    may_fail: str = ""
    trace: str = ""


# Controls that fail on some machines, with the reason.
_MAY_FAIL = {
    "connect by TCP over IPv6": "the machine has no IPv6",
    "send a UDP datagram over IPv6": "the machine has no IPv6",
    "connect by multipath TCP": "the kernel has no multipath TCP",
    "send data while connecting (fast open)": "fast open is switched off",
    "open a packet socket": "user namespaces are switched off",
    "open a raw socket": "user namespaces are switched off",
    "reach the kernel's crypto sockets": "the kernel has no crypto sockets",
    "open a vsock socket": "the kernel has no vsock",
    "open a bluetooth socket": "the kernel has no bluetooth",
    "trace the app": "Yama restricts ptrace",
    "read the memory of the app": "Yama restricts ptrace",
    "read the app's memory with process_vm_readv": "Yama restricts ptrace",
    "write the app's memory with process_vm_writev": "Yama restricts ptrace",
    "write the app's memory through /proc": "Yama restricts ptrace",
    "take a descriptor of the app": "Yama restricts ptrace",
    "compare the app with itself": "the kernel has no kcmp, or Yama restricts ptrace",
    "change the mode of a file with fchmodat2": "the kernel is older than 6.6",
    "change the flags of a readable file": "the file system has no file flags",
    "set an attribute of a file": "the file system has no user attributes",
    "remove an attribute of a file": "the file system has no user attributes",
    "read an attribute of a file": "the file system has no user attributes",
    "get a file handle": "the file system has no file handles",
    "watch the home folder with fanotify": "the kernel has no fanotify for users",
    "get woken when the corpus folder changes": "the kernel has no dnotify",
    "make a file in shared memory": "there is no /dev/shm",
    "make a user namespace": "user namespaces are switched off",
    "mount a file system": "user namespaces are switched off",
    "open a file system": "user namespaces are switched off",
    "copy the mount tree": "user namespaces are switched off",
    "unmount a file system": "user namespaces are switched off",
    "change the root": "user namespaces are switched off",
    "rename the machine": "user namespaces are switched off",
    "use io_uring": "io_uring is switched off",
    "use kernel asynchronous input": "the kernel has no asynchronous input",
    "make a secret memory file": "secret memory is switched off",
    "watch performance events": "performance events are reserved for root",
    "handle page faults": "the kernel has no userfaultfd",
    "talk to the BPF verifier": "BPF is reserved for root",
    "write the descriptor table": "only x86 has one",
    "make a POSIX message queue": "the kernel has no message queues, or the limit is reached",
    "push keys into a terminal": "current kernels refuse this to everybody",
    "list the mounts with listmount": "the kernel is older than 6.8",
    "make a 32-bit system call": "the processor or the kernel has no 32-bit mode",
    "make an x32 system call": "only x86 has it",
    "read the kernel's keys": "the kernel has no keys",
    "add a key": "the kernel has no keys",
    "lock memory": "this user may lock no memory anyway",
}

# Words of the damage that the host sees after a control; every attack of the group "write" leaves some.
_TRACES = {
    "move a file into the scratch folder and read it": "id_ed25519 changed",
    "exchange a file with one of the scratch folder": "id_ed25519 changed",
    "read through a new hard link": "id_ed25519 changed",
    "read an attribute of a file": "",
    "stall the app with a lease on the corpus": "",
    "get woken when the corpus folder changes": "",
    "make a file in /tmp": "/tmp holds a new file",
    "make a file in shared memory": "/dev/shm holds a new file",
    "write to the app's database": "taproot.sqlite changed",
    "connect by TCP": "tcp listener",
    "connect by TCP over IPv6": "tcp6 listener",
    "connect by multipath TCP": "tcp listener",
    "send data while connecting (fast open)": "tcp listener",
    "fetch a page": "tcp listener",
    "connect with asyncio": "tcp listener",
    "send a UDP datagram": "udp listener",
    "send a UDP datagram over IPv6": "udp6 listener",
    "connect to a unix socket": "unix listener",
    "connect to an abstract unix socket": "abstract listener",
    "send to a unix datagram socket": "unix datagram listener",
    "send to a unix datagram socket from a socket pair": "unix datagram listener",
    "send a message to a unix datagram socket from a socket pair": "unix datagram listener",
    "send to a unix datagram socket from a raw socket pair": "unix datagram listener",
    "end the app": "the app was ended",
    "end the app's process group": "the app was ended",
    "end the app with tkill": "the app was ended",
    "end the app with tgkill": "the app was ended",
    "end the app with a queued signal": "the app was ended",
    "end the app through a process descriptor": "the app was ended",
    "end the app with a signal for input": "the app was ended",
    "end the app with a signal for input, set by ioctl": "the app was ended",
    "write the app's memory with process_vm_writev": "the app's memory changed",
    "write the app's memory through /proc": "the app's memory changed",
    "limit the app's file size": "the app's limits changed",
    "slow the app down": "the app's niceness changed",
    "make the app idle": "the app's scheduling changed",
    "make the app idle with sched_setattr": "the app's scheduling changed",
    "starve the app's disk access": "the app's disk priority changed",
    "offer the app to the out-of-memory killer": "the app's out-of-memory score changed",
}

# Attacks that need more rights than a person's account has; the filter refuses them all the same.
UNPROVEN = {
    "open a file by its handle": "needs CAP_DAC_READ_SEARCH",
    "read the raw disk": "needs root",
    "load a kernel module, reboot, swap, set the clock": "need root",
    "load a BPF program": "reserved for root here",
    "capture with an AF_TIPC, AF_ALG or SCTP socket": "modules are not loaded here; socket() is refused as a whole",
    "write into the Python packages": "owned by root in this test; Landlock gives no write access there anyway",
    "the aarch64 table": "written from the kernel's headers, never run on such a machine",
    "kernel and processor bugs": "outside what any of this can stop",
}


def _group(group: str, snippets: dict[str, str], **fields: str) -> list[Attack]:
    return [
        Attack(
            group,
            name,
            code.strip(),
            may_fail=_MAY_FAIL.get(name, ""),
            trace=_TRACES.get(name, "changed" if group == "write" else ""),
            **fields,  # type: ignore[arg-type]
        )
        for name, code in snippets.items()
    ]


ATTACKS = [
    *_group("read", READ),
    *_group("inherit", INHERITED, control="plain"),
    *_group("write", WRITE),
    *_group("network", NETWORK),
    *_group("process", PROCESS),
    *_group("kernel", KERNEL),
    *_group("kernel", DIED, expected="died"),
    *_group("limits", LIMITS),
    *_group("limits", LIMIT_DIED, expected="died"),
    *_group("accepted", ACCEPTED, expected="accepted"),
]
