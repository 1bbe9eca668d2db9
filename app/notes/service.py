"""Notes while idle: for the cards that a person chose, one after the other, in a thread that gives way to every question.

    noting.set(card, True, budget=500_000)     # from now on, remembered for the next start
    noting.overview()                          # how far each card is
    noting.of(corpus, 3)                       # the notes of one document

A run that begins stops what is being noted before it asks its model for anything; replies that came are kept, and the
rest is asked again once it has been quiet for some seconds.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from app.errors import NotFound
from app.notes.quiet import Quiet
from app.notes.shown import fields
from app.preferences import Preferences
from engine.corpus.place.place import place_of
from engine.errors import Cancelled, InputError, TaprootError
from engine.notes.making import CORPUS_TOKENS, Budget, Progress, make_notes, progress_of, refuse
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

QUIET_SECONDS = 20.0  # without a run before notes are made
AGAIN_SECONDS = 60.0  # after a model failed
LOOK_SECONDS = 3.0  # between two looks whether there is something to note
TELL_SECONDS = 1.0  # between two words about progress
LEAST_BUDGET, MOST_BUDGET = 1_000, 1_000_000_000
FILE = "notes.json"


class Noting:
    """Thread-safe; `close` it. `seconds` is how long it must be quiet first."""

    def __init__(self, workbench: Workbench, seconds: float = QUIET_SECONDS):
        self._engine, self._hub, self._library = workbench.engine, workbench.hub, workbench.library
        self._store = workbench.engine.store
        self.seconds = seconds
        self._wishes = Preferences(workbench.data_dir, FILE)
        self._cards: dict[str, int] = dict(self._wishes.get("cards") or {})  # card -> budget
        self._states: dict[str, Json] = {}  # of each card that is on: what is said of it
        self._over: dict[
            str, tuple[str, str, int]
        ] = {}  # card -> corpus, model and budget with which it is over
        self._later: dict[
            str, float
        ] = {}  # card -> when it is tried again after a failure, by the monotonic clock
        self._changing = threading.Lock()  # of the wishes
        self._stop = Stop()
        self._told = 0.0
        self._ends, self._wake = threading.Event(), threading.Event()
        self.quiet = Quiet(self._store, lambda: self._stop.request())
        self._thread = threading.Thread(target=self._work, name="notes", daemon=True)
        if self._cards:
            self._thread.start()

    def close(self) -> None:
        """Stop; what was noted is kept."""
        self._ends.set()
        self._stop.request()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    # --- what a person sees and chooses -----------------------------------------------------------------

    def set(self, card: str, on: bool, budget: int | None = None) -> Json:
        """Make notes of a card while it is quiet, or no longer; returns what is said of it.

        Raises NotFound, InputError for a budget that is none.
        """
        row = self._row(card)
        with self._changing:
            if budget is None:
                budget = self._cards.get(row["collection"], CORPUS_TOKENS)
            if not LEAST_BUDGET <= budget <= MOST_BUDGET:
                raise InputError(
                    f"the budget has to be a number of tokens from {LEAST_BUDGET:,} to {MOST_BUDGET:,}"
                )
            self._wish(row["collection"], budget if on else None)
            for known in (self._states, self._over, self._later):
                known.pop(row["collection"], None)
            self._stop.request()  # it goes on with what is wished now
            if self._cards and not self._thread.is_alive() and not self._ends.is_set():
                self._thread.start()
        self._wake.set()
        self._tell(row)
        return self._status(row)

    def overview(self) -> Json:
        """What is said of each card: {"cards": {card: status}}, see `_status`."""
        rows = [row for row in self._store.collections() if row["kind"] != "bench" and row["versions"]]
        return {"cards": {row["collection"]: self._status(row) for row in rows}}

    def of(self, corpus: str, document: int) -> Json:
        """The notes of one document: kind, text, start, end, place in words, model, made (Unix seconds). Raises NotFound."""
        archive = self._library.documents.open(corpus).corpus.archive
        if not 0 <= document < archive.count:
            raise NotFound(f"There is no document {document} here; there are {archive.count:,}.")
        return {
            "notes": [
                {
                    **{key: row[key] for key in ("kind", "start", "end", "made")},
                    "text": row["words"],
                    "model": row["name"],
                    "place": place_of(archive, document, row["start"], row["start"]).said(),
                }
                for row in self._store.notes_on(corpus, document)
            ]
        }

    def _status(self, row: Json) -> Json:
        """{"card", "on", "budget", "state", "noted", "documents", "tokens", "problem"}; `state` is waiting, working, done, budget
        or problem; "" while it is off.
        """
        card = row["collection"]
        on = card in self._cards
        budget = self._cards.get(card, CORPUS_TOKENS)
        said = {"card": card, "on": on, "budget": budget, "state": "waiting" if on else "", "problem": ""}
        try:
            model = self._engine.model.info.fingerprint
            now = progress_of(self._store, row["versions"][-1]["corpus"], model, Budget(corpus=budget))
        except TaprootError:  # no model yet
            now = Progress(0, 0, 0)
        return {**said, **_figures(now), **(self._states.get(card, {}) if on else {})}

    def _row(self, card: str) -> Json:
        for row in self._store.collections():
            if card == row["collection"] or any(version["corpus"] == card for version in row["versions"]):
                return row
        raise NotFound("This corpus is not in the library; it may have been deleted.")

    def _wish(self, card: str, budget: int | None) -> None:
        """Remember the budget of a card, None where no notes are wished; for whoever holds `_changing`."""
        others = {name: one for name, one in self._cards.items() if name != card}
        self._cards = others if budget is None else {**others, card: budget}
        self._wishes.put(cards=self._cards)

    # --- the thread -------------------------------------------------------------------------------------

    def _work(self) -> None:
        while not self._ends.is_set():
            for card, budget in self._cards.items():
                self._note(card, budget)
            self._wake.wait(min(LOOK_SECONDS, max(0.05, self.seconds)) if self._cards else None)
            self._wake.clear()

    def _note(self, card: str, budget: int) -> None:
        """Make notes of one card if it is quiet, until it is over or something else begins."""
        stop = self._stop = (
            Stop()
        )  # before the look whether it is quiet: a run that begins after it finds this stop
        if self._ends.is_set() or self.quiet.seconds() < self.seconds or self._library.jobs.busy(card):
            return
        if self._cards.get(card) != budget or time.monotonic() < self._later.get(card, 0.0):
            return  # another wish came while other cards were noted, or it failed lately
        try:
            row = self._row(card)
            corpus, model = row["versions"][-1]["corpus"], self._engine.model
            wanted = (corpus, model.info.fingerprint, budget)
            if self._over.get(card) == wanted:
                return
            refuse(model)

            def tell(now: Progress) -> None:
                if self._row(card)["versions"][-1]["corpus"] != corpus:
                    stop.request()  # its folder changed
                self._say(card, "working", now)

            self._later[card] = time.monotonic() + AGAIN_SECONDS  # unless it ends as it should
            done = make_notes(self._store, model, corpus, Budget(corpus=budget), stop=stop, progress=tell)
            self._over[card] = wanted
            self._later.pop(card, None)
            self._say(card, "done" if done.over == "done" else "budget", done)
        except Cancelled:
            self._later.pop(card, None)
            self._say(card, "waiting")
        except NotFound:  # it was deleted
            with self._changing:
                self._wish(card, None)
        except TaprootError as problem:
            self._say(card, "problem", problem=str(problem))
        except Exception as problem:  # a defect of ours must not end the thread for all cards
            said = f"Taproot made a mistake with the notes ({type(problem).__name__}); what was noted is kept"
            self._say(card, "problem", problem=said)

    def _say(self, card: str, state: str, now: Progress | None = None, problem: str = "") -> None:
        """Keep what is to be said of a card, and tell it, but not too often while it only goes on."""
        if card not in self._cards:
            return
        before = self._states.get(card, {})
        said: dict[str, Any] = {**before, **_figures(now), "state": state, "problem": problem}
        self._states[card] = said
        if said == before or (before.get("state") == state and time.monotonic() - self._told < TELL_SECONDS):
            return
        self._told = time.monotonic()
        with contextlib.suppress(TaprootError):  # it was deleted, or the database is busy
            self._tell(self._row(card))

    def _tell(self, row: Json) -> None:
        """Tell all pages what is said of a card, also as `shown`: what is in its switch."""
        said = self._status(row)
        self._hub.tell("notes", **said, shown=fields(row["name"], said))


def _figures(now: Progress | None) -> dict[str, Json]:
    return (
        {key: value for key, value in asdict(now).items() if key in ("noted", "documents", "tokens")}
        if now
        else {}
    )
