"""What a confined process may still do, what it may not, and how the sandbox says that it is not there."""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import SandboxError
from engine.sandbox import Policy, confine, default_read_paths, level, macos, paths, probes, windows
from engine.sandbox.linux import confinement as linux
from engine.sandbox.linux import landlock, seccomp

HERE = level()
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(not HERE.available, reason=f"NO SANDBOX HERE: {HERE.detail}"),
]
MIB = 1 << 20
PYTHON = default_read_paths()


def in_child(action: Callable[[], object]) -> object:
    """Run `action` in a forked process; return what it returns, or the exception it raises."""
    out, into = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            result: object = action()
        except BaseException as problem:
            result = problem
        try:
            os.write(into, pickle.dumps(result))
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        data = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return pickle.loads(data) if data else status  # our own child, not a cell


def confined(policy: Policy, action: Callable[[], object]) -> object:
    """Run `action` under `policy` in a forked process."""

    def run() -> object:
        confine(policy)
        return action()

    return in_child(run)


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("secret")
    return path


@pytest.fixture
def scratch(tmp_path):
    path = tmp_path / "scratch"
    path.mkdir()
    return path


def test_files_outside_the_policy_cannot_be_read(secret):
    assert secret.read_text() == "secret"
    assert isinstance(confined(Policy(read=PYTHON), secret.read_text), PermissionError)


def test_files_in_the_policy_can_be_read_but_not_changed(secret):
    policy = Policy(read=(*PYTHON, secret))
    assert confined(policy, secret.read_text) == "secret"
    for change in (secret.unlink, lambda: secret.write_text("x"), lambda: secret.chmod(0o777)):
        assert isinstance(confined(policy, change), PermissionError)
    assert secret.read_text() == "secret"


def test_the_scratch_folder_takes_files_and_folders(scratch):
    def work() -> list[str]:
        (scratch / "a").mkdir()
        (scratch / "note").write_text("first")
        (scratch / "note").write_text("second")
        (scratch / "note").rename(scratch / "a" / "note")
        text = (scratch / "a" / "note").read_text()
        (scratch / "gone").write_text("")
        (scratch / "gone").unlink()
        return [text, *(path.name for path in scratch.iterdir())]

    assert confined(Policy(read=PYTHON, write=scratch), work) == ["second", "a"]


def test_without_a_scratch_folder_nothing_can_be_written(scratch):
    assert isinstance(confined(Policy(read=(*PYTHON, scratch)), (scratch / "x").touch), PermissionError)


def test_python_works_confined(scratch):
    def work() -> int:
        import asyncio
        import mimetypes
        import sqlite3
        import tempfile
        import zoneinfo
        from concurrent.futures import ThreadPoolExecutor

        sqlite3.connect(scratch / "db").execute("create table t (x)")
        tempfile.NamedTemporaryFile(dir=scratch).close()
        mimetypes.guess_type("x.pdf")
        zoneinfo.ZoneInfo("Europe/Prague")
        Path(os.devnull).write_text("x")
        with ThreadPoolExecutor() as pool:
            return asyncio.run(asyncio.sleep(0, 1)) + sum(pool.map(abs, [-1, -1]))

    assert confined(Policy(read=PYTHON, write=scratch), work) == 3


def test_sockets_and_programs_are_refused(scratch):
    policy = Policy(read=PYTHON, write=scratch)
    for action in (socket.socket, os.fork, lambda: subprocess.run(["/bin/true"], check=True)):
        assert isinstance(confined(policy, action), PermissionError)


def start_thread() -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def test_threads_can_be_forbidden():
    assert confined(Policy(read=PYTHON), start_thread) is None
    assert isinstance(confined(Policy(read=PYTHON, allow_threads=False), start_thread), RuntimeError)


def test_programs_can_be_allowed_and_stay_confined(secret):
    policy = Policy(read=PYTHON, allow_exec=True)
    command = ["/bin/cat", "/dev/null", str(secret)]
    done = confined(policy, lambda: subprocess.run(command, capture_output=True, check=False))
    assert isinstance(done, subprocess.CompletedProcess)
    assert (done.stdout, done.returncode) == (b"", 1)
    assert subprocess.run(command, capture_output=True, check=False).stdout == b"secret"


def test_devices_can_be_allowed():
    full = Path("/dev/full")
    refused = confined(Policy(read=PYTHON), lambda: full.write_text("x"))
    assert isinstance(refused, PermissionError)
    reached = confined(Policy(read=PYTHON, devices=(full,)), lambda: full.write_text("x"))
    assert isinstance(reached, OSError) and reached.errno == errno.ENOSPC


def test_limits_hold(scratch):
    import mmap

    files = (
        max(int(p.name) for p in Path("/proc/self/fd").iterdir()) + 30
    )  # the child inherits what the tests have open
    policy = Policy(
        read=PYTHON,
        write=scratch,
        data_bytes=32 * MIB,
        address_bytes=64 * MIB,
        file_bytes=MIB,
        open_files=files,
    )

    assert isinstance(confined(policy, lambda: len(bytearray(64 * MIB))), MemoryError)
    assert confined(policy, lambda: len(bytearray(8 * MIB))) == 8 * MIB
    assert isinstance(confined(policy, lambda: len(mmap.mmap(-1, 96 * MIB))), OSError)
    too_large = confined(policy, lambda: (scratch / "big").write_bytes(bytes(2 * MIB)))
    assert isinstance(too_large, OSError) and too_large.errno == errno.EFBIG
    too_many = confined(policy, lambda: [os.dup(1) for _ in range(files)])
    assert isinstance(too_many, OSError) and too_many.errno == errno.EMFILE


def test_processor_time_ends_the_process(scratch):
    def burn() -> None:
        while True:
            pass

    assert confined(Policy(read=PYTHON, cpu_seconds=0), burn) in (-signal.SIGXCPU, -signal.SIGKILL)


def test_a_process_with_threads_is_not_confined_by_halves(secret):
    def run() -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        confine(Policy(read=PYTHON))

    problem = in_child(run)
    assert isinstance(problem, SandboxError) and "2 threads" in str(problem)


def test_a_missing_scratch_folder_is_an_error_and_a_missing_path_to_read_is_not(tmp_path):
    missing = tmp_path / "missing"
    problem = confined(Policy(read=PYTHON, write=missing), lambda: None)
    assert isinstance(problem, SandboxError) and "missing" in str(problem)
    assert confined(Policy(read=(*PYTHON, missing)), lambda: "fine") == "fine"


def test_root_loses_its_capabilities():
    policy = Policy(read=(*PYTHON, Path("/proc")))

    def capabilities() -> list[str]:
        lines = Path(f"/proc/{os.getpid()}/status").read_text().splitlines()
        return [line.split()[1] for line in lines if line.startswith(("CapPrm", "CapEff", "CapAmb"))]

    assert confined(policy, capabilities) == ["0" * 16] * 3


@pytest.mark.parametrize("abi", range(1, landlock.abi() + 1))
def test_older_kernels_are_as_strict(abi, secret, scratch, monkeypatch):
    """What Landlock cannot restrict before a certain version, the filter refuses."""
    monkeypatch.setattr(linux.landlock, "abi", lambda: abi)
    parent = os.getpid()
    policy = Policy(read=(*PYTHON, secret), write=scratch)
    attacks: list[Callable[[], object]] = [
        lambda: os.truncate(secret, 0),
        lambda: os.open(secret, os.O_RDONLY | os.O_TRUNC),
        lambda: os.open(secret, os.O_WRONLY | os.O_TRUNC),
        lambda: os.kill(parent, 0),
        lambda: socket.socket().bind(("127.0.0.1", 0)),
        lambda: socket.socket(socket.AF_UNIX).bind(""),  # an abstract address of the kernel's choice
        lambda: os.link(secret, scratch / "link"),
        lambda: secret.rename(scratch / "moved"),
    ]
    for attack in attacks:
        assert isinstance(confined(policy, attack), OSError)
        assert secret.read_text() == "secret"
        assert not isinstance(in_child(attack), OSError)
        secret.write_text("secret")
    assert confined(policy, lambda: (scratch / "note").write_text("x")) == 1


# --- the filter, read by a small machine -------------------------------------------------------------------


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


# --- saying no ---------------------------------------------------------------------------------------------


def test_the_level_names_what_protects():
    assert HERE.name == "landlock+seccomp"
    assert "Landlock ABI" in HERE.detail


def test_an_unknown_processor_is_refused(monkeypatch):
    machine = os.uname().machine
    monkeypatch.delitem(seccomp.ARCHITECTURES, machine)
    assert not level().available and machine in level().detail
    with pytest.raises(SandboxError, match=machine):
        confine(Policy(read=PYTHON))


def test_a_kernel_without_landlock_is_refused(monkeypatch):
    monkeypatch.setattr(linux.landlock, "abi", lambda: 0)
    assert not level().available and "5.13" in level().detail
    with pytest.raises(SandboxError, match="Landlock is not active"):
        confine(Policy(read=PYTHON))


def test_other_systems_say_that_they_have_none():
    assert not windows.level().available
    with pytest.raises(SandboxError, match="WSL"):
        windows.confine(Policy(read=()))


def test_the_macos_profile_denies_by_default_and_quotes_paths(tmp_path):
    odd = tmp_path / 'a"b'
    lines = macos.profile(Policy(read=(odd,), write=tmp_path)).splitlines()
    assert lines[:2] == ["(version 1)", "(deny default)"]
    assert f'(allow file-read* (subpath "{tmp_path}/a\\"b"))' in lines
    assert not any("network" in line or "process-exec" in line for line in lines)
    assert "(allow process-fork process-exec)" in macos.profile(Policy(read=(), allow_exec=True))


def test_nothing_of_a_person_is_read_by_default(monkeypatch):
    for path in (Path.home(), Path("/etc/passwd"), Path("/proc/self/environ"), Path("/tmp"), Path("/var")):
        assert not any(allowed in (path, *path.parents) for allowed in PYTHON), path
    monkeypatch.setattr(sys, "prefix", str(Path.home()))
    assert Path.home() not in paths.python_paths()


# --- the self-test -----------------------------------------------------------------------------------------


def test_the_self_test_passes_and_proves_its_probes():
    result = probes.selftest()
    assert result.passed, result.reason
    assert len(result.probes) >= 10 and all(blocked for _, blocked in result.probes)
    assert result.unproven == ()


def test_the_self_test_fails_when_a_door_is_open(monkeypatch):
    report = {
        "probes": [["read a foreign file", True, True], ["fork", True, False]],
        "broken": ["start a thread"],
    }
    monkeypatch.setattr(probes, "_attack", lambda folder, port: report)
    result = probes.selftest()
    assert not result.passed
    assert result.probes == (("read a foreign file", False), ("fork", True))
    assert "read a foreign file" in result.reason and "could not start a thread" in result.reason


def test_the_self_test_fails_when_its_process_does(monkeypatch):
    monkeypatch.setattr(probes.sys, "executable", "/bin/false")
    result = probes.selftest()
    assert not result.passed and "did not finish" in result.reason


def test_where_calls_cannot_wait_for_this_app_nothing_can_be_written(scratch):
    """The kernel lets only one process answer for a tree of processes; another sandbox may have come first."""

    def run() -> tuple[object, object]:
        everything = (seccomp._Instruction * 1)(seccomp._Instruction(seccomp.RETURN, 0, 0, seccomp.ALLOW))
        number = seccomp.ARCHITECTURES[os.uname().machine][2]
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        program = seccomp._Program(1, everything)
        seccomp.syscall(number, seccomp.SET_FILTER, seccomp.NEW_LISTENER, ctypes.byref(program))
        listener = confine(Policy(read=PYTHON, write=scratch, metered=True))
        try:
            return listener, (scratch / "note").write_text("x")
        except OSError as problem:
            return listener, problem

    listener, outcome = in_child(run)
    assert listener is None
    assert isinstance(outcome, PermissionError)


def test_a_limit_that_is_lower_already_stays():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert confined(
        Policy(read=PYTHON, open_files=hard + 1), lambda: resource.getrlimit(resource.RLIMIT_NOFILE)
    ) == (hard, hard)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
