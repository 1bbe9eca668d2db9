"""The offline guard of the app process: no socket of ours may reach beyond this machine, whoever opens it.

Loaded before Gradio. The guard is an audit hook, which nothing in this process can take off again; it covers Python's
`socket` module, hence every library here. Children have their own: the sandbox of cells, parsers and the model.
"""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from pathlib import Path

from engine.sandbox.egress import guard
from engine.sandbox.spawn import spawn


class OutsideConnection(PermissionError):
    """Something in the app process tried to reach another machine."""


def enforce(cache: Path) -> None:
    """Set the variables that keep Gradio and its libraries quiet, and install the guard for good.

    `cache` becomes the folder of Gradio's temporary files. Must come before `import gradio`.
    """
    os.environ.update(
        GRADIO_ANALYTICS_ENABLED="False",
        GRADIO_TEMP_DIR=str(cache),
        GRADIO_SHARE="False",
        GRADIO_MCP_SERVER="False",
        GRADIO_RUN_HISTORY="False",
        HF_HUB_OFFLINE="1",
        HF_HUB_DISABLE_TELEMETRY="1",
        DO_NOT_TRACK="1",
    )
    stay()


def stay() -> None:
    """Install the guard in this process, for good."""
    sys.addaudithook(loopback_only)


def proof() -> str:
    """Try to reach a name and an address outside from a process under the guard. Returns "" when both were refused."""
    code = (
        "import socket, sys, app.server.offline as o; sys.addaudithook(o.loopback_only)\n"
        "for attempt in (lambda: socket.getaddrinfo('example.com', 80), "
        "lambda: socket.create_connection(('192.0.2.1', 9), 1)):\n"
        "    try: attempt()\n"
        "    except o.OutsideConnection: continue\n"
        "    except OSError: pass\n"
        "    sys.exit('an outside connection was tried, not refused')"
    )
    with spawn(["-c", code], stderr=subprocess.PIPE) as process:
        _, complaints = process.communicate(timeout=60)
    return "" if process.returncode == 0 else complaints.decode(errors="replace").strip()[-200:]


def is_loopback(host: object) -> bool:
    """Whether a host of a socket address is this machine. None is what a listening socket resolves."""
    if isinstance(host, bytes):
        host = host.decode("latin-1")
    if host in (None, "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


# The audit hook. Raises OutsideConnection for any address that is not this machine's own.
loopback_only = guard(
    is_loopback,
    lambda host, port: is_loopback(host),
    lambda what: OutsideConnection(f"Taproot reaches no other machine ({what} was refused)"),
)
