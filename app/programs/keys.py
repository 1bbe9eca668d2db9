"""The lasting key of other programs: one line in the file `api-key` of the data folder, for its owner alone.

The token in the address of the app is new at every start, which a script cannot know. Whoever can read this file can
read the database beside it as well, so it opens nothing new; it opens `/v1` and what a Gradio client calls, never the
pages or `/api`, and it is sent in a header that no page of another site can set: a browser asks first, and is refused.
There is none until a person asks for it with `key`.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from engine.errors import StoreError

FILE = "api-key"
PREFIX = "taproot-"
LONGEST = 500  # bytes of the file


class KeyFile:
    """The key file of one data folder. Reads it anew each time, so that a key that was taken back opens nothing."""

    def __init__(self, data: Path):
        self.path = data / FILE

    def read(self) -> str:
        """The key, or "" when there is none, or others than its owner may read it."""
        try:
            with self.path.open("rb") as file:
                shared = os.name != "nt" and os.fstat(file.fileno()).st_mode & 0o077
                return "" if shared else file.read(LONGEST).decode("ascii", "replace").strip()
        except OSError:
            return ""

    def make(self) -> str:
        """Write a new key in place of any other; return it. Raises StoreError."""
        key = PREFIX + secrets.token_urlsafe(24)
        partial = self.path.with_suffix(f".{os.getpid()}")
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
                file.write(key + "\n")
            partial.replace(self.path)
        except OSError as error:
            raise StoreError(f"The key cannot be written to {self.path}: {error.strerror}.") from error
        return key

    def remove(self) -> bool:
        """Take the key back; False when there was none. Raises StoreError."""
        try:
            self.path.unlink()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreError(f"The key {self.path} cannot be removed: {error.strerror}.") from error
        return True
