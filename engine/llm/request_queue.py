"""Requests on their way to the model process: how many it has at once, whose are next, which are sent again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import ModelError
from engine.llm.broadcast import LiveStream
from engine.types import Json

MAX_SENT = 128  # sub-calls the process has at once; each costs it memory for its tokens
MAX_WAITING = 20_000  # requests held here; more are refused


@dataclass(eq=False, slots=True)
class Pending:
    """A request that has no answer yet. `again`: why it was given to a second process, "" at first.

    `group`: the run a sub-call belongs to; "" for what is never held back.
    """

    frame: Json
    stream: LiveStream
    retryable: bool
    group: str = ""
    sent: bool = False
    again: str = ""
    cancelled: bool = False
    since: float = field(default_factory=time.monotonic)


class Outbox:
    """All requests without an answer, by number. Its owner holds a lock around every call. `most_sent`: sub-calls
    that the process has at once.
    """

    def __init__(self, most_sent: int = MAX_SENT) -> None:
        self._most_sent = most_sent
        self._pending: dict[int, Pending] = {}
        self._sent: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._pending)

    def __iter__(self) -> Iterator[Pending]:
        return iter(list(self._pending.values()))

    @property
    def waits(self) -> bool:
        """Whether the process owes an answer."""
        return any(pending.sent for pending in self._pending.values())

    def add(self, number: int, pending: Pending) -> None:
        """Take a request in. Raises ModelError when too many wait already."""
        if len(self._pending) >= MAX_WAITING:
            raise ModelError(
                f"{MAX_WAITING:,} requests wait for the model already. Wait for some of them, or ask for less at once."
            )
        self._pending[number] = pending

    def get(self, number: int) -> Pending | None:
        """Return a request that has no answer yet."""
        return self._pending.get(number)

    def remove(self, number: int) -> Pending | None:
        """Let an answered request go."""
        pending = self._pending.pop(number, None)
        if pending is not None and pending.sent and pending.group:
            self._sent[pending.group] -= 1
            if not self._sent[pending.group]:
                del self._sent[pending.group]
        return pending

    def to_send(self) -> list[Json]:
        """Return the frames that may be sent now, marked as sent: nodes and counts always, sub-calls as many as
        the process takes, those of the run with the fewest first.
        """
        free = self._most_sent - sum(self._sent.values())
        chosen = []
        held: dict[str, list[Pending]] = {}
        for pending in self._pending.values():
            if pending.sent:
                continue
            if pending.group:
                held.setdefault(pending.group, []).append(pending)
            else:
                chosen.append(pending)
        queues = {group: iter(waiting) for group, waiting in held.items()}
        while free > 0 and queues:
            group = min(queues, key=lambda group: self._sent[group])
            following = next(queues[group], None)
            if following is None:
                del queues[group]
                continue
            self._sent[group] += 1
            free -= 1
            chosen.append(following)
        for pending in chosen:
            pending.sent = True
            if "submit" in pending.frame:
                pending.frame["submit"]["waited"] = time.monotonic() - pending.since
        return [pending.frame for pending in chosen]

    def restart(self, reason: str, *, every: bool = False) -> list[Pending]:
        """After the process stopped: keep what can be asked again, once; return the others, taken out.

        `every`: the next process is another one, so everything is asked again.
        """
        self._sent.clear()
        lost = []
        for number, pending in list(self._pending.items()):
            again = every or not pending.sent or (pending.retryable and not pending.again)
            if not again or pending.cancelled:
                lost.append(self._pending.pop(number))
            elif pending.sent:
                pending.again, pending.sent = reason, False
                pending.stream.restart()
        return lost

    def clear(self) -> list[Pending]:
        """Take all out and return them."""
        gone = list(self._pending.values())
        self._pending.clear()
        self._sent.clear()
        return gone
