"""The part of a run's head that is there while it goes on: its phase, its speed, and how much of its limits is spent."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from app.live.broadcast import Message
from app.runs.head.progress import CHARS_PER_TOKEN, Progress
from app.text.elements import Tree, el
from app.text.words import duration
from engine.store.log.trace import Compact
from engine.types import Json

MORE = 300  # seconds that a press of the button adds to the time limit
NEAR = 0.85  # share of a limit from which on it is coloured


class Followed:
    """A run that goes on, as one follower sees it. `over` once it has ended; `stopping` tells whether it was told to."""

    def __init__(self, run: Json, events: Iterable[Compact], stopping: Callable[[], bool]):
        model = run["model"] if isinstance(run["model"], dict) else {}
        self._settings = run["settings"] or {}
        self._stopping = stopping
        self._progress = Progress(model.get("chars_per_token") or CHARS_PER_TOKEN)
        for event in events:
            self._progress.take(event)

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self._progress.ended is not None

    def take(self, messages: Iterable[Message], now: float) -> None:
        """Messages of the run have come, at `now` in Unix seconds."""
        for message in messages:
            if message.name == "run":
                self._progress.take(message.data)
            elif message.name == "draft":
                draft = message.data
                self._progress.draft(draft["n"], 0 if "past" in draft else len(draft["x"]), now)

    def shown(self, now: float) -> list[Tree]:
        """How it stands at `now`, as the trees of the head's live part."""
        progress, limits = self._progress, self._settings
        rate = progress.rate(now)
        seconds = progress.before + limits.get("max_seconds", 0) if progress.limit is None else progress.limit
        phase = "Stopping; what was done is kept" if self._stopping() else progress.phase
        speed = "" if rate is None else f"{_speed(rate)} tokens/s"
        return [
            el(
                "div",
                {"class": "run-now"},
                el("span", {"class": "pulse", "aria-hidden": "true"}),
                el("span", {"class": "phase"}, phase),
                el("span", {"class": "rate"}, speed),
            ),
            el(
                "div",
                {"class": "budgets"},
                _budget("Sub-calls", progress.calls, limits.get("max_calls", 0), _count),
                _budget("Tokens", progress.tokens, limits.get("max_tokens", 0), rough),
                _budget("Time", progress.seconds(now), seconds, duration, _more_time(seconds)),
            ),
        ]


def _budget(
    label: str, spent: float, limit: float, form: Callable[[float], str], button: Tree | None = None
) -> Tree:
    share = min(1.0, spent / limit) if limit else 0.0
    words = f"{form(spent)} of {form(limit)}" if limit else form(spent)
    bar = {
        "class": "meter near" if share > NEAR else "meter",
        "role": "progressbar",
        "aria-label": label,
        "aria-valuemin": "0",
        "aria-valuemax": "100",
        "aria-valuenow": f"{math.floor(100 * share + 0.5)}",
    }
    return el(
        "div",
        {"class": "budget"},
        el("span", {"class": "budget-label"}, label),
        el("span", {"class": "budget-words"}, words),
        el("div", bar, el("i", {"style": {"width": f"{100 * share:.1f}%"}})),
        button,
    )


def _more_time(limit: float) -> Tree:
    look = {"class": "button more-time", "type": "button", "title": "Give this run 5 more minutes"}
    return el("button", {**look, "dataset": {"does": "allow", "seconds": limit + MORE}}, "+5 min")


def _speed(rate: float) -> str:
    return f"{rate:.1f}" if rate < 10 else f"{rate:.0f}"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def rough(number: float) -> str:
    """Many tokens in few characters: 9,999, 12 k, 1.5 M."""
    if number < 10_000:
        return _count(number)
    if number < 999_500:
        return f"{math.floor(number / 1000 + 0.5)} k"
    return f"{number / 1e6:.1f} M" if number % 1e6 else f"{number / 1e6:.0f} M"
