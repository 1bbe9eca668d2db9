"""Requests that wait for their turn, and whose turn it is: fair between runs, nodes before sub-calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from engine.llm.local.batch.job import Job

HEAD_START = (
    10.0  # seconds; a node goes as if it had come that much earlier, so sub-calls still get their turn
)


class Waiting:
    """An ordered set of jobs. Not safe for several threads; its owner holds a lock."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def add(self, job: Job) -> None:
        """Take a job in; one that was here before keeps its time of arrival."""
        self._jobs[job.id] = job

    def remove(self, job: Job) -> None:
        """Let a job go."""
        del self._jobs[job.id]

    def in_turn(self, active: Iterable[Job]) -> list[Job]:
        """Return the jobs in the order in which they should start, given those at work.

        The run with the fewest sub-calls at work comes first, then who waits longest; jobs that had to make
        room come before all.
        """
        busy = Counter(job.group for job in active)
        return sorted(
            self._jobs.values(),
            key=lambda job: (not job.preempted, busy[job.group], job.arrived - HEAD_START * job.pinned),
        )
