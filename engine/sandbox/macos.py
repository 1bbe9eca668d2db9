"""Confinement on macOS with Seatbelt. UNTESTED: written from the documentation, never run on a Mac.

`sandbox_init` is deprecated and still what browsers use. It has no resource limits of its own: macOS does not
enforce RLIMIT_DATA and RLIMIT_AS, so whoever started the process must watch its memory. The self-test decides
whether it holds on a given machine.
"""

from __future__ import annotations

import ctypes
import os
import resource
from pathlib import Path

from engine.errors import SandboxError
from engine.sandbox.paths import existing, python_paths
from engine.sandbox.policy import Level, Policy

SYSTEM_PATHS = (
    *("/usr/lib", "/usr/share", "/System/Library", "/System/Volumes/Preboot/Cryptexes/OS", "/Library/Fonts"),
    *("/opt/homebrew/lib", "/opt/homebrew/Cellar", "/usr/local/lib", "/usr/local/Cellar"),
    *("/dev/null", "/dev/zero", "/dev/urandom"),
)


def level() -> Level:
    """Say whether `sandbox_init` exists."""
    if not hasattr(ctypes.CDLL(None), "sandbox_init"):
        return Level("none", False, "This macOS no longer offers sandbox_init, so no cell can be confined.")
    return Level(
        "seatbelt (untested)",
        True,
        "Seatbelt profile: written for macOS but not tested there; the self-test must pass before cells run.",
    )


def default_read_paths() -> tuple[Path, ...]:
    """Return the paths Python reads on macOS."""
    return existing(python_paths() + [Path(path) for path in SYSTEM_PATHS])


def confine(policy: Policy) -> int | None:
    """Apply the policy to this process. See `engine.sandbox.confine`."""
    limits = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_FSIZE: policy.file_bytes,
        resource.RLIMIT_NOFILE: policy.open_files,
    }
    if policy.cpu_seconds is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limits[resource.RLIMIT_CPU] = int(used.ru_utime + used.ru_stime) + 1 + policy.cpu_seconds
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
    sandbox_init = ctypes.CDLL(None).sandbox_init
    sandbox_init.argtypes = (ctypes.c_char_p, ctypes.c_uint64, ctypes.POINTER(ctypes.c_char_p))
    message = ctypes.c_char_p()
    if sandbox_init(os.fsencode(profile(policy)), 0, ctypes.byref(message)) != 0:
        reason = (message.value or b"no reason given").decode(errors="replace")
        raise SandboxError(
            f"This process cannot be confined: sandbox_init refused ({reason}). It must end now."
        )
    return None


def profile(policy: Policy) -> str:
    """Write the policy in Seatbelt's profile language: everything is denied but what is listed."""
    lines = [
        "(version 1)",
        "(deny default)",
        "(allow file-read-metadata)",
        "(allow sysctl-read)",
        "(allow signal (target self))",
        '(allow file-write-data (literal "/dev/null"))',
    ]
    lines += [f"(allow file-read* (subpath {_quoted(path)}))" for path in policy.read]
    for path in policy.devices:
        lines.append(f"(allow file-read* file-write* file-ioctl (subpath {_quoted(path)}))")
    if policy.devices:
        lines.append("(allow iokit-open)")
    if policy.write is not None:
        lines.append(f"(allow file-read* file-write* (subpath {_quoted(policy.write)}))")
        lines.append("(deny file-write-mode file-write-owner file-write-flags file-link)")
    if policy.allow_exec:
        lines.append("(allow process-fork process-exec)")
    return "\n".join(lines)


def _quoted(path: Path) -> str:
    text = str(path.resolve()).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
