"""Replies written together in one context: jobs join and leave between steps, and each step is one batch, of jobs that
need the same adapters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from engine.llm.local.batch.job import Job
from engine.llm.local.batch.pace import Pace
from engine.llm.local.batch.turns import Turns
from engine.llm.local.cache.cache import Cache
from engine.llm.local.cache.saved_sequences import common
from engine.llm.local.cache.strict import BLOCK, StrictCache
from engine.llm.local.context import ABORTED, DECODED, FULL, Context, Part
from engine.llm.local.sample.sampler import Drawer, GrammarError
from engine.llm.local.text.detokenizer import Speech
from engine.types import Json

SEND_SECONDS = 0.03  # texts of one reply are gathered this long; each wakes the app
WORTH_WAITING = 32  # tokens; a start this much longer than what is there is waited for
EXTRA_NODES = 8  # nodes at work beside as many sub-calls as there are places
DONE, LATER, NO_PLACE, NO_ROOM = (
    "done",
    "later",
    "no place",
    "no room",
)  # what becomes of a job that asks to start

Emit = Callable[[Json], None]


class Finisher(Protocol):
    """Is told of jobs that left the pool."""

    def __call__(self, job: Job, event: Json) -> None: ...


class Pool:
    """The jobs at work in one context, at most `width`. `finish(job, event)` is called when one ends;
    `tally` counts tokens and seconds.
    """

    def __init__(
        self,
        context: Context,
        cache: Cache | StrictCache,
        pace: Pace,
        *,
        exact: bool,
        width: int,
        window: int,
        emit: Emit,
        finish: Finisher,
        tally: dict[str, float],
    ):
        self.active: list[Job] = []
        self.context = context
        self._cache = cache
        self._pace = pace
        self._width = width
        self._window = window
        self._emit = emit
        self._finish = finish
        self._tally = tally
        self._exact = exact
        self._strict = isinstance(cache, StrictCache)
        self._turns = Turns()

    # --- joining and leaving ----------------------------------------------------------------------------

    def admit(self, job: Job, waiting: Iterable[Job]) -> str:
        """Let a job start: DONE, or LATER while another one reads what it shares with it, or NO_PLACE, or NO_ROOM
        in the memory.
        """
        if len(self.active) >= self._width + (EXTRA_NODES if job.pinned and not self._strict else 0):
            return NO_PLACE
        if self._waits(job):
            return LATER
        assert job.prompt is not None
        promised = sum(other.promised for other in self.active)
        room = max(0, min(job.max_tokens, self._window - len(job.prompt.tokens)))
        job.room = room
        claimed = self._cache.claim(
            job.tokens,
            job.key,
            job.pinned,
            adapters=job.adapters,
            room=job.reserve,
            promised=promised,
        )
        if claimed is None:
            return NO_ROOM
        self.active.append(job)
        job.slot, job.past = claimed
        if not job.started:
            job.started = time.monotonic()
            job.reused = job.past
            self._begin(job)
        if job.slot is not None:
            starts = [*job.prompt.log.starts, *self._sibling_start(job, waiting)]
            job.stops = self._cache.stops(job.prompt.tokens, job.past, starts)
        return DONE

    def preempt(self) -> Job | None:
        """Take a job out of the pool to make room for the others; None for the last one.

        The first in the pool always stays, so that some reply is always finished.
        """
        if len(self.active) < 2:
            return None
        job = max(self.active[1:], key=lambda job: (not job.preempted, not job.pinned, job.started))
        assert job.slot is not None
        self.active.remove(job)
        self._cache.preempt(job.slot)
        job.slot, job.past, job.stops, job.preempted = None, 0, [], True
        return job

    def drop_cancelled(self) -> None:
        """End the jobs that were cancelled."""
        for job in [job for job in self.active if job.cancelled]:
            self._end(job, "cancelled")

    def forget(self, conversation: str) -> None:
        """Give up what is kept for a conversation that has ended."""
        self._cache.forget(conversation)

    def _begin(self, job: Job) -> None:
        assert job.prompt is not None
        vocabulary = self.context.vocabulary
        job.speech = Speech(vocabulary, job.prompt.log.pieces, cells=job.stop_at_cell)
        try:
            job.drawer = Drawer(vocabulary, job.sampling, job.grammar, job.copier)
        except GrammarError as error:
            self._fail(job, f"The answer cannot be constrained: {error}.")
            return
        if delta := job.speech.unsent():
            self._emit({"id": job.id, "delta": delta})

    def _waits(self, job: Job) -> bool:
        """Whether a job at work is reading a start that this one can then use."""
        leader = job.waits_for
        if leader is not None and leader in self.active and leader.past < job.waits_until:
            return True
        job.waits_for = None
        if not self.active or self._strict:
            return False
        tokens = job.tokens
        there = self._cache.shared(tokens, job.key, job.adapters)
        for other in self.active:
            if other.adapters != job.adapters:
                continue
            shared = min(common(other.tokens, tokens), len(tokens) - 1)
            if self._exact:
                shared = max((stop for stop in other.stops if stop <= shared), default=0)
            if shared > other.past and shared >= there + WORTH_WAITING:
                job.waits_for, job.waits_until = other, shared
                return True
        return False

    def _sibling_start(self, job: Job, waiting: Iterable[Job]) -> list[int]:
        """For a model that only copies whole sequences: the start that spares waiting jobs most reading."""
        if not self._exact or self._strict:
            return []
        tokens = job.tokens
        shared = sorted(
            (
                n
                for other in waiting
                if other is not job and other.adapters == job.adapters
                if (n := common(other.tokens, tokens)) > WORTH_WAITING
            ),
            reverse=True,
        )
        best = max(enumerate(shared, start=1), key=lambda pair: pair[0] * pair[1], default=(0, 0))
        return [best[1]] if best[0] else []

    # --- one step ---------------------------------------------------------------------------------------

    def turn(self) -> list[Job]:
        """Choose the jobs of the next step."""
        return self._turns.take(self.active)

    def step(self, jobs: list[Job]) -> Job | None:
        """Evaluate one batch: the next token of every reply of `jobs`, which need the same adapters, then slices of
        their prompts being read.

        Returns a job that had to leave so that the others can go on.
        """
        planned = self._plan(jobs)
        if not planned:
            return None
        parts = [
            Part(job.slot.number, job.past, tokens, len(tokens) == job.missing)
            for job, tokens in planned
            if job.slot is not None
        ]
        adapters = planned[0][0].adapters
        started = time.monotonic()
        result = self.context.decode(parts, adapters)
        while result == FULL and self._cache.evict():
            result = self.context.decode(parts, adapters)
        seconds = time.monotonic() - started
        self._tally["compute_seconds"] += seconds
        if result == FULL and (job := self.preempt()) is not None:
            return job
        if result != DECODED:
            self._recover(result, [job for job, _ in planned])
            return None
        self._note(planned, seconds)
        row = -1
        for (job, tokens), part in zip(planned, parts, strict=True):
            row += len(tokens)
            self._advance(job, tokens, row if part.want else -1)
        return None

    def _plan(self, jobs: list[Job]) -> list[tuple[Job, list[int]]]:
        """Choose what to evaluate of these jobs. The slice for prompts is split between the oldest and the shortest."""
        writing = [job for job in jobs if job.writing]
        planned = [(job, job.next_tokens(1)) for job in writing]
        reading = [job for job in jobs if not job.writing]
        if not reading:
            return planned
        budget = min(self._pace.slice, self.context.batch - len(writing))
        if self._strict:
            job = reading[0]
            return [(job, job.next_tokens(BLOCK - job.past % BLOCK))]
        oldest = min(reading, key=lambda job: (job.started, job.id))
        rest = sorted((job for job in reading if job is not oldest), key=lambda job: job.missing)
        share = budget if not rest else max(budget // 2, budget - sum(job.missing for job in rest))
        for job in (oldest, *rest):
            tokens = job.next_tokens(min(budget, share if job is oldest else budget))
            if tokens:
                planned.append((job, tokens))
                budget -= len(tokens)
        return planned

    def _note(self, planned: list[tuple[Job, list[int]]], seconds: float) -> None:
        """Tell the pace how long a step took. A step that also read prompts counts as reading.

        The first step of a turn says nothing of the pace: llama.cpp makes ready for its adapters.
        """
        rows = sum(len(tokens) for _, tokens in planned)
        depth = max(job.past for job, _ in planned)
        writing = all(job.writing for job, _ in planned)
        kind = "read" if not writing else "alone" if rows == 1 else "together"
        if writing and not self._turns.changed:
            self._pace.wrote(rows, depth, seconds)
        elif not self._turns.changed:
            self._pace.read(rows, depth, seconds)
        self._tally[f"{kind}_tokens"] += rows
        self._tally[f"{kind}_seconds"] += seconds

    def _advance(self, job: Job, tokens: list[int], row: int) -> None:
        assert job.slot is not None and job.prompt is not None
        self._cache.grow(job.slot, tokens)
        job.evaluated += max(0, min(len(tokens), len(job.prompt.tokens) - job.past))
        job.past += len(tokens)
        if job.past in job.stops:
            self._cache.keep(job.slot)
        if row >= 0:
            self._draw(job, row)

    def _draw(self, job: Job, row: int) -> None:
        assert job.speech is not None and job.drawer is not None
        job.written_from = job.written_from or time.monotonic()
        if job.room == 0:
            self._end(job, "length")
            return
        token = job.drawer.draw(self.context, row, constrained=job.speech.answering)
        if job.drawer.took_back:
            self._take_back(job)
        if token is None or self.context.vocabulary.is_end(token):
            self._speak(job)
            self._end(job, "stop")
            return
        job.sampled.append(token)
        if job.drawer.undecided and len(job.sampled) < job.room:
            return
        self._speak(job)
        if job.speech.ended or job.drawer.complete():
            self._end(job, job.speech.finish)
        elif len(job.sampled) >= job.room:
            self._end(job, "length")
        elif (now := time.monotonic()) - job.sent >= SEND_SECONDS:
            job.sent = now
            if delta := job.speech.unsent():
                self._emit({"id": job.id, "delta": delta})

    def _take_back(self, job: Job) -> None:
        """Forget the token that was drawn before the last one."""
        assert job.slot is not None
        job.sampled.pop()
        self._cache.cut(job.slot, job.past - 1)
        job.past = len(job.slot.tokens)

    def _speak(self, job: Job) -> None:
        assert job.speech is not None and job.drawer is not None
        for token in job.sampled[job.spoken :]:
            job.speech.feed(token, copied=job.drawer.copying)
        job.spoken = len(job.sampled)

    def _recover(self, result: int, jobs: list[Job]) -> None:
        """After a batch that was not evaluated: bring every sequence back to what is known to be in it.

        A model that cannot forget a part forgets all, and reads prompt and reply again.
        """
        for job in jobs:
            assert job.slot is not None
            self._cache.cut(job.slot, job.past)
            job.past = len(job.slot.tokens)
            if result != ABORTED:
                self._cache.clear(job.slot)
                reason = "its memory is full" if result == FULL else f"llama.cpp returned {result}"
                self._fail(job, f"The model could not go on with this reply: {reason}.")

    def _fail(self, job: Job, words: str) -> None:
        self._leave(job)
        self._finish(job, {"id": job.id, "error": words})

    def _end(self, job: Job, finish: str) -> None:
        assert job.speech is not None
        job.speech.complete()
        if delta := job.speech.unsent():
            self._emit({"id": job.id, "delta": delta})
        self._leave(job)
        self._finish(job, {"id": job.id, "reply": job.report(job.speech.text, finish)})

    def _leave(self, job: Job) -> None:
        self.active.remove(job)
        job.free()
        if job.slot is not None:
            self._cache.release(job.slot)
            job.slot = None
