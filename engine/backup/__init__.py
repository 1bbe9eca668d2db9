"""A data folder as one file and back: `write` while the app may be running, `restore` into a new folder."""

from engine.backup.restore import restore
from engine.backup.write import Written, place, size, write

__all__ = ["Written", "place", "restore", "size", "write"]
