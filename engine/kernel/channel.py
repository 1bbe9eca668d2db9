"""Length-prefixed JSON frames over a stream socket. One end is untrusted: sizes, shapes and waits are bounded.

Its frames are those of `engine.sandbox.frames`. Nothing is ever unpickled.
"""

from __future__ import annotations

import json
import os
import select
import socket
import threading
import time

from engine.errors import KernelError
from engine.sandbox.frames import LENGTH
from engine.types import Json

MAX_FRAME = 8 << 20  # bytes; what the host takes from a worker
BUFFER = 1 << 18  # bytes read at once
FRAME_SECONDS = 5.0  # a frame that has begun must be complete within this time
OUT_OF_MEMORY = 12  # exit code of a worker that had no memory left, not even to say so


class ChannelError(KernelError):
    """The other end broke the protocol: frame too large, late, or not JSON. The connection is of no more use."""


class ChannelClosed(ChannelError):
    """The other end is gone."""


class ChannelFull(ChannelError):
    """There is no memory for a frame. It was read past, so the connection goes on with the next one."""


def encode(value: Json) -> bytes:
    """Return the frame of `value`. Raises ValueError for NaN, TypeError for what JSON does not have."""
    try:
        body = json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # lone surrogates travel as escapes
        body = json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    return LENGTH.pack(len(body)) + body


def decode(body: bytes | memoryview) -> Json:
    """Parse the body of a frame. Raises ChannelError for anything but plain, shallow JSON, ChannelFull."""
    try:
        return json.loads(str(body, "utf-8"), parse_constant=_refuse_constant)
    except MemoryError:
        raise ChannelFull(f"there is no memory for a frame of {len(body):,} bytes") from None
    except (ValueError, RecursionError) as error:
        raise ChannelError(f"a frame is not readable JSON ({type(error).__name__})") from None


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _ready(sock: socket.socket, event: int, seconds: float | None) -> bool:
    poll = select.poll()  # not select(), which knows no descriptor above 1023
    try:
        poll.register(sock, event)
    except ValueError:
        raise ChannelClosed("the connection was closed here") from None
    return bool(poll.poll(None if seconds is None else seconds * 1000))


class Channel:
    """One end of a connection. `send` may be called from any thread; `receive` from one thread at a time.

    `limit` is the largest body accepted from the other end, in bytes.
    """

    def __init__(self, sock: socket.socket, limit: int = MAX_FRAME):
        self._sock = sock
        self._limit = limit
        self._buffer = bytearray(BUFFER)  # made once, so that an ordinary frame is read without new memory
        self._start = self._end = 0  # what was read and not yet taken
        self._past = 0  # bytes to read past: the rest of a frame that the memory has no room for
        self._begun = 0.0  # when the unfinished frame in the buffer began (monotonic seconds)
        self._sending = threading.RLock()

    def fileno(self) -> int:
        return self._sock.fileno()

    def hand_over(self, descriptor: int | None) -> None:
        """Give the other end a descriptor, or word that there is none, and close it here. Comes before all frames."""
        if descriptor is None:
            self._sock.sendall(b"-")
        else:
            socket.send_fds(self._sock, [b"+"], [descriptor])
            os.close(descriptor)

    def take_over(self, seconds: float) -> int | None:
        """Wait for what `hand_over` gives. Raises ChannelClosed when nothing comes within `seconds`."""
        if not _ready(self._sock, select.POLLIN, seconds):
            raise ChannelClosed(f"nothing came within {seconds:.0f} s")
        try:
            word, descriptors, _, _ = socket.recv_fds(self._sock, 1, 1)
        except OSError as error:
            raise ChannelClosed(f"the connection broke ({error})") from None
        if not word:
            raise ChannelClosed("the other end closed the connection")
        return descriptors[0] if descriptors else None

    def send(self, value: Json, seconds: float | None = None) -> None:
        """Send one frame. Raises ChannelClosed when the other end is gone or takes longer than `seconds`."""
        frame = encode(value)
        with self._sending:
            try:
                if seconds is None:
                    self._sock.sendall(frame)
                else:
                    self._send_until(memoryview(frame), time.monotonic() + seconds)
            except (OSError, ValueError) as error:
                raise ChannelClosed(f"the other end takes no more frames ({error})") from None

    def _send_until(self, rest: memoryview, deadline: float) -> None:
        while rest:
            wait = deadline - time.monotonic()
            if wait <= 0 or not _ready(self._sock, select.POLLOUT, wait):
                raise TimeoutError("it does not read")
            try:
                rest = rest[self._sock.send(rest, socket.MSG_DONTWAIT) :]
            except BlockingIOError:
                continue

    def receive(self, seconds: float | None = None) -> Json | None:
        """Return the next frame, or None when none is complete within `seconds` (None: wait for ever).

        Raises ChannelClosed at the end of the stream and ChannelError for a frame that is too large, that
        stays incomplete for more than FRAME_SECONDS, or that is not JSON; ChannelFull for one that the memory
        has no room for. Frames are never JSON null.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            if self._is_complete():
                return self._take()
            if _ready(self._sock, select.POLLIN, self._patience(deadline)):
                self._read()
            elif deadline is not None and time.monotonic() >= deadline:
                return None

    def _patience(self, deadline: float | None) -> float | None:
        """Seconds to wait for more bytes: until the deadline, and no longer than an unfinished frame may take."""
        now = time.monotonic()
        waits = [] if deadline is None else [max(0.0, deadline - now)]
        if self._past or self._end > self._start:
            rest = self._begun + FRAME_SECONDS - now
            if rest <= 0:
                raise ChannelError(f"a frame stayed incomplete for {FRAME_SECONDS:.0f} s")
            waits.append(rest)
        return min(waits, default=None)

    def _read(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
            self._begun = time.monotonic()
        elif self._end == len(self._buffer):
            self._make_room()
        try:
            with memoryview(self._buffer) as view, view[self._end :] as free:
                count = self._sock.recv_into(free)
        except (OSError, ValueError) as error:
            raise ChannelClosed(f"the connection broke ({error})") from None
        if not count:
            raise ChannelClosed("the other end closed the connection")
        self._end += count

    def _make_room(self) -> None:
        """Move an unfinished frame to the front of the buffer, or make the buffer larger."""
        held = self._end - self._start
        if self._start:
            with memoryview(self._buffer) as view:
                view[:held] = view[self._start : self._end]
            self._start, self._end = 0, held
            return
        size = self._size()
        try:
            self._buffer += bytes(min(size, 2 * held) - held)
        except MemoryError:
            self._start = self._end = 0
            self._past = size - held

    def _size(self) -> int:
        """The bytes of the frame that begins the buffer, with its header."""
        length: int
        (length,) = LENGTH.unpack_from(self._buffer, self._start)
        if length > self._limit:
            raise ChannelError(f"a frame of {length:,} bytes is over the limit of {self._limit:,}")
        return LENGTH.size + length

    def _is_complete(self) -> bool:
        held = self._end - self._start
        if self._past:
            passed = min(held, self._past)
            self._start += passed
            self._past -= passed
            if not self._past:
                raise ChannelFull("there was no memory for a frame")
            return False
        return held >= LENGTH.size and held >= self._size()

    def _take(self) -> Json:
        """Parse the frame that begins the buffer. It is gone from there, whatever it is."""
        start, self._start = self._start + LENGTH.size, self._start + self._size()
        self._begun = time.monotonic()
        with memoryview(self._buffer) as view, view[start : self._start] as body:
            value = decode(body)
        if self._start == self._end:
            del self._buffer[BUFFER:]
        if value is None:
            raise ChannelError("an empty frame arrived")
        return value

    def close(self) -> None:
        """Shut the connection down, so that a reader blocked in another thread wakes up."""
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._sock.close()
