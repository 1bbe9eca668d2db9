"""The bench of the app: one at a time, in a thread, with the model that is loaded; followed, stopped, looked into."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from app.bench.words import SUITES as ABOUT
from app.errors import Conflict, NotFound
from engine.bench.bench import KIND, Bench, Progress, series_of
from engine.bench.methods import METHODS
from engine.bench.plan import LENGTHS, MOST_SEMANTIC, QUICK, Plan, check
from engine.bench.results import report
from engine.bench.suites.suites import SEMANTIC, SUITES
from engine.errors import Cancelled, InputError, ModelError, TaprootError
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

TELL_SECONDS = 0.3
CLOSE_SECONDS = 20.0
MOST_MINUTES = 1440


class Measuring:
    """Thread-safe. Tells followers {"kind": "bench", "running": progress or None} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._engine = workbench.engine
        self._store = workbench.engine.store
        self._hub = workbench.hub
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = Stop()
        self._now: Json = None
        self._message = ""
        self._told = 0.0

    # --- start and stop ---------------------------------------------------------------------------------

    def start(self, wanted: dict[str, Any]) -> Json:
        """Begin to measure; returns the series. `wanted` may hold the fields of a Plan, or "quick".

        Raises InputError for a plan that cannot be run, ModelError without a model, Conflict when one goes on.
        """
        plan = planned(wanted)
        with self._lock:
            if self._thread is not None:
                raise Conflict("A bench is going on already. Wait for its end, or stop it.")
            bench = Bench(self._engine, plan.seed)
            self._stop, self._message = Stop(), ""
            self._now = _as_json(
                Progress(0, len(plan.rows()) * plan.questions, None, "beginning"), bench.series
            )
            self._thread = threading.Thread(
                target=self._work, args=(bench, plan, self._stop), name="bench", daemon=True
            )
            self._thread.start()
        self._tell()
        return {"series": bench.series}

    def stop(self) -> bool:
        """Stop what goes on, keeping what was measured; False when nothing does."""
        with self._lock:
            going = self._thread is not None
            stop = self._stop
        stop.request()
        return going

    def close(self) -> None:
        """Stop and wait for the end."""
        thread = self._thread
        if self.stop() and thread is not None:
            thread.join(CLOSE_SECONDS)

    def _work(self, bench: Bench, plan: Plan, stop: Stop) -> None:
        message = ""

        def progress(now: Progress) -> None:
            with self._lock:
                self._now = _as_json(now, bench.series)
                quiet = now.trial is None and time.monotonic() - self._told < TELL_SECONDS
            if not quiet:
                self._tell()

        try:
            bench.run(plan, progress=progress, stop=stop)
        except Cancelled:
            message = "Stopped. What was measured is kept; start the same again to go on."
        except TaprootError as error:
            message = str(error)
        except Exception as error:  # a defect of ours must not leave a bench that never ends
            message = f"Taproot made a mistake ({type(error).__name__}). What was measured is kept."
        finally:
            with self._lock:
                self._thread, self._now, self._message = None, None, message
            self._tell()

    def _tell(self) -> None:
        with self._lock:
            self._told = time.monotonic()
            now, message = self._now, self._message
        self._hub.tell("bench", running=now, message=message)

    # --- looking ----------------------------------------------------------------------------------------

    def model(self) -> Json:
        """What would be measured, {name, n_ctx, series}; None while no model is loaded."""
        try:
            info = self._engine.model.info
        except ModelError:
            return None
        return {"name": info.name, "n_ctx": info.n_ctx, "series": series_of(info, 0)}

    def overview(self, series: str | None = None) -> Json:
        """What can be chosen, what goes on, and the results of a series: the named, that of the model, or the latest.

        {model, running, message, choices, about, series: [...], report: {rows, verdict, void, cells, ...} or None}
        """
        with self._lock:
            now, message = self._now, self._message
        model = self.model()
        mine = model and model["series"]
        stored = [row for row in self._store.series() if row["trials"]]
        wanted = series or (now and now["series"]) or mine
        known = [row["series"] for row in stored]
        chosen = wanted if wanted in known else (None if series or now else known[0] if known else None)
        return {
            "model": model,
            "running": now,
            "message": message,
            "choices": {
                "suites": SUITES,
                "semantic": SEMANTIC,
                "most_semantic": MOST_SEMANTIC,
                "methods": [*METHODS],
                "lengths": LENGTHS,
                "quick": asdict(QUICK),
                "usual": asdict(Plan()),
            },
            "about": ABOUT,
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

    def trials(self, series: str, suite: str, method: str, windows: float) -> list[Json]:
        """The questions of one row, with their runs."""
        return [
            row
            for row in self._store.trials(series)
            if (row["suite"], row["method"], row["windows"]) == (suite, method, windows)
        ]

    def delete(self, series: str) -> Json:
        """Delete the results of a series with their texts and runs. Raises NotFound, Conflict while it goes on."""
        with self._lock:
            if self._now and self._now["series"] == series:
                raise Conflict("These results are being measured. Stop the bench first.")
        self.report(series)
        runs = 0
        for row in self._store.collections():
            if row["kind"] == KIND and row["collection"].startswith(f"bench-{series}-"):
                runs += len(self._store.delete_collection(row["collection"])["runs"])
        self._store.delete_series(series)
        self._hub.tell("bench", running=self._now, message=self._message)
        return {"series": series, "runs": runs}


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
