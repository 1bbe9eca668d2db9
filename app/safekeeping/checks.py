"""Kept questions in the app: what each came to, and asking them again in a thread; one after the other, stopped at will."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.errors import NotFound
from app.live.job import Job
from engine.checks import Checked, check, keep
from engine.errors import Cancelled, InputError
from engine.events import Event, RunEnded, RunStarted
from engine.run.node import Hooks
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


class Checks:
    """Thread-safe. Tells followers {"kind": "checks", "running": question or None, "message"} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._engine = workbench.engine
        self._store = workbench.engine.store
        self._hub = workbench.hub
        self._problems: dict[str, str] = {}  # why a question could not be asked, by the run it was kept from
        self._job = Job(
            "checks",
            self._tell,
            busy="Kept questions are being asked already. Wait for the end, or stop it.",
            stopped="",  # what was found until then is said
            kept="What was found is kept.",
        )
        self.stop, self.close = self._job.stop, self._job.close

    # --- keep -------------------------------------------------------------------------------------------

    def keep(self, run: str, accepted: str | None = None) -> Json:
        """Keep the question of a run, see `engine.checks.keep`. Raises InputError."""
        kept = keep(self._store, run, accepted)
        self._tell()
        return kept

    def drop(self, run: str) -> None:
        """Keep a question no longer; its runs stay. Raises InputError when it is not kept."""
        self._store.drop_kept(run)
        self._tell()

    # --- ask again --------------------------------------------------------------------------------------

    def start(self, run: str | None = None) -> Json:
        """Begin to ask all kept questions again, or the one kept from `run`; returns how many.

        Raises InputError when nothing is kept, NotFound, ModelError without a model, Conflict while some are asked.
        """
        names = [row["run"] for row in self._store.kept()]
        if run is not None and run not in names:
            raise NotFound(f"The question of the run {run} is not kept.")
        if not names:
            raise InputError(
                "No question is kept yet. Ask one, then press “Keep as a check” below its answer."
            )
        names = names if run is None else [run]
        self._engine.model  # noqa: B018  raises ModelError
        with self._job.alone():
            now = {"kept": "", "question": "", "run": "", "done": 0, "of": len(names)}
            self._job.begin(lambda stop: self._ask(names, stop), now)
        self._tell()
        return {"asked": len(names)}

    def _ask(self, names: list[str], stop: Stop) -> str:
        found: list[Checked] = []

        def asking(row: Json) -> None:
            self._update(kept=row["run"], question=row["question"], run="")

        def event(event: Event) -> None:
            match event.fact:
                case RunStarted():
                    self._update(run=event.run)
                    self._hub.tell("runs", run=event.run, session=event.run, status="running")
                case RunEnded(status=status):
                    self._hub.tell("runs", run=event.run, session=event.run, status=status)

        try:
            for one in check(self._engine, hooks=Hooks(event), stop=stop, asking=asking, only=names):
                found.append(one)
                self._problems = {**self._problems, one.kept: one.problem}
                self._update(done=len(found))
        except Cancelled:
            return f"Stopped. {summary(found)}"
        return summary(found)

    def _update(self, **facts: Json) -> None:
        now, _ = self._job.state()
        self._job.update({**now, **facts})
        self._tell()

    def _tell(self) -> None:
        now, message = self._job.state()
        self._hub.tell("checks", running=now, message=message)

    # --- looking ----------------------------------------------------------------------------------------

    def overview(self) -> Json:
        """{"kept": rows, newest first, "running": {"kept", "question", "run", "done", "of"} or None, "message"}.

        A row is that of `Store.kept` with its `last` result (None: not asked again yet), how often it was `asked`, and why it
        could not be asked the last time (`problem`).
        """
        now, message = self._job.state()
        problems = self._problems
        kept = [
            {
                **{name: row[name] for name in ("run", "question", "accepted", "corpus_name", "created")},
                "asked": len(row["results"]),
                "last": row["results"][-1] if row["results"] else None,
                "problem": problems.get(row["run"], ""),
            }
            for row in reversed(self._store.kept())
        ]
        return {"kept": kept, "running": now, "message": message}


def summary(found: list[Checked]) -> str:
    """What asking questions again came to, in a sentence."""
    worse = sum(bool(one.worse) for one in found)
    return f"{len(found)} asked, {sum(one.right for one in found)} right, {worse} worse than before."
