"""Runs of this process: started in threads of their own, followed, stopped as a whole or by subtree, deleted."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import Any

from app.errors import Busy, Conflict, NotFound
from app.live.broadcast import Hub
from app.live.trace import encode
from app.runs.answer.panel import answer_panel, as_text, may_be_kept
from app.runs.answer.verdict import progress_words
from app.runs.detail.pane import node_pane
from app.runs.head.head import run_head
from app.runs.head.live import Followed
from app.runs.listing.thread import follow_up, said_at_end
from app.runs.node_detail import folded, node_detail
from app.runs.tree.frame import frame
from engine.bench.router import route
from engine.documents.ingest import CorpusInfo
from engine.engine import Engine
from engine.errors import InputError, StoreError, TaprootError
from engine.events import Event, RunResumed, RunStarted
from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.resume import may_go_on, resume
from engine.run.node import Hooks
from engine.stop import Stop
from engine.store import Store
from engine.types import Json, Settings

MOST = 4  # runs at once
CLOSE_SECONDS = 20.0  # how long closing waits for runs to wind down
WHOLE = ("depth", "max_turns", "max_calls", "max_tokens", "reply_tokens", "seed")
REAL = ("max_seconds", "temperature")
LOWEST = {"depth": 0, "max_calls": 0, "seed": 0, "temperature": 0.0}  # of the others, 1
HIGHEST = {"depth": 8, "temperature": 5.0, "max_seconds": 7 * 86400.0}  # of the others, a billion


@dataclass(frozen=True, slots=True)
class Started:
    """A run that has begun, and the session it belongs to."""

    run: str
    session: str


class Runs:
    """Thread-safe."""

    def __init__(self, engine: Engine, hub: Hub):
        self._engine = engine
        self._store = engine.store
        self._hub = hub
        self._lock = threading.Lock()
        self._free = MOST
        self._closed = False
        self._stops: set[Stop] = set()
        self._live: dict[str, Stop] = {}  # of the thread that works on a run
        self._stopping: set[str] = set()  # those of them that were told to stop as a whole
        self._threads: set[threading.Thread] = set()

    def live(self) -> list[str]:
        """Ids of the runs that go on in this process."""
        with self._lock:
            return list(self._live)

    # --- start and stop ---------------------------------------------------------------------------------

    def start(
        self,
        question: str,
        corpus: str,
        settings: dict[str, Json] | None = None,
        *,
        session: str | None = None,
        follows: str | None = None,
    ) -> Started:
        """Begin a run in a thread and return once its first event is committed.

        `settings` may hold depth, max_turns, max_calls, max_tokens, max_seconds, reply_tokens, temperature, seed. A follow-up
        names the run it `follows`, or the `session`, whose last run is meant then. Raises InputError for bad
        input, ModelError without a model, Conflict when 4 runs go on already or the followed one does.
        """
        chosen = to_settings(settings or {})
        info = corpus_of(self._store, corpus)
        follows = self._followed(session, follows)

        def ask(hooks: Hooks, stop: Stop) -> None:
            strategy = route(self._engine, info, follows, stop)
            self._engine.ask(
                question, info, chosen, hooks=hooks, stop=stop, follows=follows, strategy=strategy
            )

        return self._begin(ask)

    def fork(
        self,
        run: str,
        cell: int,
        *,
        node: str = "0",
        code: str | None = None,
        question: str | None = None,
        settings: dict[str, Json] | None = None,
    ) -> Started:
        """Begin a run that goes on from a cell of another one, as `engine.replay.fork.fork` does, and return as `start`."""
        chosen = to_settings(settings or {})
        changes = {name: getattr(chosen, name) for name in settings or {}}
        self.row(run)

        def ask(hooks: Hooks, stop: Stop) -> None:
            wanted = partial(fork, node=node, code=code, question=question, changes=changes)
            wanted(self._engine, run, cell, hooks=hooks, stop=stop)

        return self._begin(ask)

    def verify(self, run: str, stop: Stop) -> Json:
        """Verify a run that has ended; see `engine.replay.verify`. Raises NotFound, InputError while it runs, Cancelled.

        Followers are told {"kind": "verify", "run", "done": cells, "of": cells, "words"} as it goes on.
        """
        self.row(run)

        def progress(done: int, of: int) -> None:
            self._hub.tell("verify", run=run, done=done, of=of, words=progress_words(done, of))

        with self._lock:
            self._stops.add(stop)
            if self._closed:
                stop.request()
        try:
            return verify(self._store, self._engine.kernels, run, stop=stop, progress=progress).to_json()
        finally:
            with self._lock:
                self._stops.discard(stop)

    def resume(self, run: str, settings: dict[str, Json] | None = None) -> Started:
        """Let a run that ended without an answer go on in a thread; returns once that is committed.

        `settings` may hold max_seconds and depth. Raises NotFound, InputError for bad input and for a run that cannot go
        on, ModelError without a model, Conflict when 4 runs go on already.
        """
        given = settings or {}
        chosen = to_settings(given)
        row = self.row(run)
        seconds = chosen.max_seconds if "max_seconds" in given else None
        depth = chosen.depth if "depth" in given else None

        def go_on(hooks: Hooks, stop: Stop) -> None:
            resume(self._engine, row["run"], seconds=seconds, depth=depth, hooks=hooks, stop=stop)

        return self._begin(go_on)

    def _begin(self, ask: Callable[[Hooks, Stop], None]) -> Started:
        """Let a thread `ask`, and return once the first event of it is committed."""
        begun: Future[str] = Future()
        stop = Stop()
        with self._lock:
            if self._closed:
                raise Conflict("Taproot is closing; start it again to ask.")
            if not self._free:
                raise Busy(f"{MOST} runs are going on already. Wait for one to end, or stop one.")
            self._free -= 1
            self._stops.add(stop)
            thread = threading.Thread(target=self._work, args=(ask, stop, begun), name="run", daemon=True)
            self._threads.add(thread)
            thread.start()
        run = begun.result()
        return Started(run, self._store.run(run)["session"])

    def _work(self, ask: Callable[[Hooks, Stop], None], stop: Stop, begun: Future[str]) -> None:
        """Ask, in a thread of its own; what goes wrong before the run begins is the caller's."""
        session = None

        def event(event: Event) -> None:
            nonlocal session
            match event.fact:
                case RunStarted() | RunResumed():
                    session = str(self._store.run(event.run)["session"])
                    with self._lock:
                        self._live[event.run] = stop
                        self._stopping.discard(event.run)
                    self._hub.tell("runs", run=event.run, session=session, status="running")
                    begun.set_result(event.run)

        def token(node: str, text: str) -> None:
            self._hub.token(begun.result(), node, text)

        problem = ""
        try:
            ask(Hooks(event, token), stop)
        except Exception as error:
            if not begun.done():
                begun.set_exception(error)
                return
            problem = str(error) if isinstance(error, TaprootError) else type(error).__name__
        finally:
            with self._lock:
                self._free += 1
                self._stops.discard(stop)
                self._threads.discard(threading.current_thread())
                if begun.exception() is None and self._live.get(begun.result()) is stop:  # not gone on yet
                    del self._live[begun.result()]
                self._stopping.intersection_update(self._live)
        self._tell_end(begun.result(), session, problem)

    def _tell_end(self, run: str, session: str | None, problem: str) -> None:
        """Say to everyone that a run is over; `problem` where its end could not be recorded as usual."""
        status = "failed"
        with contextlib.suppress(InputError, StoreError):
            status = self._store.run(run)["status"]
        more = {"problem": problem} if problem else {}
        self._hub.tell("runs", run=run, session=session, status=status, **more)

    def stop(self, run: str, nodes: list[str] | None = None) -> list[str]:
        """Stop a run, or only the subtrees of some nodes; what was done is kept. Returns the nodes it reached.

        A run that has ended is left as it is. Raises NotFound for an unknown run, Conflict when none of the nodes
        is at work, or when another program works on the run.
        """
        wanted = nodes or ["0"]
        if reached := [node for node in wanted if self._engine.stop(run, node)]:
            with self._lock:
                if "0" in reached and run in self._live:
                    self._stopping.add(run)
            return reached
        row = self.row(run)
        if row["status"] != "running":
            return []
        if run not in self.live():
            raise Conflict("Another program works on this run; stop it there.")
        raise Conflict(f"{'This node is' if len(wanted) == 1 else 'These nodes are'} not at work any more.")

    def allow(self, run: str, seconds: float) -> float:
        """Change the time limit of a run, in seconds since it began; returns it.

        Raises NotFound for an unknown run, InputError for no such limit, Conflict when it is not at work here.
        """
        limit = to_settings({"max_seconds": seconds}).max_seconds
        if self._engine.allow(run, limit):
            return limit
        row = self.row(run)
        if row["status"] != "running":
            raise Conflict("This run has ended; its time limit cannot be changed any more.")
        raise Conflict("Another program works on this run; its time limit can be changed there alone.")

    def _followed(self, session: str | None, follows: str | None) -> str | None:
        """The run that a follow-up comes after. Raises NotFound, or Conflict while it goes on."""
        if follows is not None:
            row = self.row(follows)
        elif session is not None:
            rows = self._store.session(session)
            if not rows:
                raise NotFound(f"There is no session {session!r}; it may have been deleted.")
            row = rows[-1]
        else:
            return None
        if row["status"] == "running":
            raise Conflict(
                "The run that this question follows is still going on. Wait for its answer, or stop it."
            )
        return str(row["run"])

    # --- looking ----------------------------------------------------------------------------------------

    def row(self, run: str) -> dict[str, Any]:
        """A run's row as stored. Raises NotFound; the id has to be whole."""
        try:
            row = self._store.run(run)
        except InputError as error:
            raise NotFound(f"There is no run {run!r}; it may have been deleted.") from error
        if row["run"] != run:
            raise NotFound(f"There is no run {run!r}.")
        return row

    def log(self, run: str, after: int = 0) -> Json:
        """The run's row and its compact events with what they change (`app.live.logs`), those with a number above `after`.

        {"run": {..., "title", "runs": ids of its session, "live", "resumes": may it go on, and as trees "head", "now": what
        goes on, "follow": what a next question follows; once it has ended its answer as "panel", "text" for the clipboard
        and "told", which is announced}, "events": [...], "last": seq, "frame": of the tree, where `after` is 0}
        """
        return json.loads(self.log_text(run, after))

    def log_text(self, run: str, after: int = 0) -> str:
        """The same as JSON text: the events are kept in that form."""
        row, told = self._read(run, after)
        session = [other["run"] for other in self._store.session(row["session"])]
        title = self._store.titles().get(row["session"], "")
        about = {k: v for k, v in row.items() if k != "owner"} | {"forks": self._store.forks(run)}
        live = row["status"] == "running"
        about |= {"title": title, "runs": session, "live": live, "resumes": not may_go_on(row)}
        shown: dict[str, Json] = {"head": run_head(about), "now": [], "follow": follow_up(about)}
        if live:
            past = (json.loads(text) for _, text in self._store.trace(run))
            shown["now"] = Followed(row, past, partial(self.stopping, run)).shown(time.time())
        else:
            if may_be_kept(row):
                about["kept"] = any(one["run"] == run for one in self._store.kept())
            shown |= {"panel": answer_panel(about), "text": as_text(about), "told": said_at_end(about)}
        frames = "" if after else f'"frame":{encode(frame())},'
        about_run, last = encode(about | shown), after + len(told)
        return f'{{"run":{about_run},{frames}"events":[{",".join(told)}],"last":{last}}}'

    def _read(self, run: str, after: int) -> tuple[dict[str, Any], list[str]]:
        """A run's row and its events above `after`, both from before or both from after an end or a going on."""
        row, told = self.row(run), self._hub.logs.after(run, after)
        while (now := self.row(run))["status"] != row["status"]:
            row, told = now, self._hub.logs.after(run, after)
        return row, told

    def followed(self, run: str, after: int) -> Followed | None:
        """What the head of a run shows while it goes on, to be told the events above `after`; None of one that has ended."""
        row = self.row(run)
        if row["status"] != "running":
            return None
        past = (json.loads(text) for seq, text in self._store.trace(run) if seq <= after)
        return Followed(row, past, partial(self.stopping, run))

    def stopping(self, run: str) -> bool:
        """Whether a run goes on and was told to stop."""
        with self._lock:
            return run in self._stopping

    def node(self, run: str, node: str, upto: int | None = None) -> Json:
        """All about one node, as it stood at event `upto` (None: now); see `app.runs.node_detail`. Raises NotFound."""
        return node_detail(self._store, run, node, upto)

    def pane(self, run: str, node: str, upto: int | None = None) -> Json:
        """The same laid out for the page; see `app.runs.detail.pane`. Raises NotFound."""
        return node_pane(folded(self._store, run, node, upto), self._hub.logs.way(run, node))

    # --- the end ----------------------------------------------------------------------------------------

    def delete(self, run: str) -> Json:
        """Delete a run for good; return the store's receipt. Raises NotFound, Conflict while it runs."""
        row = self.row(run)
        if row["status"] == "running":
            raise Conflict(f"The run {run} is still running. Stop it first, then delete it.")
        receipt = self._store.delete_run(run)
        self._hub.tell("runs", run=run, session=row["session"], status="deleted")
        return receipt

    def close(self) -> None:
        """Stop all runs and wait for them to wind down."""
        with self._lock:
            self._closed = True
            stops, threads = list(self._stops), list(self._threads)
        for stop in stops:
            stop.request()
        for thread in threads:
            thread.join(CLOSE_SECONDS)


def corpus_of(store: Store, corpus: str) -> CorpusInfo:
    """A stored corpus. Raises NotFound."""
    try:
        row = store.corpus(corpus)
    except InputError as error:
        raise NotFound(f"There is no corpus {corpus!r}; it may have been deleted.") from error
    known = {f.name: row[f.name] for f in fields(CorpusInfo) if f.name in row}
    return CorpusInfo(**{**known, "id": row["corpus"], "path": Path(row["path"])})


def to_settings(values: dict[str, Json]) -> Settings:
    """Settings from what a form or request holds. Raises InputError that names what is wrong and its range."""
    for name, value in values.items():
        if name not in WHOLE + REAL:
            raise InputError(f"{name!r} is not a setting; known are {', '.join(WHOLE + REAL)}")
        low, high = LOWEST.get(name, 1), HIGHEST.get(name, 1_000_000_000)
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        fits = isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
        if not fits or (name in WHOLE and not whole):
            kind = "a whole number" if name in WHOLE else "a number"
            raise InputError(f"{name} has to be {kind} from {low:,} to {high:,}")
    plain: dict[str, Any] = {n: int(v) if n in WHOLE else float(v) for n, v in values.items()}
    return Settings(**plain)
