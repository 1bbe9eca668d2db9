"""Notes of a folder with the default model: how many, how long, how many tokens, and does every fact stand in its text.

    .venv/bin/python -m tests.proof.notes [FOLDER] [--documents N] [--kill]

`--documents`: the first N files of the folder alone. `--kill`: the process that makes them is killed by SIGKILL once a
third of the documents is noted, and another goes on; nothing may be asked twice. Prints figures as JSON; exit 1 where a
fact or heading does not stand at its place.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from engine.corpus import Corpus
from engine.documents.ingest import CorpusInfo
from engine.engine import Engine
from engine.llm import open_model
from engine.notes.making import Progress, make_notes
from models import default

SAMPLE = Path("app/sample/documents")


def wrong(engine: Engine, corpus: CorpusInfo) -> list[str]:
    """The facts and headings whose words are not those of the text at their place, looked at one by one."""
    opened = Corpus.open(corpus.path)
    return [
        f"{row['words']!r} of document {row['document']}"
        for row in engine.store.notes_on(corpus.id)
        if row["kind"] != "about" and str(opened[row["document"]])[row["start"] : row["end"]] != row["words"]
    ]


def make(data: Path, source: Path) -> dict[str, Any]:
    """Make what is missing of the notes, and say what there is now."""
    with Engine(data, lambda: open_model(str(default.provide()), data=data)) as engine:
        corpus = engine.add([source])

        def tell(progress: Progress) -> None:
            print(f"{progress.noted} {progress.documents} {progress.tokens}", file=sys.stderr, flush=True)

        began = time.monotonic()
        done = make_notes(engine.store, engine.model, corpus.id, progress=tell)
        rows = engine.store.notes_on(corpus.id)
        return {
            "model": engine.model.info.name,
            "documents": done.documents,
            "characters": corpus.chars,
            "noted": done.noted,
            "over": done.over,
            "tokens": done.tokens,
            "seconds": round(time.monotonic() - began, 1),
            "notes": len(rows),
            **Counter(row["kind"] for row in rows),
            "not_in_the_text": wrong(engine, corpus),
        }


def killed(data: Path, source: Path) -> int:
    """Begin in another process and kill it once a third is noted; returns how many replies were kept."""
    command = [sys.executable, "-m", "tests.proof.notes", str(source), "--data", str(data)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as other:
        assert other.stderr is not None
        for line in other.stderr:
            noted, documents, *_ = line.split()
            if int(noted) * 3 >= int(documents):
                other.kill()
    return len(replies(data))


def replies(data: Path) -> dict[tuple[str, int, str], float]:
    """When each question about each piece was answered."""
    with contextlib.closing(sqlite3.connect(data / "taproot.db")) as db:
        return {
            (text, at, ask): made
            for text, at, ask, made in db.execute("SELECT text, at, ask, made FROM note")
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--documents", type=int)
    parser.add_argument("--kill", action="store_true")
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, source = options.data or Path(folder) / "data", options.folder
        if options.documents:
            source = Path(folder) / "documents"
            source.mkdir()
            files = sorted(file for file in options.folder.rglob("*") if file.is_file())
            for file in files[: options.documents]:
                shutil.copy(file, source)
        found: dict[str, Any] = {}
        if options.kill:
            found["replies_before_the_kill"] = killed(data, source)
            before = replies(data)
        found |= make(data, source)
        if options.kill:
            after = replies(data)
            found["replies_after_it"] = len(after) - len(before)
            found["asked_twice"] = sum(after[key] != made for key, made in before.items())
    print(json.dumps(found, indent=1))
    return 1 if found["not_in_the_text"] else 0


if __name__ == "__main__":
    sys.exit(main())
