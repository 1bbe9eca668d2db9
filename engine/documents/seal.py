"""The seal of a stored corpus: one hash of the text of its documents and of where each begins.

It is written when the corpus is made, kept with each run that reads it, and computed anew to see whether the text is
still the same. The search index is left out: it can be made again from the text.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.corpus.archive import INDEX, META, TEXT
from engine.errors import StoreError


def seal_of(path: Path) -> str:
    """The sha256 (hex) over the text and the index of the corpus in the folder `path`. Raises StoreError."""
    whole = hashlib.sha256()
    try:
        for name in (TEXT, INDEX):
            with (path / name).open("rb") as file:
                whole.update(hashlib.file_digest(file, "sha256").digest())
    except OSError as problem:
        raise StoreError(
            f"The corpus in {path} cannot be read ({problem}). Add its folder again."
        ) from problem
    return whole.hexdigest()


def written_seal(path: Path) -> str:
    """The seal that was written with a corpus; computed for one that an older version made. Raises StoreError."""
    try:
        found = json.loads((path / META).read_bytes()).get("seal")
    except (OSError, ValueError) as problem:
        raise StoreError(
            f"{path} does not hold a readable corpus ({problem}). Add its folder again."
        ) from problem
    return found if isinstance(found, str) else seal_of(path)
