"""What the app remembers between starts: small values in preferences.json of the data folder."""

from __future__ import annotations

from pathlib import Path

from engine.llm.machine.records import Records
from engine.types import Json

FILE = "preferences.json"
MOST = 1000


class Preferences(Records):
    """Thread-safe. A file that is missing or broken counts as empty: nothing in it is worth a refusal to start."""

    def __init__(self, data_dir: Path, file: str = FILE):
        super().__init__(data_dir / file, MOST)

    def put(self, **values: Json) -> None:
        """Remember values; a disk that is full forgets them."""
        with self._lock:
            before = self._read()
            after = {**before, **values}
            if after != before:
                self._write(after)
