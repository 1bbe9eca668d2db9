"""What the app remembers between starts: small values in preferences.json of the data folder."""

from __future__ import annotations

import contextlib
import json
import threading
from pathlib import Path

from engine.types import Json

FILE = "preferences.json"


class Preferences:
    """Thread-safe. A file that is missing or broken counts as empty: nothing in it is worth a refusal to start."""

    def __init__(self, data_dir: Path, file: str = FILE):
        self._path = data_dir / file
        self._lock = threading.Lock()

    def get(self, name: str) -> Json:
        """The remembered value, or None."""
        with self._lock:
            return self._read().get(name)

    def put(self, **values: Json) -> None:
        """Remember values; a disk that is full forgets them."""
        with self._lock:
            before = self._read()
            after = {**before, **values}
            if after == before:
                return
            partial = self._path.with_suffix(".tmp")
            with contextlib.suppress(OSError):
                partial.write_text(json.dumps(after, ensure_ascii=False, indent=1), encoding="utf-8")
                partial.chmod(0o600)
                partial.replace(self._path)

    def _read(self) -> dict[str, Json]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}
