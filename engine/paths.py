"""Paths as a person writes them."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(path: str | Path) -> Path:
    """The path with `~` and `~NAME` as the home folder of a user; where there is no such user, as it is written."""
    return Path(os.path.expanduser(path))  # noqa: PTH111  that of pathlib raises a RuntimeError
