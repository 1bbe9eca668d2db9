"""The one thread that makes llama.cpp compute: takes requests in, reads prompts in slices, writes token by token."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from engine.llm.cache import Cache, Slot
from engine.llm.native import ABORTED, FULL, MAX_BATCH, Native, Row
from engine.llm.pace import Pace
from engine.llm.speech import Speech
from engine.llm.token_log import Logs, Prompt
from engine.reply import end_of_cell
from engine.types import Json, Message, Sampling

WIDTH = 1  # replies written at once
SEND_SECONDS = 0.03  # texts of one reply are gathered this long; each wakes the app

Emit = Callable[[Json], None]


@dataclass(eq=False, slots=True)
class Job:
    """One request on its way through the model process."""

    id: int
    messages: list[Message]
    max_tokens: int
    sampling: Sampling
    key: str
    stop_at_cell: bool
    pinned: bool
    day: date
    cancelled: bool = False
    started: float = 0.0
    prompt: Prompt | None = None
    slot: Slot | None = None
    past: int = 0  # tokens of prompt and reply that the slot holds
    reused: int = 0
    room: int = 0
    sampled: list[int] = field(default_factory=list)
    speech: Speech | None = None
    chain: Any = None
    sent: float = 0.0

    @property
    def missing(self) -> int:
        """How many tokens of prompt and reply are still to be evaluated."""
        assert self.prompt is not None
        return len(self.prompt.tokens) + len(self.sampled) - self.past

    def next_tokens(self, count: int) -> list[int]:
        """Return the next tokens to evaluate, at most `count`."""
        assert self.prompt is not None
        written = self.past - len(self.prompt.tokens)
        if written >= 0:
            return self.sampled[written : written + count]
        return self.prompt.tokens[self.past : self.past + count]


class Compute:
    """Runs jobs one after the other, those of nodes before those of sub-calls, each kind in order of arrival.

    `emit` gets the events of jobs as JSON values.
    """

    def __init__(self, native: Native, logs: Logs, pace: Pace, window: int, emit: Emit):
        self._native = native
        self._logs = logs
        self._pace = pace
        self._window = window
        self._emit = emit
        self._cache = Cache(native, native.slots, exact=native.exact)
        self._arrived = threading.Condition()
        self._waiting: deque[Job] = deque()
        self._active: list[Job] = []

    def submit(self, job: Job) -> None:
        """Queue a job. From any thread."""
        with self._arrived:
            self._waiting.append(job)
            self._arrived.notify()

    def cancel(self, job_id: int) -> None:
        """End a job at once if it waits, else within a step. From any thread."""
        with self._arrived:
            for job in (*self._waiting, *self._active):
                if job.id == job_id:
                    job.cancelled = True
            if self._active and all(job.cancelled for job in self._active):
                self._native.abort()
            self._arrived.notify()

    def run(self) -> None:
        """Work for ever."""
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._waiting or self._active)
            self._drop_cancelled()
            self._admit()
            if self._active:
                self._step()

    def _drop_cancelled(self) -> None:
        with self._arrived:
            gone = [job for job in self._waiting if job.cancelled]
            for job in gone:
                self._waiting.remove(job)
        for job in gone:
            self._emit({"id": job.id, "reply": _reply(job, "", "cancelled")})
        for job in [job for job in self._active if job.cancelled]:
            self._finish(job, "cancelled")

    def _admit(self) -> None:
        while len(self._active) < WIDTH:
            with self._arrived:
                if not self._waiting:
                    return
                job = next((job for job in self._waiting if job.pinned), self._waiting[0])
                self._waiting.remove(job)
                self._active.append(job)
            self._prepare(job)

    def _prepare(self, job: Job) -> None:
        """Turn a job's messages into tokens and give it a sequence; end it when it does not fit the window."""
        job.started = time.monotonic()
        prompt = self._logs.prompt(job.key, job.messages, job.day, job.max_tokens)
        needed = len(prompt.tokens) + 1
        if needed > self._window:
            self._end(job)
            self._emit({"id": job.id, "overflow": {"needed": needed, "window": self._window}})
            return
        claimed = self._cache.claim(prompt.tokens, job.key, job.pinned)
        assert claimed is not None, "there are more sequences than replies written at once"
        job.prompt = prompt
        job.slot, job.reused = claimed
        job.past = job.reused
        job.room = max(0, min(job.max_tokens, self._window - len(prompt.tokens)))
        stop = end_of_cell if job.stop_at_cell else None
        job.speech = Speech(self._native.vocabulary, prompt.log.pieces, end_of_cell=stop)
        job.chain = self._native.sampler(job.sampling)
        if delta := job.speech.unsent():
            self._emit({"id": job.id, "delta": delta})

    def _step(self) -> None:
        """Evaluate one batch: the next token of every reply, then a slice of the oldest prompt."""
        rows: list[Row] = []
        parts: list[tuple[Job, list[int], int]] = []
        room = MAX_BATCH
        reading = False
        for job in self._active:
            assert job.prompt is not None and job.slot is not None
            if job.missing == 1 and job.sampled:
                tokens = job.sampled[-1:]
            elif reading or room == 0:
                continue
            else:
                reading = True
                tokens = job.next_tokens(min(self._pace.slice, room))
            wanted = len(tokens) == job.missing
            last = len(tokens) - 1
            rows += [
                Row(t, job.past + i, job.slot.number, wanted and i == last) for i, t in enumerate(tokens)
            ]
            parts.append((job, tokens, len(rows) - 1 if wanted else -1))
            room -= len(tokens)
        started = time.monotonic()
        result = self._native.decode(rows)
        while result == FULL and self._cache.evict():
            result = self._native.decode(rows)
        seconds = time.monotonic() - started
        if result != 0:
            self._recover(result, parts)
            return
        if not reading:
            self._pace.wrote(len(rows), max(job.past for job, _, _ in parts), seconds)
        elif len(parts) == 1:
            self._pace.read(len(rows), seconds)
        for job, tokens, row in parts:
            assert job.slot is not None
            job.slot.tokens += tokens
            job.past += len(tokens)
            if row >= 0:
                self._sample(job, row)

    def _sample(self, job: Job, row: int) -> None:
        assert job.speech is not None
        if job.room == 0:
            self._finish(job, "length")
            return
        token = self._native.sample(job.chain, row)
        if self._native.vocabulary.is_end(token):
            self._finish(job, "stop")
            return
        job.sampled.append(token)
        job.speech.feed(token)
        if job.speech.ended:
            self._finish(job, "stop")
        elif len(job.sampled) >= job.room:
            self._finish(job, "length")
        elif (now := time.monotonic()) - job.sent >= SEND_SECONDS:
            job.sent = now
            if delta := job.speech.unsent():
                self._emit({"id": job.id, "delta": delta})

    def _recover(self, result: int, parts: list[tuple[Job, list[int], int]]) -> None:
        """After a batch that was not evaluated: bring every sequence back to what is known to be in it.

        A model that cannot forget a part forgets all, and reads prompt and reply again.
        """
        for job, _, _ in parts:
            assert job.slot is not None
            self._cache.cut(job.slot, job.past)
            job.past = len(job.slot.tokens)
            if result != ABORTED:
                self._cache.clear(job.slot)
                self._end(job)
                reason = "its memory is full" if result == FULL else f"llama.cpp returned {result}"
                self._emit({"id": job.id, "error": f"The model could not go on with this reply: {reason}."})

    def _finish(self, job: Job, finish: str) -> None:
        assert job.speech is not None and job.prompt is not None
        job.speech.finish()
        if delta := job.speech.unsent():
            self._emit({"id": job.id, "delta": delta})
        if job.key and job.sampled:
            self._logs.add_reply(job.prompt, job.sampled, job.speech.text)
        self._end(job)
        self._emit({"id": job.id, "reply": _reply(job, job.speech.text, finish)})

    def _end(self, job: Job) -> None:
        with self._arrived:
            self._active.remove(job)
        if job.chain is not None:
            self._native.free_sampler(job.chain)
            job.chain = None
        if job.slot is not None:
            self._cache.release(job.slot)


def _reply(job: Job, text: str, finish: str) -> Json:
    return {
        "text": text,
        "finish": finish,
        "prompt_tokens": len(job.prompt.tokens) if job.prompt else 0,
        "reused_tokens": job.reused,
        "completion_tokens": len(job.sampled),
        "seconds": time.monotonic() - job.started if job.started else 0.0,
        "log_extended": job.prompt.extended if job.prompt else False,
    }
