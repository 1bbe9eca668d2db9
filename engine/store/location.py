"""Where a person's data lives: the option, then TAPROOT_DATA, then what the platform suggests."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.paths import expanded

ENVIRONMENT_NAME = "TAPROOT_DATA"


def data_folder(chosen: str | Path | None = None) -> Path:
    """Return the absolute data folder without creating it.

    `chosen` is what `--data` was given. An empty option or environment value counts as absent.
    """
    named = chosen or os.environ.get(ENVIRONMENT_NAME)
    folder = expanded(named) if named else Path(platformdirs.user_data_dir("taproot", appauthor=False))
    return Path(os.path.abspath(folder))  # noqa: PTH100  resolve() would follow a link that may move later
