"""`backup`: everything that is stored, in one file, while the app may be running."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from engine.backup import write
from engine.backup.write import to_json
from engine.store.location import data_folder


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when the file is there. Raises InputError or StoreError when it cannot be written."""
    written = write(data_folder(options.data), Path(options.file), force=options.force)
    if options.json:
        print(json.dumps(to_json(written), ensure_ascii=False))
    else:
        print(
            f"{written.file}: {written.bytes / 2**20:,.1f} MB, {written.runs:,} questions with their records, "
            f"{written.corpora:,} corpora"
        )
    return 0
