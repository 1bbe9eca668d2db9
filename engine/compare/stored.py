"""Two stored runs, compared."""

from __future__ import annotations

from engine.compare.comparison import Comparison, compare
from engine.errors import InputError
from engine.store import Store


def compare_stored(store: Store, left: str, right: str) -> Comparison:
    """The comparison of two stored runs. Raises InputError for an unknown run, or one that cannot be read."""
    rows = store.run(left), store.run(right)
    try:
        return compare(*(store.events(row["run"]) for row in rows))
    except ValueError as error:
        raise InputError(
            f"The runs {rows[0]['run']} and {rows[1]['run']} cannot be compared: {error}."
        ) from error
