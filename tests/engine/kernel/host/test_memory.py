"""A session whose memory is full says so, names what holds it, and goes on when that is deleted."""

from __future__ import annotations

import socket
import threading

import pytest

from engine.kernel.channel import BUFFER, Channel, ChannelFull, encode
from engine.kernel.host.host import WorkerLimits
from engine.kernel.worker.reserve import HEADROOM, SIZE, Reserve, full

pytestmark = pytest.mark.sandbox
MIB = 1 << 20
LIMITS = WorkerLimits(data_bytes=96 * MIB)
FILL = "x = []\nwhile True: x.append(bytearray(1000))"


def test_a_full_session_says_what_to_do_and_does_it(open_session):
    session = open_session(limits=LIMITS)
    ran = session.run(FILL)
    assert ran.result.error == {"ename": "MemoryError", "evalue": "memory ran out"}
    assert "`del` large variables" in ran.error
    after = session.run("print(6 * 7)")
    assert (after.status, after.printed, after.result.restarted) == ("ok", "42\n", False)
    assert "`del x`" in after.result.notes[0] and "nearly full" in after.result.notes[0]
    cured = session.run("del x")
    assert (cured.status, cured.result.notes) == ("ok", ())
    assert session.run("y = [bytearray(1 << 20) for _ in range(50)]; len(y)").echoed == "50"


def test_what_a_failed_cell_held_is_let_go_of(open_session):
    session = open_session(limits=LIMITS)
    session.run("def take():\n    mine = []\n    while True: mine.append(bytearray(1000))\ntake()")
    assert session.run("len([bytearray(1 << 20) for _ in range(50)])").echoed == "50"


def test_a_session_without_a_byte_left_ends_with_memory_as_the_reason(open_session):
    session = open_session(limits=LIMITS)
    for _ in range(12):  # each takes what the one before it left
        ran = session.run(
            "keep = globals().setdefault('keep', [])\n"
            "for size in (1 << 20, 1 << 12, 64, 16):\n"
            "    try:\n"
            "        while True: keep.append(bytes(size + len(keep) % 2))\n"
            "    except MemoryError: pass"
        )
        if ran.status == "died":
            break
    assert "memory ran out: the session took all of its 96 MiB" in ran.error
    assert "Traceback" not in ran.error + ran.printed
    assert session.run("6 * 7").echoed == "42"


def test_a_crash_of_native_code_in_a_full_session_is_put_down_to_memory(open_session):
    session = open_session(limits=LIMITS)
    assert session.run("x = bytearray(64 << 20)\nlen(x) >> 20").echoed == "64"
    ran = session.run("import os\nos.abort()")
    assert "memory ran out" in ran.error
    assert "SIGABRT" in session.run("import os\nos.abort()").error


def test_answers_that_do_not_fit_are_an_error_of_the_call_and_the_next_call_works(open_session):
    session = open_session(limits=LIMITS)
    code = "x = bytearray(56 << 20)\ntry: llm_query('long')\nexcept MemoryError as problem: print(problem)"
    ran = session.run(code, on_call=lambda call: ["word " * (10 << 20)])
    assert "no memory for the answers" in ran.printed, ran.error
    assert session.run("llm_query('short')").echoed == "'<short>'"


def test_an_error_of_a_thread_shows_its_own_lines_and_no_paths(session):
    ran = session.run("""
import asyncio, threading
class Thing:
    def __del__(self): raise ValueError("in a finalizer")
thread = threading.Thread(target=lambda: int("in a thread"))
thread.start(); thread.join()
thing = Thing(); del thing
async def task(): raise ValueError("in a task")
async def main(): asyncio.ensure_future(task()); await asyncio.sleep(0)
await main()
import gc; gc.collect()
""")
    for words in ("in a thread", "in a finalizer", "in a task", "ended with an error", "cell 1, line 4"):
        assert words in ran.printed
    assert "/" not in ran.printed


def test_a_frame_without_room_is_read_past(monkeypatch):
    ours, theirs = socket.socketpair()
    channel = Channel(ours, limit=1 << 30)

    class Crowded(bytearray):
        def __iadd__(self, more):
            raise MemoryError

    monkeypatch.setattr(channel, "_buffer", Crowded(BUFFER))
    large, small = encode("x" * 3 * BUFFER), encode({"n": 1})
    thread = threading.Thread(target=theirs.sendall, args=(large + small,))
    thread.start()
    with pytest.raises(ChannelFull):
        channel.receive(300)
    assert channel.receive(300) == {"n": 1}
    thread.join()
    channel.close()
    theirs.close()


def test_the_reserve_is_a_stretch_that_can_be_taken_again():
    reserve = Reserve()
    assert reserve.take() and reserve.is_whole()
    reserve.give_back()
    reserve.give_back()
    assert HEADROOM > 0 and SIZE % MIB == 0


def test_the_largest_variables_are_named_first():
    class Odd:
        def __sizeof__(self):
            raise RuntimeError

    said = full([("small", 1), ("many", [b"x" * 1000] * 10_000), ("big", bytes(20 * MIB)), ("odd", [Odd()])])
    assert "`del big, many`" in said and "big (bytes, 20 MiB); many (list, 9 MiB)" in said
    assert "`del name`" in full([])
