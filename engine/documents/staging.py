"""Corpora that are not whole yet: the folder one is written to, what makes it durable, what a dead process left."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

import psutil

from engine.errors import StoreError

TEMPORARY = ".new-"


def temporary(corpora_dir: Path) -> Path:
    """Make the folder that a corpus is written to until it is whole; its name says which process writes it."""
    started = int(psutil.Process().create_time())
    folder = corpora_dir / f"{TEMPORARY}{os.getpid()}-{started}-{secrets.token_hex(4)}"
    folder.mkdir(mode=0o700)
    return folder


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, durable."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def store_error(problem: Exception, corpora_dir: Path) -> StoreError:
    """Say in a sentence why a corpus could not be stored."""
    if "full" in str(problem) or "No space" in str(problem):
        return StoreError(
            f"The disk that holds {corpora_dir} is full. Free some space and add the folder again."
        )
    return StoreError(f"The corpus cannot be stored in {corpora_dir}: {problem}.")


def sweep(corpora_dir: Path) -> int:
    """Remove temporary folders of ingests whose process is dead. Return how many."""
    removed = 0
    for folder in corpora_dir.glob(f"{TEMPORARY}*"):
        try:
            pid, started = (int(part) for part in folder.name.removeprefix(TEMPORARY).split("-")[:2])
            alive = abs(psutil.Process(pid).create_time() - started) < 2
        except (psutil.Error, ValueError, OverflowError):
            alive = False
        if not alive:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
