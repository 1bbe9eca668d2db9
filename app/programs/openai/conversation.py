"""Which run a conversation goes on from: other programs send all of it again, and the runs of it are in the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.programs.markdown import harmless
from engine.types import Json

if TYPE_CHECKING:
    from engine.store import Store

MOST = 200  # of the latest runs over a corpus that are looked at
Exchange = tuple[str, str | None]


def followed(store: Store, corpora: list[str], earlier: tuple[Exchange, ...]) -> str | None:
    """The run over one of these corpora that ended a conversation with these questions and answers, or None.

    The newest counts. Where the program has left out the oldest questions, the others decide.
    """
    if not earlier:
        return None
    last = earlier[-1][0].strip()
    for found in store.latest_runs(corpora, MOST):
        if found["question"] == last and found["status"] != "running":
            rows = {row["run"]: row for row in store.session(found["session"])}
            if _is(rows, found["run"], earlier):
                return str(found["run"])
    return None


def _is(rows: dict[str, Json], run: str | None, earlier: tuple[Exchange, ...]) -> bool:
    """Whether a run and those that it follows are these exchanges, from the last one back."""
    for question, answer in reversed(earlier):
        row = rows.get(run or "")
        if row is None or row["question"] != question.strip():
            return False
        told = (answer or "").strip()
        if told and row["answer"] is not None and not told.startswith(harmless(row["answer"]).strip()):
            return False
        run = row["follows"]
    return True
