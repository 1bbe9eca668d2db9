"""The guards of processes that may reach some machines and no others: audit hooks, which nothing can take off again.

They cover Python's `socket` module, hence every library that uses it, whoever asks.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
CONNECTING = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")

Hook = Callable[[str, tuple[Any, ...]], None]


class OtherServer(PermissionError):
    """Something tried to reach a machine that was not chosen."""


def guard(
    may_look_up: Callable[[str | None], bool],
    may_reach: Callable[[Any, int], bool],
    refusal: Callable[[str], Exception],
) -> Hook:
    """An audit hook. `may_look_up(name)` and `may_reach(host, port)` decide; `refusal(what)` makes what is raised.

    `name` is None where a socket that listens asks. Sockets of this machine's file system are nobody's concern.
    """

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in RESOLVING and arguments:
            name = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            if not may_look_up(name):
                raise refusal(repr(name))
        elif event in CONNECTING:
            address = arguments[1]  # None for sendmsg on a connected socket
            if isinstance(address, tuple) and address and not may_reach(address[0], address[1]):
                raise refusal(f"{address[0]}:{address[1]}")

    return hook


def only(host: str, port: int) -> None:
    """Shut this process off from all machines but one, and from its other ports, for good."""
    only_where(
        lambda name: name == host,
        lambda what: OtherServer(f"only {host}:{port} may be reached; {what} was refused"),
        port,
    )


def only_where(
    chosen: Callable[[str], bool], refusal: Callable[[str], Exception], port: int | None = None
) -> None:
    """Shut this process off, for good, from all machines but those whose name or address is `chosen`.

    Their addresses are what looking up their names gives. With `port`, no other port of theirs is reached.
    """
    known: set[str] = set()
    look_up = socket.getaddrinfo

    def looked_up(name: Any, *rest: Any, **options: Any) -> Any:
        found = look_up(name, *rest, **options)
        known.update(str(entry[4][0]) for entry in found)
        return found

    def is_known(name: str | None) -> bool:
        return name is not None and (name in known or chosen(name))

    def may_reach(host: Any, at: int) -> bool:
        return is_known(str(host)) and port in (None, at)

    socket.getaddrinfo = looked_up  # type: ignore[assignment]  # a wrapper of the same shape
    sys.addaudithook(guard(is_known, may_reach, refusal))
