"""How fast a model was on this machine, from the replies of past runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from engine.types import Json

RUNS = 20  # the last runs that count
SLACK = 1.05  # a reply that waited for others before it began says nothing about speed


def measured(runs: Sequence[dict[str, Any]], replies: Iterable[dict[str, Any]]) -> Json:
    """Tokens per second of reading and writing, and what a run costs on average.

    {"prefill_tps", "decode_tps": None where nothing was measured, "calls", "tokens" (read and written), "seconds":
    means per run, "runs": how many runs this rests on}
    """
    read = written = 0
    reading = writing = 0.0
    for reply in replies:
        first, seconds = reply.get("first_seconds") or 0.0, reply.get("seconds") or 0.0
        if 0 < first <= seconds * SLACK:
            read += reply["prompt_tokens"] - reply["reused_tokens"]
            reading += first
            written += max(0, reply["completion_tokens"] - 1)
            writing += max(0.0, seconds - first)
    usages = [run["usage"] for run in runs]
    count = len(runs)
    return {
        "prefill_tps": round(read / reading, 2) if read and reading else None,
        "decode_tps": round(written / writing, 2) if written and writing else None,
        "calls": _mean([usage["calls"] for usage in usages], count),
        "tokens": _mean([usage["prompt_tokens"] + usage["completion_tokens"] for usage in usages], count),
        "seconds": _mean([run["seconds"] or 0.0 for run in runs], count),
        "runs": count,
    }


def _mean(values: Sequence[float], count: int) -> float:
    return round(sum(values) / count, 3) if count else 0.0
