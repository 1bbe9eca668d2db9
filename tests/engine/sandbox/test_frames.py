"""The frames between the app and its processes, when all is well and when one side is gone or lies."""

from __future__ import annotations

import io
import os

import pytest

from engine.sandbox import frames
from engine.sandbox.frames import Broken, Writer, received


def test_values_come_out_as_they_went_in():
    read, write = os.pipe()
    writer = Writer(os.fdopen(write, "wb"))
    writer.send({"text": "é\n\u2028"})
    writer.send([1, None])
    writer.close()
    with os.fdopen(read, "rb") as file:
        assert list(received(file)) == [{"text": "é\n\u2028"}, [1, None]]


def test_raw_bytes_follow_a_header():
    stream = io.BytesIO()
    frames.write(stream, {"sizes": [3, 2]}, b"\x00\n\xff", b"ab")
    stream.seek(0)
    assert frames.read_header(stream) == {"sizes": [3, 2]}
    assert (frames.read_bytes(stream, 3), frames.read_bytes(stream, 2)) == (b"\x00\n\xff", b"ab")
    with pytest.raises(Broken, match="ended"):
        frames.read_header(stream)


def test_a_frame_that_death_cut_off_is_no_frame():
    stream = io.BytesIO()
    frames.write(stream, {"n": 1})
    frames.write(stream, {"n": 2})
    for cut in (1, 6, 9):
        assert list(received(io.BytesIO(stream.getvalue()[:-cut]))) == [{"n": 1}]


@pytest.mark.parametrize("lie", [b"\x00\x00\x00\x02{]", b"\xff\xff\xff\xff{}", b"\x00\x00\x00\x01\xff"])
def test_what_is_no_frame_is_refused_before_it_is_read(lie: bytes):
    with pytest.raises(Broken):
        list(received(io.BytesIO(lie)))
    with pytest.raises(Broken):
        frames.read_header(io.BytesIO(lie))


def test_what_a_dead_reader_did_not_take_hinders_neither_sending_nor_closing():
    read, write = os.pipe()
    writer = Writer(os.fdopen(write, "wb"))
    os.close(read)
    with pytest.raises(OSError, match="Broken pipe"):
        writer.send({"n": 1})
    writer.close()
    with pytest.raises(OSError, match="closed"):
        writer.send({"n": 2})
