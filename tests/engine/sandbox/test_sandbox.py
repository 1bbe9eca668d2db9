"""What a confined process may still do, what it may not, and how the sandbox says that it is not there."""

from __future__ import annotations

import ctypes
import errno
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import SandboxError
from engine.sandbox import Policy, confine, default_read_paths, level, macos, paths, windows
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

    mapped = confined(policy, lambda: len(mmap.mmap(-1, 48 * MIB, flags=mmap.MAP_PRIVATE)))
    assert isinstance(mapped, OSError)
    assert confined(policy, lambda: len(bytearray(8 * MIB))) == 8 * MIB
    assert isinstance(confined(policy, lambda: len(mmap.mmap(-1, 96 * MIB))), OSError)
    too_large = confined(policy, lambda: (scratch / "big").write_bytes(bytes(2 * MIB)))
    assert isinstance(too_large, OSError) and too_large.errno == errno.EFBIG
    too_many = confined(policy, lambda: [os.dup(1) for _ in range(files)])
    assert isinstance(too_many, OSError) and too_many.errno == errno.EMFILE


def test_memory_that_python_takes_is_limited():
    """In a fresh process: one that was forked has the free memory of the tests at hand, which no limit counts."""
    code = (
        "from engine.sandbox import Policy, confine, default_read_paths\n"
        f"confine(Policy(read=default_read_paths(), data_bytes={32 * MIB}))\n"
        f"print(len(bytearray({8 * MIB})))\n"
        f"try:\n    bytearray({64 * MIB})\nexcept MemoryError:\n    print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.split() == [str(8 * MIB), "refused"], done.stderr


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
