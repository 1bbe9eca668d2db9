"""Import a log: read the file whole, see what it is, check all of it, then store its runs in one transaction."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.exchange.incoming.facts import SETTING, Dated, events_of
from engine.exchange.incoming.fast_rlm import is_fast_rlm, read_fast_rlm
from engine.exchange.incoming.fields import lines_of
from engine.exchange.incoming.rlms import is_rlms, read_rlms
from engine.exchange.incoming.tree import Imported
from engine.store import Store

LARGEST = 1 << 30  # bytes of a log


@dataclass(frozen=True, slots=True)
class Log:
    """A log that was read. `name` and `sha256` are those of the file."""

    name: str
    sha256: str
    runs: list[Imported]

    def events(self) -> list[list[Dated]]:
        """The events of each run."""
        return [events_of(run, self.name, self.sha256, number) for number, run in enumerate(self.runs, 1)]


def read_log(path: Path, name: str | None = None) -> Log:
    """The runs of a log of rlms or fast-rlm. `name`: what a person calls the file, where it lies under another one.

    Raises InputError, with the line and what is wrong with it, for a file that cannot be read or is no such log.
    """
    shown, name = name or str(path), name or path.name
    data = _bytes(path)
    try:
        lines = lines_of(data.decode("utf-8-sig"))
        if is_rlms(lines):
            runs = read_rlms(lines, name)
        elif is_fast_rlm(lines):
            runs = read_fast_rlm(lines, name)
        else:
            raise InputError(
                "it is no log of rlms (lines with a 'type' of metadata or iteration) or of fast-rlm (lines with an "
                "'event_type' and a 'run_id'). Nothing was imported."
            )
    except UnicodeDecodeError as error:
        raise InputError(
            f"{shown} is no text: {error.reason} at byte {error.start:,}. Nothing was imported."
        ) from error
    except RecursionError as error:
        raise InputError(f"{shown} is nested too deeply to be a log. Nothing was imported.") from error
    except InputError as error:
        raise InputError(f"{shown}: {error}") from error
    return Log(name, hashlib.sha256(data).hexdigest(), runs)


def _bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(
                f"{path} has {size:,} bytes, and a log may have {LARGEST:,}. Nothing was imported."
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}. Nothing was imported.") from error


def imported_before(store: Store, log: Log) -> list[str]:
    """The runs that this very file was imported as before."""
    rows = store.runs()
    settings = {row["run"]: row["settings"] for row in rows if isinstance(row["settings"], dict)}
    return [run for run, value in settings.items() if (value.get(SETTING) or {}).get("sha256") == log.sha256]


def import_log(store: Store, log: Log) -> list[str]:
    """Store the runs of a log, all or none; return their ids."""
    return store.add_runs(log.events())
