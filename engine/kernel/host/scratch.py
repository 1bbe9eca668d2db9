"""Scratch folders of workers: measured while a cell writes, removed whatever a cell left in them."""

from __future__ import annotations

import itertools
import os
import secrets
from pathlib import Path

MAX_FILES = 20_000


def usage(folder: Path, limit: int) -> int:
    """Return the bytes used below `folder`; stops counting above `limit`. Too many files count as over it.

    A folder that nobody may list counts as empty: what lies in it was counted before it was written.
    """
    total = files = 0
    waiting = [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if total > limit or files > MAX_FILES:
                        return limit + 1
        except (FileNotFoundError, PermissionError):
            continue
        except OSError:  # a path too long to follow, made on purpose
            return limit + 1
    return total


def remove(folder: Path) -> None:
    """Remove a folder and all in it, however deep: what lies deeper is lifted up until everything is flat."""
    names = (folder / f"{secrets.token_hex(8)}-{n}" for n in itertools.count())
    while folder.exists():
        lifted = False
        for entry in list(folder.iterdir()):
            if entry.is_symlink() or not entry.is_dir():
                entry.unlink()
                continue
            entry.chmod(0o700)
            for inner in list(entry.iterdir()):
                if inner.is_symlink() or not inner.is_dir():
                    inner.unlink()
                else:
                    inner.chmod(0o700)
                    inner.rename(next(names))
                    lifted = True
            entry.rmdir()
        if not lifted:
            folder.rmdir()
