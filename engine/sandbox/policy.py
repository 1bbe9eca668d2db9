"""What a confined process may do, and how strong the confinement is, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Policy:
    """The rights of a process after `confine`. Everything not named here is refused.

    `read`: files and directories (with all below) that may be read; a path that does not exist is left out.
    `write`: the one directory where files may be made, changed and removed; None for none.
    `data_bytes`: private memory the process may add to what it holds when it is confined; None: no limit.
    `address_bytes`: address space it may add, the backstop for shared mappings (add the size of files that
    will be mapped); None: no limit. `file_bytes`: size of one file. `open_files`: number of descriptors.
    `cpu_seconds`: processor time it may add; the process is killed after that.
    `allow_exec`: may start programs, under the same confinement, from the paths in `read`.
    `metered`: calls that may take room on a disk wait for the holder of the descriptor that `confine` returns
    (see `engine.sandbox.linux.waiting`); those that cannot be counted one by one do not exist.
    `devices`: device files, or directories of them, that may be read, written and controlled (a GPU).
    """

    read: tuple[Path, ...]
    write: Path | None = None
    data_bytes: int | None = None
    address_bytes: int | None = None
    file_bytes: int = 32 * MIB
    open_files: int = 128
    cpu_seconds: int | None = None
    allow_threads: bool = True
    allow_exec: bool = False
    metered: bool = False
    devices: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """How strong the sandbox of this machine is. Without `available` no cell may run; `detail` says why."""

    name: str
    available: bool
    detail: str


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the self-test found.

    `passed`: every probe was blocked and the permitted things worked. `probes`: (name, blocked) each.
    `unproven`: names of probes that failed without the sandbox too. `reason`: why it did not pass, or "".
    """

    passed: bool
    probes: tuple[tuple[str, bool], ...]
    unproven: tuple[str, ...]
    seconds: float
    reason: str
