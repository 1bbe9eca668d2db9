"""One way to start processes with walls, and nobody who does it by himself."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import threading
from functools import cache
from pathlib import Path

import pytest

from engine.sandbox.spawn import ROOT, spawn

STARTING = {"subprocess.Popen", "Popen", "preexec_fn", "start_new_session"} | {
    f"os.{name}" for name in ("fork", "forkpty", "posix_spawn", "posix_spawnp")
}
# Who else starts programs: the zygote forks its own workers, and the attacks of the self-test are attacks.
STARTS = {"engine/sandbox/spawn.py", "engine/kernel/worker/zygote.py", "engine/sandbox/probes.py"}
INSTALLING = ("app/setup/",)  # pip and tools of the system, before there is anything to be walled off
WALLS = {"sys.addaudithook", "PR_SET_PDEATHSIG"}
LOOK = (
    "import json, os, sys; print(json.dumps([dict(os.environ), os.getpgid(0) == os.getpid(), "
    "sorted(int(fd) for fd in os.listdir('/proc/self/fd')), sys.path]))"
)


@cache
def modules() -> list[tuple[str, ast.Module]]:
    found = []
    for room in ("engine", "app"):
        for file in sorted((ROOT / room).rglob("*.py")):
            found.append((file.relative_to(ROOT).as_posix(), ast.parse(file.read_text("utf-8"))))
    return found


def words(tree: ast.Module) -> set[str]:
    """The names of functions that a module calls, and of options that it calls them with."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            found.add(ast.unparse(function))
            found |= {option.arg for option in node.keywords if option.arg}
            found |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    return found


def test_no_other_module_starts_such_processes():
    found = {name for name, tree in modules() if words(tree) & STARTING and not name.startswith(INSTALLING)}
    assert found == STARTS


def test_no_other_module_puts_up_walls():
    found = {name for name, tree in modules() if words(tree) & WALLS}
    refuses_it = "engine/sandbox/linux/seccomp.py"
    assert found == {
        "engine/sandbox/child.py",
        "engine/sandbox/egress.py",
        "app/server/offline.py",
        refuses_it,
    }


def test_modules_of_ours_are_run_by_nothing_else():
    """A module that is run as a program begins as `engine.sandbox.child` says, and is named to `spawn`."""
    for name, tree in modules():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            function = call.func
            if isinstance(function, ast.Attribute) and function.attr in ("run", "call", "check_output"):
                said = {node.value for node in ast.walk(call) if isinstance(node, ast.Constant)}
                ours = [
                    word for word in said if isinstance(word, str) and word.startswith(("engine.", "app."))
                ]
                assert not ours, f"{name} runs {ours} by itself"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_process_gets_its_own_group_three_descriptors_and_what_is_named_of_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET", "1")
    monkeypatch.setenv("SHOWN", "2")
    monkeypatch.setenv("CUDA_X", "3")
    inheritable = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(inheritable, True)
    with spawn(["-c", LOOK], variables=("SHOWN",), prefixes=("CUDA_",), settings={"MORE": "4"}) as process:
        environment, leads, descriptors, path = json.loads(process.communicate(timeout=300)[0])
    os.close(inheritable)
    named = {"SHOWN": "2", "CUDA_X": "3", "MORE": "4", "PYTHONPATH": str(ROOT)}
    assert {k: v for k, v in environment.items() if k != "LC_CTYPE"} == named  # which Python sets itself
    assert leads and descriptors == [0, 1, 2, 3]  # the last is that of the folder being listed
    assert str(ROOT) in path and "" not in path


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process with its parent")
def test_a_process_outlives_the_thread_that_wanted_it_and_not_the_program():
    code = "from engine.sandbox.child import begin; begin(); import sys, time; print('up', file=sys.stderr, flush=True); time.sleep(600)"
    started: list[subprocess.Popen[bytes]] = []

    def start() -> None:
        started.append(spawn(["-c", code], stderr=subprocess.PIPE))

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    with started[0] as process:
        assert process.stderr is not None and process.stderr.readline() == b"up\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.2)
        process.kill()
    program = (
        "import os, subprocess, sys; from engine.sandbox.spawn import spawn\n"
        f"process = spawn(['-c', {code!r}], stderr=subprocess.PIPE); process.stderr.readline()\n"
        "print(process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, timeout=300)
    gone = Path(f"/proc/{int(done.stdout)}/stat")
    for _ in range(6000):
        if not gone.exists() or gone.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        threading.Event().wait(0.05)
    raise AssertionError("it is still there")


def test_what_cannot_be_started_is_said_to_the_caller(tmp_path):
    with pytest.raises(OSError, match="nowhere"):
        spawn(["-c", ""], folder=tmp_path / "nowhere")
    with spawn(["-c", "print('next')"]) as process:  # the thread that starts them goes on
        assert process.communicate(timeout=300)[0].strip() == b"next"


def test_a_fork_of_the_program_can_start_processes_too():
    with spawn(["-c", ""]) as process:
        process.wait(300)
    pid = os.fork()
    if not pid:
        with spawn(["-c", ""]) as process:
            os._exit(process.wait(300))
    for _ in range(6000):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            assert os.waitstatus_to_exitcode(status) == 0
            return
        threading.Event().wait(0.05)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    raise AssertionError("the fork waits for a thread that it does not have")
