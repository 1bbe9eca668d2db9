"""The record of a run that is to be executed again, with those of the runs whose variables its root found."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InputError
from engine.events import Event, RunStarted
from engine.events.record import RunRecord, record_of
from engine.exchange.incoming.facts import STRATEGY
from engine.replay.places import ReplayError
from engine.store import Store


def read_record(events: Iterable[Event]) -> RunRecord:
    """Sort the events of one run. Raises ReplayError when they do not begin as a run does."""
    events = list(events)
    if not events or not isinstance(events[0].fact, RunStarted):
        raise ReplayError("the record of this run does not say how it began, so it cannot be executed again.")
    return record_of(events)


def load_record(store: Store, name: str) -> RunRecord:
    """The record of a run by its id or unique beginning. Raises InputError for one that is not there, ReplayError where
    it was imported, or used variables of a run that was deleted.
    """
    row = store.run(name)
    if row["strategy"] == STRATEGY:
        raise ReplayError(
            f"run {row['run']} was imported from a log: Taproot did not observe it and has not its documents, so its cells "
            "cannot be executed again. Ask its question about your documents instead."
        )
    record = read_record(store.events(row["run"]))
    try:
        record.carried = tuple(
            read_record(store.events(store.run(run)["run"])) for run in record.started.carried or ()
        )
    except InputError:
        raise ReplayError(
            f"run {record.id} used variables of an earlier run of its session, which was deleted; its cells cannot be "
            "executed again."
        ) from None
    return record
