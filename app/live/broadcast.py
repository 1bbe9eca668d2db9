"""Who is told what, at once: committed events of runs, live text of replies, and changes of the app.

Events that this process commits come from the store's writer; those of a run that another process works on (`ask` on
the command line over the same data folder) are looked for twice a second, only while somebody follows such a run.
Every follower has a bounded queue: one that falls too far behind is closed and comes back with the number of its last
event, so that nothing is lost and nobody else waits.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from app.live.logs import Logs
from app.live.trace import encode
from engine.errors import InputError, StoreError
from engine.events import Event, NodeEnded, ReplyWritten, RunEnded, TurnStarted
from engine.store import Store
from engine.types import Json

MOST_WAITING = 5_000  # messages of one follower
POLL_SECONDS = 0.5
DRAFT_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell a follower, as JSON text. `seq` is the event's number in its run, 0 for what is not stored."""

    name: Literal["run", "draft", "head", "app"]
    text: str
    seq: int = 0

    @property
    def data(self) -> Json:
        """What the text says."""
        return json.loads(self.text)


class Subscription:
    """What one follower has not taken yet. `closed` when it fell too far behind, left, or the hub ended."""

    def __init__(self, hub: Hub, run: str | None, after: int, wake: Callable[[], None] | None, most: int):
        self.run = run
        self.closed = False
        self._hub = hub
        self._after = after
        self._wake = wake or (lambda: None)
        self._most = most
        self._waiting: deque[Message] = deque()
        self._changed = threading.Condition()

    def take(self) -> list[Message]:
        """Return and forget what has come since the last call; never waits.

        Events are gap-free from `after` + 1 on: those committed before the subscription are read from the store,
        also when the queue holds later ones already.
        """
        with self._changed:
            messages = list(self._waiting)
            self._waiting.clear()
            self._changed.notify_all()
        taken: list[Message] = []
        for message in messages:
            if message.name != "run":
                taken.append(message)
            elif message.seq > self._after:
                if message.seq > self._after + 1:
                    taken += self._stored()
                if message.seq > self._after:
                    taken.append(message)
                    self._after = message.seq
        return taken

    def wait(self, seconds: float) -> bool:
        """Wait until something came or it was closed; False when the time was up first."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._waiting) or self.closed, seconds)

    def close(self) -> None:
        """Follow no longer."""
        self._hub.leave(self)
        self.end()

    def end(self) -> None:
        """Be told that no more will come."""
        with self._changed:
            self.closed = True
            self._changed.notify_all()
        self._wake()

    def put(self, message: Message) -> None:
        """Add a message; too many close the subscription."""
        with self._changed:
            if self.closed:
                return
            if len(self._waiting) < self._most:
                self._waiting.append(message)
            else:
                self.closed = True
            self._changed.notify_all()
        self._wake()

    def catch_up(self) -> list[Message]:
        """The events that are stored already, from `after` + 1 on."""
        return self._stored() if self.run is not None else []

    def _stored(self) -> list[Message]:
        assert self.run is not None
        messages = self._hub.stored(self.run, self._after)
        if messages:
            self._after = messages[-1].seq
        return messages


@dataclass
class Draft:
    """The reply that a node is writing: what followers were told of it, in `at` units of UTF-16, and what not yet."""

    turn: int
    fresh: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    at: int = 0

    def pour(self) -> Json:
        """What is fresh, as a message that says where it goes on; None when there is nothing."""
        text, self.fresh = "".join(self.fresh), []
        if not text:
            return None
        self.told.append(text)
        at, self.at = self.at, self.at + len(text.encode("utf-16-le", "surrogatepass")) // 2
        return {"x": text, "at": at, "i": self.turn}


class Hub:
    """Thread-safe. Subscribe, take messages, close; `tell` says to everyone that something of the app changed.

    `followed` is set while there is somebody to tell, and for good when the hub was closed.
    """

    def __init__(self, store: Store):
        self.followed = threading.Event()
        self._store = store
        self.logs = Logs(store)
        self._lock = threading.RLock()
        self._followers: set[Subscription] = set()
        self._drafts: dict[str, dict[str, Draft]] = {}
        self._seen: dict[str, int] = {}  # last event told, of followed runs of other processes
        self._ended = threading.Event()
        self._polling = threading.Event()
        self._writing = threading.Event()
        self._threads = [
            threading.Thread(target=self._poll, name="hub-poll", daemon=True),
            threading.Thread(target=self._pour, name="hub-drafts", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        store.watch(self._committed)

    # --- followers --------------------------------------------------------------------------------------

    def tell(self, kind: str, **detail: Json) -> None:
        """Send an `app` message {"kind": kind, ...} to all followers: "corpora", "models", "runs", "progress", ..."""
        if kind == "runs":  # also when some were deleted
            self.logs.forget_deleted()
        self._send(Message("app", encode({"kind": kind, **detail})))

    def subscribe(
        self,
        run: str | None = None,
        after: int = 0,
        wake: Callable[[], None] | None = None,
        *,
        most: int = MOST_WAITING,
    ) -> Subscription:
        """Follow the app and, if named, one run from event `after` + 1 on; call `catch_up` first, then `take`.

        `wake` is called from other threads whenever something came.
        """
        subscription = Subscription(self, run, after, wake, most)
        with self._lock:
            if self._ended.is_set():
                subscription.closed = True
                return subscription
            self._followers.add(subscription)
            self.followed.set()
            for node, draft in self._drafts.get(run or "", {}).items():
                if draft.told:
                    whole = {"n": node, "x": "".join(draft.told), "at": 0, "i": draft.turn, "past": True}
                    subscription.put(Message("draft", encode(whole)))
        if run is not None and run not in self._drafts:
            self._polling.set()
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Tell a follower nothing any more."""
        with self._lock:
            self._followers.discard(subscription)
            if not self._followers and not self._ended.is_set():
                self.followed.clear()

    def close(self) -> None:
        """End all subscriptions; the streams of the browser end with them. May be called more than once."""
        self._ended.set()
        self._polling.set()
        self._writing.set()
        with self._lock:
            self.followed.set()
            followers, self._followers = self._followers, set()
        for follower in followers:
            follower.end()
        for thread in self._threads:
            thread.join()

    def stored(self, run: str, after: int) -> list[Message]:
        """The events of a run that are in the store, from number `after` + 1 on (`app.live.logs`)."""
        return [Message("run", text, seq) for seq, text in enumerate(self.logs.after(run, after), after + 1)]

    def _send(self, message: Message, run: str | None = None) -> None:
        with self._lock:
            followers = [f for f in self._followers if run is None or f.run == run]
            for follower in followers:
                follower.put(message)
                if follower.closed:
                    self.leave(follower)

    # --- runs of this process ---------------------------------------------------------------------------

    def _committed(self, event: Event) -> None:
        """An event of this process is in the store. Runs in the thread that writes it."""
        with self._lock:
            drafts = self._drafts.setdefault(event.run, {})
            match event.fact:
                case TurnStarted(turn=turn):
                    drafts[event.node] = Draft(turn)
                case ReplyWritten() | NodeEnded() if event.node in drafts:
                    self._tell_draft(event.run, event.node, drafts[event.node])
                    del drafts[event.node]
                case RunEnded():
                    del self._drafts[event.run]
            followed = any(follower.run == event.run for follower in self._followers)
        if (
            followed
        ):  # without the lock, which everybody else waits for: a log that nobody looked at is read whole
            for message in self.stored(event.run, event.seq - 1)[:1]:
                self._send(message, event.run)

    def token(self, run: str, node: str, text: str) -> None:
        """A node of a run of this process wrote some text."""
        with self._lock:
            draft = self._drafts.get(run, {}).get(node)
            if draft is not None:
                draft.fresh.append(text)
                self._writing.set()

    def _pour(self) -> None:
        """Pass the live text on, a few times a second and only while there is some."""
        while not self._ended.is_set():  # after the clearing below, before which close() may have come
            self._writing.wait()
            if self._ended.wait(DRAFT_SECONDS):
                return
            with self._lock:
                self._writing.clear()
                for run, drafts in self._drafts.items():
                    for node, draft in drafts.items():
                        self._tell_draft(run, node, draft)

    def _tell_draft(self, run: str, node: str, draft: Draft) -> None:
        if (more := draft.pour()) is not None:
            self._send(Message("draft", encode({"n": node, **more})), run)

    # --- runs of other processes ------------------------------------------------------------------------

    def _foreign(self) -> set[str]:
        """Followed runs that this process does not work on and that may still go on."""
        with self._lock:
            return {f.run for f in self._followers if f.run is not None and f.run not in self._drafts}

    def _poll(self) -> None:
        while not self._ended.is_set():
            self._polling.wait()
            with contextlib.suppress(StoreError):  # a busy database; the next look will do
                runs = self._foreign()
                if not self._look(runs):
                    self._polling.clear()
                    if self._foreign() - runs:
                        self._polling.set()
            self._ended.wait(POLL_SECONDS)

    def _look(self, runs: Iterable[str]) -> bool:
        """Tell the followers of these runs what is new; say whether one of the runs still goes on."""
        going = False
        for run in runs:
            with self._lock:
                known = self._seen.get(run)
            if known is None:
                known = min((f._after for f in self._followers_of(run)), default=0)
            fresh = self.stored(run, known)
            for message in fresh:
                self._send(message, run)
                known = message.seq
            self._seen[run] = known
            going = going or not self._over(run)
        for run in [*self._seen]:
            if run not in runs:
                del self._seen[run]
        return going

    def _followers_of(self, run: str) -> list[Subscription]:
        with self._lock:
            return [f for f in self._followers if f.run == run]

    def _over(self, run: str) -> bool:
        try:
            return bool(self._store.run(run)["status"] != "running")
        except InputError:  # it was deleted
            return True
