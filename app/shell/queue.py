"""Gradio's queue of events, woken by them: its own looks for work a thousand times a second while there is none.

An event ends with whoever waits for it: Gradio's queue would go on with it until it has something new to tell, and a
cancelled one would take along all others of the same endpoint and client.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.data_classes import PredictBodyInternal
from gradio.queueing import Event, Queue
from gradio.utils import run_coro_in_background


class WokenQueue(Queue):
    """Starts what may run whenever an event comes or ends; progress is passed on only while an event runs."""

    def __init__(self, blocks: gr.Blocks):
        super().__init__(
            live_updates=True,
            concurrency_count=blocks.max_threads,
            update_intervals=1,
            max_size=None,
            blocks=blocks,
        )
        self._progress: asyncio.Task[None] | None = None
        self._running: dict[asyncio.Task[None], list[Event]] = {}

    def start(self) -> None:
        """Make the places in which events run; without Gradio's two endless loops."""
        self.active_jobs = [None] * self.max_thread_count

    def compute_analytics_summary(self, records: Any) -> Any:
        """Nothing new: after each event Gradio would make a table for its page of figures, and load pandas for that."""
        return self.cached_event_analytics_summary

    async def push(self, body: PredictBodyInternal, request: Any, username: str | None) -> Any:
        """Queue an event as Gradio does, and start it if it may run now. Refuses handlers of forms, which need no queue."""
        called = self.blocks.fns.get(-1 if body.fn_index is None else body.fn_index)
        if called is None or called.api_visibility != "public":
            return False, "Taproot has no such endpoint.", "error"
        pushed = await super().push(body, request, username)
        self._begin()
        return pushed

    async def remove_from_queue(self, event_id: str) -> None:
        """Take back one event: a client has cancelled it."""
        await super().remove_from_queue(event_id)
        await self._cancel(lambda event: event._id == event_id)

    async def clean_events(self, *, session_hash: str | None = None, event_id: str | None = None) -> None:
        """Take back the events of a client that has gone away."""
        await super().clean_events(session_hash=session_hash, event_id=event_id)
        await self._cancel(lambda event: event.session_hash == session_hash or event._id == event_id)

    async def _cancel(self, wanted: Callable[[Event], bool]) -> None:
        tasks = [task for task, events in self._running.items() if all(map(wanted, events))]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Take no more events and cancel those that run."""
        super().close()
        self._cancel_asyncio_tasks()

    def _begin(self) -> None:
        """Start every event that waits and has a place, as one round of Gradio's `start_processing` does."""
        while not self.stopped and None in self.active_jobs and (found := self.get_events()):
            events, batch, limit = found
            fn, now = events[0].fn, time.time()
            self.active_jobs[self.active_jobs.index(None)] = events
            self.event_queue_per_concurrency_id[limit].current_concurrency += 1
            self.event_queue_per_concurrency_id[limit].start_times_per_fn[fn].add(now)
            for event in events:
                if event._id in self.event_analytics:
                    self.event_analytics[event._id]["status"] = "processing"
            task = run_coro_in_background(self.process_events, events, batch, now, fn)
            self._asyncio_tasks.add(task)
            self._running[task] = events
            task.add_done_callback(self._ended)
            self.broadcast_estimations(limit)
        if self._asyncio_tasks and self._progress is None:
            self._progress = run_coro_in_background(self.start_progress_updates)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._asyncio_tasks.discard(task)
        self._running.pop(task, None)
        self._begin()
        if not self._asyncio_tasks and self._progress is not None:
            self._progress.cancel()
            self._progress = None
