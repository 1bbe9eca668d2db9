"""`restore`: a data folder made of a backup."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from pathlib import Path

from engine.backup import restore
from engine.store.location import data_folder


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when the folder can be opened. Raises InputError or StoreError when it cannot be made."""
    found = restore(Path(options.file), data_folder(options.data))
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        when = datetime.fromtimestamp(found["created"]).strftime("%Y-%m-%d %H:%M")
        print(f"{found['folder']}: {found['runs']:,} questions and {found['corpora']:,} corpora as of {when}")
    return 0
