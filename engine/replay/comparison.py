"""Is what a cell gave when it was executed again what was recorded? What differs is explained, or it is reported. Pure.

A difference is explained where a text holds an address in memory, where the same words stand in another order, and where
it varies from one execution to the next: then only the words that vary may differ, all others must be equal.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from engine.types import Json

Verdict = Literal["same", "explained", "differs"]
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{5,16}\b")
TOKEN = re.compile(r"(?:(?<!\w)-)?\w+(?:\.\w+)?(?:(?<=e)[+-]\d+)?|\s+|.", re.DOTALL)  # a number is one
CLOCK = re.compile(r"\b(?:time|datetime|date|perf_counter|monotonic|timeit|process_time)\b")
CHANCE = re.compile(r"\b(?:SystemRandom|secrets|urandom|uuid[14]|default_rng|Random|random)\b")
SETS = re.compile(r"\b(?:frozen)?set\b|\{[^:{}]*\}|\bid\(|\bhash\(")

MEMORY = "an address in memory differs"
ORDER = "the same words stand in another order, as those of a set may"
TIME = "the cell reads the clock"
RANDOM = "the cell draws random values without a seed"
VARIES = "it varies from one execution to the next"
CUT = "the recorded cell was cut off, and where a cell is cut varies"
EXCERPT = 120  # characters of each side of a difference that are shown


@dataclass(frozen=True, slots=True)
class Ran:
    """What a cell gave: its outputs in Jupyter's format, how it ended, its final answer, its variables, its seconds."""

    outputs: Sequence[Json]
    status: str
    final: Json
    variables: Sequence[Sequence[str]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One cell that was executed again. `reasons` explain what differs; `differences` are what no reason explains.

    Seconds are those of the cell without its calls.
    """

    node: str
    cell: int
    reasons: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()
    seconds: float = 0.0
    recorded_seconds: float = 0.0

    @property
    def verdict(self) -> Verdict:
        """Whether the cell gave the same, something else for a known reason, or something else."""
        return "differs" if self.differences else "explained" if self.reasons else "same"


def compare(
    recorded: Ran, again: Ran, code: str, probes: Sequence[Ran] = ()
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The reasons for what differs, and the differences that have none. `code`: the cells of the node up to this one.

    `probes` are further executions of the same cell, with another clock; what differs between them is free to differ.
    """
    if recorded.status in ("timeout", "interrupted", "died"):
        same = _parts(recorded) == _parts(again)
        return ((), ()) if same else ((CUT,), ())
    mine, others = _parts(recorded), _parts(again)
    more = [_parts(probe) for probe in probes]
    reasons: dict[str, None] = {}
    differences = []
    if [name for name, _ in mine] != [name for name, _ in others]:
        differences.append(f"it gave {_named(others)}, and the record holds {_named(mine)}")
        return (), tuple(differences)
    for at, ((name, then), (_, now)) in enumerate(zip(mine, others, strict=True)):
        varied = [parts[at][1] for parts in more if len(parts) > at and parts[at][0] == name]
        found = explain(then, now, code, varied)
        if found is None:
            differences.append(f"{name} is {_excerpt(now, then)}, and the record holds {_excerpt(then, now)}")
        else:
            reasons |= dict.fromkeys(found)
    return tuple(reasons), tuple(differences)


def explain(then: str, now: str, code: str, probes: Sequence[str] = ()) -> tuple[str, ...] | None:
    """Why a recorded text is another one now: the reasons, none where they are equal, None where nothing explains it."""
    if then == now:
        return ()
    reasons: tuple[str, ...] = ()
    if ADDRESS.findall(then) != ADDRESS.findall(now):
        then, now, *probes = (ADDRESS.sub("0x", text) for text in (then, now, *probes))
        reasons = (MEMORY,)
        if then == now:
            return reasons
    if SETS.search(code) and Counter(TOKEN.findall(then)) == Counter(TOKEN.findall(now)):
        return (*reasons, ORDER)
    if any(probe != now for probe in probes) and _fits(then, [now, *probes]):
        return (*reasons, TIME if CLOCK.search(code) else RANDOM if CHANCE.search(code) else VARIES)
    return None


def _fits(then: str, runs: Sequence[str]) -> bool:
    """Whether a text differs only where these texts of the same cell differ among themselves."""
    for split in (TOKEN.findall, str.splitlines):
        parts = [split(text) for text in (then, *runs)]
        if len({len(part) for part in parts}) == 1:
            return all(
                len(set(column[1:])) > 1 or len(set(column)) == 1 for column in zip(*parts, strict=True)
            )
    return len({len(text.splitlines()) for text in runs}) > 1  # even how much it says varies


def _parts(ran: Ran) -> list[tuple[str, str]]:
    """What is compared, by name. Writes to one stream are joined: where they are split depends on when they came."""
    parts: list[tuple[str, str]] = []
    streams: dict[str, str] = {}

    def flush() -> None:
        parts.extend((f"what it wrote to {name}", streams[name]) for name in sorted(streams))
        streams.clear()

    for output in ran.outputs:
        if output["output_type"] == "stream":
            streams[output["name"]] = streams.get(output["name"], "") + output["text"]
            continue
        flush()
        if output["output_type"] == "error":
            parts.append(("its error", "\n".join([output["ename"], output["evalue"], *output["traceback"]])))
        for mime, data in sorted(output.get("data", {}).items()):
            parts.append((f"its {mime} output", str(data)))
    flush()
    parts.append(("how it ended", ran.status))
    final = ran.final or {}
    if ran.final is not None:
        parts.append(("its final answer", str(final["content"])))
        parts.append(("its sources", str([final.get("sources"), final.get("quotes"), final.get("parts")])))
    parts.append(("its variables", "\n".join(f"{name}: {summary}" for name, summary in ran.variables)))
    return parts


def _named(parts: Sequence[tuple[str, str]]) -> str:
    return ", ".join(name for name, _ in parts)


def _excerpt(text: str, other: str) -> str:
    """The place where a text begins to differ from another, in quotes."""
    at = next(
        (i for i, (a, b) in enumerate(zip(text, other, strict=False)) if a != b), min(len(text), len(other))
    )
    first = max(0, at - EXCERPT // 3)
    head, tail = "…" * (first > 0), "…" * (len(text) > first + EXCERPT)
    return repr(f"{head}{text[first : first + EXCERPT]}{tail}")
