"""What files take, and how far a disk may be filled: its last bytes are kept for the record of what happened, which fails last."""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import StoreError

FLOOR_BYTES = 1 << 30
FLOOR_SHARE = 20  # of a small disk, the 20th part of it


def floor(path: Path) -> int:
    """Return how many bytes of the disk that holds `path` cells, corpora, uploads and downloads leave free."""
    return _floor_of(shutil.disk_usage(path).total)


def room(path: Path) -> int:
    """Return how many bytes may still be written to the disk that holds `path`."""
    usage = shutil.disk_usage(path)
    return max(0, usage.free - _floor_of(usage.total))


def require(path: Path, needed: int, what: str) -> None:
    """Raise StoreError unless `needed` bytes fit the disk that holds `path`; `what` begins its sentence."""
    if needed > room(path):
        raise StoreError(
            f"{what}: the disk that holds {path} is nearly full, and its last {floor(path) / 1e9:.1f} GB are kept "
            "for the record of runs. Free some space, then try again."
        )


def bytes_in(folder: Path) -> int:
    """How many bytes the files in a folder have together, at any depth."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _floor_of(total: int) -> int:
    return min(FLOOR_BYTES, total // FLOOR_SHARE)
