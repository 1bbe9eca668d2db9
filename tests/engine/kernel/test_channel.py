"""Frames: what goes in comes out, and nothing else gets through."""

from __future__ import annotations

import socket
import struct
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.channel import MAX_FRAME, Channel, ChannelClosed, ChannelError, decode, encode

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.fixture
def ends():
    """A channel and the raw socket at its other end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


@given(JSON)
def test_any_json_value_survives(value):
    assert decode(encode(value)[4:]) == value


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_a_channel_error(body):
    try:
        decode(body)
    except ChannelError:
        pass


def test_frames_arrive_in_order_and_in_pieces(ends):
    channel, raw = ends
    data = b"".join(encode({"n": n}) for n in range(50))

    def trickle():
        for at in range(0, len(data), 7):
            raw.send(data[at : at + 7])

    threading.Thread(target=trickle).start()
    assert [channel.receive(300)["n"] for _ in range(50)] == list(range(50))


def test_nothing_to_read_is_none_after_the_wait(ends):
    channel, _ = ends
    assert channel.receive(0) is None
    assert channel.receive(0.05) is None


def test_the_end_of_the_stream_is_told(ends):
    channel, raw = ends
    raw.close()
    with pytest.raises(ChannelClosed):
        channel.receive(1)


def test_a_frame_over_the_limit_is_refused_before_it_is_read(ends):
    channel, raw = ends
    raw.send(struct.pack("!I", MAX_FRAME + 1))
    with pytest.raises(ChannelError, match="over the limit"):
        channel.receive(1)


def test_a_frame_that_trickles_in_for_ever_is_refused(ends, monkeypatch):
    monkeypatch.setattr("engine.kernel.channel.FRAME_SECONDS", 0.2)
    channel, raw = ends
    raw.send(struct.pack("!I", 1000))
    stop = threading.Event()

    def drip():
        while not stop.wait(0.02):
            raw.send(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    with pytest.raises(ChannelError, match="incomplete"):
        channel.receive(None)
    stop.set()
    thread.join()


@pytest.mark.parametrize(
    "body", [b"[" * 500_000, b"{", b"", b"\xff", b"NaN", b"Infinity", b"null", b'"\x01"']
)
def test_what_is_not_plain_json_is_a_channel_error(ends, body):
    channel, raw = ends
    threading.Thread(target=raw.sendall, args=[struct.pack("!I", len(body)) + body]).start()
    with pytest.raises(ChannelError):
        channel.receive(300)


def test_a_reader_that_does_not_read_is_given_up(ends):
    channel, _ = ends
    with pytest.raises(ChannelClosed):
        channel.send("x" * 5_000_000, 0.2)


def test_close_wakes_a_blocked_reader(ends):
    channel, _ = ends
    caught = []

    def read():
        try:
            channel.receive(None)
        except ChannelError as error:
            caught.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.1)  # by then it is blocked, or it will find the channel closed
    channel.close()
    thread.join(300)
    assert len(caught) == 1
