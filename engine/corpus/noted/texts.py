"""What tells the text of a document from others: its sha256. The same text has the same in every corpus."""

from __future__ import annotations

import hashlib
from pathlib import Path

from engine.corpus.archive import Archive


def text_hashes(path: Path) -> list[str]:
    """The sha256 (hex) of the text of each document of the corpus in the folder `path`. Raises StoreError."""
    archive = Archive(path)
    return [hashlib.sha256(archive.raw(number)).hexdigest() for number in range(archive.count)]
