"""A small JSON file of facts by key in the data folder, the latest last. A disk that is full or away forgets them."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from pathlib import Path

from engine.types import Json


class Records:
    """Thread-safe. At most `most` entries are kept, those that were changed last."""

    def __init__(self, path: Path, most: int):
        self._path = path
        self._most = most
        self._lock = threading.Lock()

    def get(self, key: str) -> Json:
        """Return an entry, None when there is none."""
        with self._lock:
            return self._read().get(key)

    def change(self, key: str, changed: Callable[[Json], Json]) -> None:
        """Put what `changed` makes of an entry (or of None) in its place; None takes it out."""
        with self._lock:
            known = self._read()
            value = changed(known.pop(key, None))
            if value is not None:
                known[key] = value
            self._write(dict(list(known.items())[-self._most :]))

    def _read(self) -> dict[str, Json]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, values: Json) -> None:
        partial = self._path.with_suffix(".tmp")
        with contextlib.suppress(OSError):
            partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
            partial.chmod(0o600)
            partial.replace(self._path)
