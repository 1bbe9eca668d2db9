"""The guard of a process that may reach one server: every other name and address is refused, whoever asks."""

from __future__ import annotations

import socket
import sys
from typing import Any

RESOLVING = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
CONNECTING = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind")


class OtherServer(PermissionError):
    """Something tried to reach a machine that was not chosen."""


def only(host: str, port: int) -> None:
    """Shut this process off from all machines but one, for good: an audit hook cannot be taken off."""
    known = {host}
    look_up = socket.getaddrinfo

    def looked_up(name: Any, *rest: Any, **options: Any) -> Any:
        found = look_up(name, *rest, **options)
        known.update(str(entry[4][0]) for entry in found)
        return found

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event in RESOLVING and arguments:
            name = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
            name = name.decode("latin-1") if isinstance(name, bytes) else name
            if name not in known:
                raise OtherServer(f"only {host} may be reached; {name!r} was refused")
        elif event in CONNECTING:
            address = arguments[1]
            if isinstance(address, tuple) and (address[0] not in known or address[1] != port):
                raise OtherServer(f"only {host}:{port} may be reached; {address[0]}:{address[1]} was refused")

    socket.getaddrinfo = looked_up  # type: ignore[assignment]
    sys.addaudithook(guard)
