"""`rescan`: read the folder of a corpus again and say what changed, once or whenever it does."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from app.command_line.folders import unlock

if TYPE_CHECKING:
    from engine.store import Store

SECONDS = 5.0  # between two looks with --watch
DESCRIPTION = (
    "Read the folder of a stored corpus again. Files are told by the hash of their content: only new and changed ones are "
    "parsed, moved ones are known again. What was asked before keeps the version it saw. Exit status: 0 done, 2 bad "
    "input or a folder that is gone, 130 stopped."
)


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the grammar of `rescan`."""
    parser = commands.add_parser(
        "rescan", parents=[common], help="read the folder of a corpus again", description=DESCRIPTION
    )
    parser.add_argument("corpus", metavar="CORPUS", help="an id that `corpora` lists, or a name")
    parser.add_argument(
        "--watch", action="store_true", help="go on, and read again whenever something changes"
    )
    unlock.add_options(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each reading")


def run(options: argparse.Namespace) -> int:
    """Read again, print what changed; with `--watch` until it is stopped or deleted. Raises InputError, StoreError."""
    from app.library.versions import require_sources
    from engine.store import Store
    from engine.store.location import data_folder

    data = data_folder(options.data)
    with Store(data) as store:
        row = find(store, options.corpus)
        require_sources(row)
        passwords = unlock.passwords_of(options)
        _read(store, row, options.json, passwords)
        if options.watch:
            _watch(store, row, options.json, passwords)
    return 0


def find(store: Store, name: str) -> Any:
    """The collection with this id, or this corpus or the beginning of its id, or else this name. Raises InputError."""
    from engine.errors import InputError

    store.adopt()
    rows = [row for row in store.collections() if row["kind"] != "bench"]
    for fits in (
        lambda row: name == row["collection"] or any(v["corpus"] == name for v in row["versions"]),
        lambda row: name == row["name"],
        lambda row: bool(name) and any(v["corpus"].startswith(name) for v in row["versions"]),
    ):
        found = [row for row in rows if fits(row)]
        if len(found) > 1:
            newest = [row["versions"][-1]["corpus"] for row in found]
            same = len(set(newest)) < len(newest)  # the same documents in several places
            ids = ", ".join(row["collection"] for row in found) if same else ", ".join(newest)
            raise InputError(f"{name!r} may be several corpora; give the id of one of these: {ids}.")
        if found:
            return found[0]
    raise InputError(f"There is no corpus {name!r}; `corpora` lists what is stored.")


def _read(store: Store, row: Any, as_json: bool, passwords: Sequence[str]) -> None:
    import json

    from app.command_line.progress import Reporter
    from app.command_line.terminal import console, safe
    from app.library.versions import save
    from engine.documents.ingest import ingest

    with Reporter(quiet=as_json) as reporter:
        info = ingest(
            row["sources"],
            store.corpora_dir,
            progress=reporter.reading,
            leave_out=store.corpora_dir.parent,
            passwords=passwords,
        )
    saved = save(store, row, info)
    if as_json:
        print(json.dumps({"name": row["name"], "message": saved.sentence, **saved.result}), flush=True)
    else:
        console(wrap=True).print(safe(f"{row['name']} ({info.id}): {saved.sentence}"))


def _watch(store: Store, row: Any, as_json: bool, passwords: Sequence[str]) -> None:
    import sys
    import time

    from app.library.watching import PATIENCE, Looker
    from engine.errors import Cancelled, InputError, TaprootError

    looker = Looker(row["sources"], store.corpora_dir, store.corpora_dir.parent)
    if not as_json:
        print("watching; Ctrl+C ends it", file=sys.stderr, flush=True)
    while True:
        began = time.monotonic()
        if all(one["collection"] != row["collection"] for one in store.collections()):
            raise InputError(f"{row['name']} was deleted, so it is not watched any more.")
        try:
            if looker.changed():
                _read(store, row, as_json, passwords)
        except Cancelled:
            raise
        except (TaprootError, OSError) as problem:  # it is empty now, say, or the disk is full
            print(f"taproot: {problem}", file=sys.stderr, flush=True)
        time.sleep(max(SECONDS, PATIENCE * (time.monotonic() - began)))
