"""What cells write is counted before it is written; a session that used up its share goes on without files."""

from __future__ import annotations

import contextlib
import errno
import os
import threading
from pathlib import Path

import pytest

from engine import disk
from engine.kernel.host.host import WorkerLimits
from engine.kernel.host.meter import BLOCK, NAME, Meter
from engine.sandbox.linux.waiting import Waiting

pytestmark = pytest.mark.sandbox
MIB = 1 << 20
LIMITS = WorkerLimits(scratch_bytes=16 * MIB, file_bytes=8 * MIB)


def on_disk(session) -> int:
    """Bytes that the files of a session take."""
    return sum(512 * path.stat().st_blocks for path in session.worker._process.folder.rglob("*"))


def test_files_are_written_as_ever(session):
    code = """
import json, shutil, sqlite3, tempfile, numpy
from pathlib import Path
Path("a.txt").write_text("words " * 10_000)
shutil.copyfile("a.txt", "b.txt")
numpy.save("c.npy", numpy.arange(100_000))
with sqlite3.connect("d.sqlite") as database:
    database.execute("create table t (n)")
    database.executemany("insert into t values (?)", [(n,) for n in range(1000)])
with tempfile.TemporaryFile() as file:
    file.write(b"x" * 100_000)
len(Path("b.txt").read_text()), int(numpy.load("c.npy").sum()), database.execute("select count(*) from t").fetchone()
"""
    ran = session.run(code)
    assert ran.echoed == "(60000, 4999950000, (1000,))", ran.error
    assert ran.result.notes == ()


def test_a_session_that_used_up_its_share_is_told_and_goes_on(open_session):
    session = open_session(limits=LIMITS)
    session.run("x = 1")
    ran = session.run("for n in range(100):\n    open(f'f{n}', 'wb').write(bytes(1 << 20))")
    assert ran.result.error["evalue"] == f"[Errno {errno.EDQUOT}] {os.strerror(errno.EDQUOT)}"
    assert "16 MiB in all" in ran.result.notes[0] and "Keep values in variables" in ran.result.notes[0]
    assert 14 * MIB < on_disk(session) <= 16 * MIB
    after = session.run("x")
    assert (after.echoed, after.result.notes) == ("1", ())


def test_what_a_thread_writes_after_its_cell_is_counted_and_told_with_the_next(open_session):
    session = open_session(limits=LIMITS)
    code = """
import os, threading, time
def fill():
    while not os.path.exists("ended"): time.sleep(0.01)
    try:
        for n in range(100):
            file = os.open(f"f{n}", os.O_CREAT | os.O_RDWR)
            os.posix_fallocate(file, 0, 8 << 20)
    finally:
        over.set()
over = threading.Event()
threading.Thread(target=fill).start()
"""
    assert session.run(code).status == "ok"
    session.write("ended")
    ran = session.run("over.wait()")
    assert "16 MiB in all" in ran.result.notes[0]
    assert on_disk(session) <= 16 * MIB


def test_deleting_gives_nothing_back(open_session):
    session = open_session(limits=LIMITS)
    ran = session.run("""
import os
for n in range(100):
    open("f", "wb").write(bytes(1 << 20))
    os.unlink("f")
""")
    assert ran.result.error["ename"] == "OSError"


def test_a_worker_does_not_keep_the_descriptor_on_which_its_writes_wait(session):
    held = descriptors(session.worker.pid)
    assert held and not any("seccomp" in name for name in held)
    assert any("seccomp" in name for name in descriptors(os.getpid()))


def descriptors(pid: int) -> list[str]:
    """What the descriptors of a process lead to; other threads may close theirs meanwhile."""
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found.append(str(link.readlink()))
    return found


def test_below_the_floor_of_the_disk_nothing_is_written(session, monkeypatch):
    monkeypatch.setattr(disk, "room", lambda path: 0)
    ran = session.run("open('note', 'w')")
    assert ran.result.error["evalue"].startswith(f"[Errno {errno.ENOSPC}]")
    assert "disk of this computer is nearly full" in ran.result.notes[0]
    monkeypatch.undo()
    assert session.run("open('note', 'w').write('x')").echoed == "1"


def test_a_session_that_ends_while_it_writes_leaves_the_others_their_answers(open_session):
    code = "import threading\ndef more():\n    while True: open('f', 'wb').write(b'x')\n"
    for _ in range(5):
        other = open_session()
        other.run(f"{code}threading.Thread(target=more, daemon=True).start()")
        other.worker.close()
    assert open_session().run("open('note', 'w').write('x')", timeout=60).echoed == "1"


@pytest.mark.usefixtures("patient")
def test_an_interrupted_write_neither_hangs_nor_harms(session):
    stop = threading.Event()
    session.once_made("f", stop.set)
    code = "while True:\n    open('f', 'wb').write(b'x')"
    assert session.run(code, cancel=stop).status in ("interrupted", "error")
    assert session.run("6 * 7").echoed == "42"


@pytest.mark.parametrize(
    ("call", "most"),
    [
        (("write", 5, 0, 1), BLOCK),
        (("write", 5, 0, 0), 0),
        (("write", 5, 0, 2), 2 * BLOCK),
        (("write", 5, 0, BLOCK), 2 * BLOCK),
        (("write", 5, 0, BLOCK + 2), 3 * BLOCK),
        (("pwrite64", 5, 0, BLOCK, 8 * BLOCK), BLOCK),
        (("pwrite64", 5, 0, BLOCK, 17), 2 * BLOCK),
        (("pwrite64", 5, 0, 1, BLOCK - 1), BLOCK),
        (("write", 5, 0, 1 << 40), 8 * MIB + BLOCK),
        (("mkdirat", 3, 0, 0), NAME),
        (("openat", 3, 0, os.O_CREAT), NAME),
    ],
)
def test_a_call_counts_the_most_that_it_can_take(tmp_path, call, most):
    meter = Meter(tmp_path, LIMITS)
    name, *arguments = call
    assert meter.admit(Waiting(1, name, (*arguments, 0, 0, 0)[:6])) == 0
    assert meter.written == most


def test_where_the_disk_cannot_be_asked_writing_fails_and_the_session_goes_on(session, monkeypatch):
    def unanswered(path: Path) -> int:
        raise OSError(errno.EIO, "the disk is gone")

    monkeypatch.setattr(disk, "room", unanswered)
    ran = session.run("open('a', 'wb').write(b'x')")
    assert ran.result.error["evalue"].startswith(f"[Errno {errno.EIO}]")
    monkeypatch.undo()
    assert session.run("open('b', 'wb').write(b'x')").echoed == "1"
