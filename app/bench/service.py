"""The bench of the app: one at a time, in a thread, with the model that is loaded; followed, stopped, looked into."""

from __future__ import annotations

import time
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from app.bench.results import key, progress, results
from app.errors import Conflict, NotFound
from app.live.job import Job
from app.text.words import many
from engine.bench.bench import KIND, Bench, Progress, series_of
from engine.bench.plan import QUICK, Plan, check
from engine.bench.results import report
from engine.errors import InputError, ModelError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

TELL_SECONDS = 0.3
MOST_MINUTES = 1440


class Measuring:
    """Thread-safe. Tells followers {"kind": "bench", "running", "progress": trees} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._engine = workbench.engine
        self._store = workbench.engine.store
        self._hub = workbench.hub
        self._told = 0.0
        self._job = Job(
            "bench",
            self._tell,
            busy="A bench is going on already. Wait for its end, or stop it.",
            stopped="Stopped. What was measured is kept; start the same again to go on.",
            kept="What was measured is kept.",
        )
        self.close = self._job.close

    # --- start and stop ---------------------------------------------------------------------------------

    def start(self, wanted: dict[str, Any]) -> Json:
        """Begin to measure; returns the series. `wanted` may hold the fields of a Plan, or "quick".

        Raises InputError for a plan that cannot be run, ModelError without a model, Conflict when one goes on.
        """
        plan = planned(wanted)
        with self._job.alone():
            bench = Bench(self._engine, plan.seed)
            first = Progress(0, len(plan.rows()) * plan.questions, None, "beginning")
            self._job.begin(
                lambda stop: bench.run(plan, progress=partial(self._follow, bench.series), stop=stop),
                _as_json(first, bench.series),
            )
        self._tell()
        return {"series": bench.series}

    def stop(self) -> bool:
        """Stop what goes on, keeping what was measured; False when nothing does."""
        going = self._job.stop()
        self._tell()
        return going

    def _follow(self, series: str, now: Progress) -> None:
        self._job.update(_as_json(now, series))
        if now.trial is not None or time.monotonic() - self._told >= TELL_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        now, message = self._job.state()
        self._hub.tell("bench", running=bool(now), progress=progress(now, message, self._job.stopping))

    # --- looking ----------------------------------------------------------------------------------------

    def model(self) -> Json:
        """What would be measured, {name, n_ctx, series}; None while no model is loaded."""
        try:
            info = self._engine.model.info
        except ModelError:
            return None
        return {"name": info.name, "n_ctx": info.n_ctx, "series": series_of(info, 0)}

    def overview(self, series: str | None = None) -> Json:
        """What can be chosen, what goes on, and the results of a series: the named if it is there, that of the model, or the latest.

        {running, message, series: [...], report: {rows, verdict, void, cells, ...} or None}
        """
        now, message = self._job.state()
        model = self.model()
        stored = [row for row in self._store.series() if row["trials"]]
        known = [row["series"] for row in stored]
        named = series if series in known else None  # another page may have deleted it
        wanted = named or (now and now["series"]) or (model and model["series"])
        chosen = wanted if wanted in known else (None if now else known[0] if known else None)
        return {
            "running": now,
            "message": message,
            "series": [
                {**{name: row[name] for name in ("series", "seed", "latest", "trials")}, "model": row["model"]["name"],
                 "n_ctx": row["model"]["n_ctx"]}
                for row in stored
            ],
            "report": report(self._store, chosen) if chosen else None,
        }  # fmt: skip

    def report(self, series: str) -> Json:
        """The results of a series. Raises NotFound."""
        try:
            return report(self._store, series)
        except InputError as error:
            raise NotFound(str(error)) from error

    def shown(self, series: str, row: str) -> Json:
        """What the page shows: {running, progress, results, series}; trees of `app.bench.results`.

        `series` is the one that a person chose, `row` the key of the row whose questions are shown; "" for none.
        """
        state = self.overview(series or None)
        chosen = state["report"] and state["report"]["series"]
        trials = (
            [one for one in self._store.trials(chosen) if key(chosen, one) == row] if chosen and row else []
        )
        return {
            "running": bool(state["running"]),
            "progress": progress(state["running"], state["message"], self._job.stopping),
            "results": results(state, row, trials),
            "series": chosen,
        }

    def delete(self, series: str) -> Json:
        """Delete the results of a series with their texts and runs: {series, runs, said}.

        Raises NotFound, Conflict while it goes on.
        """
        now, _ = self._job.state()
        if now and now["series"] == series:
            raise Conflict("These results are being measured. Stop the bench first.")
        self.report(series)
        runs = 0
        for row in self._store.collections():
            if row["kind"] == KIND and row["collection"].startswith(f"bench-{series}-"):
                runs += len(self._store.delete_collection(row["collection"])["runs"])
        self._store.delete_series(series)
        self._tell()
        return {"series": series, "runs": runs, "said": f"Deleted, with {many(runs, 'run')}."}


def planned(wanted: dict[str, Any]) -> Plan:
    """A plan from what a form holds. Raises InputError that names what is wrong with it."""
    values = {name: value for name, value in wanted.items() if value is not None}
    plan = QUICK if values.pop("quick", False) else Plan()
    minutes = values.pop("minutes", None)
    if minutes is not None:
        if not 0 < minutes <= MOST_MINUTES:
            raise InputError(
                f"minutes for each have to be more than 0 and at most {MOST_MINUTES:,}, not {minutes:g}"
            )
        values["row_seconds"] = 60.0 * minutes
    for name in ("suites", "methods", "lengths"):
        if name in values:
            values[name] = tuple(values[name])
    return check(replace(plan, **values))


def _as_json(now: Progress, series: str) -> Json:
    row = None if now.row is None else asdict(now.row)
    found = {"done": now.done, "total": now.total, "seconds_left": now.seconds_left, "doing": now.doing}
    return {**found, "row": row, "series": series}
