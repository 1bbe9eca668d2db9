"""What a question will cost, said before it is asked: calls, tokens and minutes on this machine. Pure.

Two honest ends of a range, because nobody knows beforehand which way the model takes: a look-up (a few turns, no
sub-call) and reading every document once (as many sub-calls as the text needs). Seconds come from measured speed
only; on a machine that has measured nothing yet they are None and the sentence says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.llm.machine.speed import Speed
from engine.types import Settings

OPENING_TOKENS = 900  # instructions, metadata and question of a root
TURN_TOKENS = 260  # what one turn adds to the conversation: its output and the status line
CELL_TOKENS = 90  # written per turn
LOOK_UP_TURNS = 3  # search, look, finish
READ_TURNS = 4  # one more, to put the parts together
CALL_TOKENS = 70  # around the text of a sub-call: template and question
ANSWER_TOKENS = 40  # written per sub-call
RESERVED_TOKENS = 128  # that the engine keeps free in a sub-call, beside the reply
FILL = 0.9  # of a sub-call's room that the engine uses


@dataclass(frozen=True, slots=True)
class Cost:
    """One end of the range. `calls` are all model calls; `seconds` is None where nothing was measured."""

    calls: int
    tokens: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """From `least` (a look-up) to `most` (every document read); `limited` names the budget that ends it earlier.

    `sentence` says all of it, and the time limit.
    """

    least: Cost
    most: Cost
    limited: str
    sentence: str


def estimate(
    *, chars: int, n_ctx: int, chars_per_token: float, settings: Settings, speed: Speed | None
) -> Estimate:
    """Predict the cost of one question about `chars` characters of text with a model of this window.

    `chars_per_token` is the model's mean; `settings` are the limits that the run will have.
    """
    least = _cost(LOOK_UP_TURNS, 0, 0, speed)
    reply = min(settings.reply_tokens or 4096, n_ctx // 4)
    room = max(200, int((n_ctx - reply - RESERVED_TOKENS) * chars_per_token * FILL))
    wanted = math.ceil(chars / room)
    text = math.ceil(chars / max(chars_per_token, 0.1))
    calls = min(wanted, settings.max_calls)
    share = calls / wanted if wanted else 0.0
    most = _cost(READ_TURNS, calls, int(text * share), speed)
    limited = f"the limit of {settings.max_calls:,} calls" if calls < wanted else ""
    if most.tokens > settings.max_tokens:
        by = settings.max_tokens / most.tokens
        most = Cost(math.ceil(most.calls * by), settings.max_tokens, most.seconds and most.seconds * by)
        limited = f"the limit of {settings.max_tokens:,} tokens"
    if most.seconds is not None and most.seconds > settings.max_seconds:
        by = settings.max_seconds / most.seconds
        most = Cost(math.ceil(most.calls * by), int(most.tokens * by), settings.max_seconds)
        limited = f"the limit of {exact(settings.max_seconds)}"
    if least.seconds is not None and least.seconds > settings.max_seconds:
        most = least  # what it would take, although the limit ends it
    elif most.tokens < least.tokens:
        least = most
    return Estimate(least, most, limited, _sentence(least, most, limited, settings.max_seconds))


def duration(seconds: float) -> str:
    """Seconds as a person says them: "12 s", "4 min", "1 h 20 min"."""
    if seconds < 59.5:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def exact(limit: float) -> str:
    """A time limit in seconds as a person says it; a short one to the second."""
    return f"{limit:g} s" if limit < 120 else duration(limit)


def count(number: int) -> str:
    """A rough number of tokens: "900", "12 k", "1.4 M"."""
    if number < 1000:
        return str(number)
    if number < 999_500:
        return f"{round(number / 1000)} k"
    return f"{number / 1e6:.1f} M"


def _cost(turns: int, calls: int, text_tokens: int, speed: Speed | None) -> Cost:
    read = OPENING_TOKENS + turns * TURN_TOKENS + calls * CALL_TOKENS + text_tokens
    again = sum(
        OPENING_TOKENS + turn * TURN_TOKENS for turn in range(turns)
    )  # prompts count in full each turn
    written = turns * CELL_TOKENS + calls * ANSWER_TOKENS
    seconds = None
    if speed is not None:
        answers = calls * ANSWER_TOKENS
        together = speed.together or speed.write
        seconds = read / max(speed.read, 0.1)
        seconds += (written - answers) / max(speed.write, 0.1) + answers / max(together, 0.1)
    return Cost(turns + calls, again + calls * CALL_TOKENS + text_tokens + written, seconds)


def _sentence(least: Cost, most: Cost, limited: str, limit: float) -> str:
    if least.seconds is None or most.seconds is None:
        time = "time not measured yet on this machine; the first question measures it"
    elif duration(least.seconds) == duration(most.seconds):
        time = f"about {duration(least.seconds)}"
    else:
        time = f"about {duration(least.seconds)} to {duration(most.seconds)}"
    calls = f"{least.calls}" if least.calls == most.calls else f"{least.calls} to {most.calls}"
    tokens = (
        count(least.tokens)
        if count(least.tokens) == count(most.tokens)
        else f"{count(least.tokens)} to {count(most.tokens)}"
    )
    end = f"time limit {exact(limit)}"
    if least.seconds is not None and least.seconds > limit:
        end = f"may not be done in {exact(limit)}, the time limit"
    elif limited == f"the limit of {exact(limit)}":
        end = f"reading everything may not be done in {exact(limit)}, the time limit"
    elif limited:
        end = f"reading everything would end at {limited}; {end}"
    return f"{calls} model calls, {tokens} tokens, {time}; {end}."
