"""Export a run: one text for each format, and where it is written."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.events import Event
from engine.events.record import RunRecord, record_of
from engine.exchange.lessons import lessons, unfit
from engine.exchange.material import material
from engine.exchange.notebook.notebook import Documents, notebook
from engine.exchange.page.page import page
from engine.exchange.report import report
from engine.exchange.rlms_log import rlms_log
from engine.store import Store

SUFFIXES = {"ipynb": ".ipynb", "html": ".html", "jsonl": ".jsonl", "md": ".md", "train": ".train.jsonl"}
TEXTS: dict[str, Callable[[RunRecord], str]] = {
    "html": page,
    "jsonl": rlms_log,
    "md": report,
    "train": lessons,
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A run in one format. `name` is a name for its file."""

    name: str
    text: str


def read_record(events: Iterable[Event]) -> RunRecord:
    """The record of a run, from its events in order. Raises InputError where they hold no run or its root never began."""
    try:
        record = record_of(events)
    except ValueError as problem:
        raise InputError(
            "There is no readable beginning of this run; `show` prints what is stored of it."
        ) from problem
    if "0" not in record.nodes:
        raise InputError(
            f"The run {record.id} ended before its first node began; there is nothing to export."
        )
    return record


def export(store: Store, name: str, form: str, documents: Documents = "embed") -> Exported:
    """The run of this id, or beginning of one, as ipynb, html, jsonl, md or train.

    Raises InputError for an unknown run, one that goes on, one that makes no lessons, and documents that cannot be had.
    """
    row = store.run(name)
    run = row["run"]
    if row["status"] == "running":
        raise InputError(f"The run {run} is still going on. Wait for its end, or stop it, then export it.")
    record = read_record(store.events(run))
    text = notebook(record, material(store, row), documents) if form == "ipynb" else TEXTS[form](record)
    if form == "train" and not text:
        raise InputError(
            f"The run {run} makes no lessons: it {unfit(record) or 'has no turn that ended well'}."
        )
    return Exported(f"{run}{SUFFIXES[form]}", text)


def write(text: str, target: Path, *, force: bool = False) -> None:
    """Write a file whole or not at all. Raises InputError where it exists (without `force`) or cannot be written."""
    there = os.path.lexists(target)
    if there and target.is_dir():
        raise InputError(f"{target} is a folder. Name a file in it with -o.")
    if there and not force:
        raise InputError(
            f"{target} exists already and was left as it is. Name another file with -o, or add --force."
        )
    beside = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}")
    try:
        beside.write_text(text, "utf-8", errors="backslashreplace", newline="\n")
        if not force:
            target.touch(exist_ok=False)  # fails where something came there meanwhile
        beside.replace(target)
    except FileExistsError as error:
        raise InputError(f"{target} exists already and was left as it is.") from error
    except OSError as error:
        raise InputError(
            f"{target} cannot be written: {error.strerror}. Choose another place with -o."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            beside.unlink()
