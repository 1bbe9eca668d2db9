"""One request on its way through the model process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from engine.llm.local.cache.cache import Slot
from engine.llm.local.text.detokenizer import Speech
from engine.llm.local.text.token_log import Prompt
from engine.types import Json, Message, Sampling

if TYPE_CHECKING:
    from engine.llm.local.sample.copying import Copier
    from engine.llm.local.sample.holding import Holder
    from engine.llm.local.sample.sampler import Drawer

USUAL_REPLY = 256  # tokens a reply is first expected to take; one that takes more may be put back once


@dataclass(eq=False, slots=True)
class Job:
    """A request: what was asked, then what became of it. `group` is the run it belongs to; `adapters` numbers the
    set of adapters that it is answered with.

    Times are of the monotonic clock, 0 while they have not come; `arrived` is when the app asked.
    """

    id: int
    messages: Sequence[Message]
    max_tokens: int
    sampling: Sampling
    key: str
    stop_at_cell: bool
    pinned: bool
    day: date
    grammar: str = ""
    source: Json = None  # of a reply that copies or is held, as its form tells, until its copier is made
    copier: Copier | Holder | None = None
    adapters: int = 0
    cancelled: bool = False
    arrived: float = field(default_factory=time.monotonic)
    started: float = 0.0
    written_from: float = 0.0
    prompt: Prompt | None = None
    slot: Slot | None = None
    past: int = 0  # tokens of prompt and reply that the slot holds
    reused: int = 0
    evaluated: int = 0  # tokens of the prompt that were evaluated, again after a preemption
    room: int = 0
    stops: list[int] = field(default_factory=list)  # lengths at which the slot is worth keeping
    sampled: list[int] = field(default_factory=list)
    spoken: int = 0  # of these, how many `speech` has been fed
    speech: Speech | None = None
    drawer: Drawer | None = None
    confidence: float | None = None  # these two once nothing more is drawn
    quote: str | None = None
    sent: float = 0.0
    preempted: bool = False
    waits_for: Job | None = None
    waits_until: int = 0

    @property
    def group(self) -> str:
        """The run of a sub-call; each node is a group of its own."""
        return self.key if self.pinned else self.key.partition("/")[0]

    @property
    def tokens(self) -> list[int]:
        """The tokens of prompt and reply so far."""
        assert self.prompt is not None
        return self.prompt.tokens + self.sampled if self.sampled else self.prompt.tokens

    @property
    def missing(self) -> int:
        """How many tokens of prompt and reply are still to be evaluated."""
        assert self.prompt is not None
        return len(self.prompt.tokens) + len(self.sampled) - self.past

    @property
    def writing(self) -> bool:
        """Whether only the last sampled token is still to be evaluated."""
        return bool(self.sampled) and self.missing == 1

    @property
    def reserve(self) -> int:
        """Cells to keep for what the reply may still take: a usual reply first, all of it after a preemption."""
        left = self.room - len(self.sampled)
        return left if self.preempted else min(left, max(1, USUAL_REPLY - len(self.sampled)))

    @property
    def promised(self) -> int:
        """Cells that the job may still take while it is active."""
        return self.missing + self.reserve

    def next_tokens(self, count: int) -> list[int]:
        """Return the next tokens to evaluate, at most `count` and none beyond the next stop."""
        if self.writing:
            return self.sampled[-1:]
        count = min([count, *(stop - self.past for stop in self.stops if stop > self.past)])
        return self.tokens[self.past : self.past + count]

    def free(self) -> None:
        """Give back what llama.cpp holds for drawing the reply's tokens."""
        if self.drawer is not None:
            self.confidence, self.quote = self.drawer.confidence, self.drawer.quote
            self.drawer.close()
            self.drawer = None

    def report(self, text: str, finish: str) -> Json:
        """The reply as the app gets it."""
        now = time.monotonic()
        started = self.started or now
        first = self.written_from or now
        return {
            "text": text,
            "finish": finish,
            "prompt_tokens": len(self.prompt.tokens) if self.prompt else 0,
            "reused_tokens": self.reused,
            "completion_tokens": len(self.sampled),
            "evaluated_tokens": self.evaluated,
            "seconds": now - started if self.started else 0.0,
            "queue_seconds": started - self.arrived,
            "prefill_seconds": first - started if self.started else 0.0,
            "decode_seconds": now - first if self.written_from else 0.0,
            "confidence": self.confidence,
            "quote": self.quote,
            "log_extended": self.prompt.extended if self.prompt else False,
        }
