"""What a model is shown after a cell: its output, notes, and what is left. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from engine.prompt.facts import Facts
from engine.types import Json, Message, ModelInfo

MAX_OUTPUT_CHARS = 20_000  # of one cell, as the reference implementation shows


def output_chars(info: ModelInfo) -> int:
    """How many characters of one cell's output the model is shown: a quarter of its window, at most 20,000."""
    return min(MAX_OUTPUT_CHARS, int(info.n_ctx * info.chars_per_token / 4))


def clip(text: str, limit: int) -> str:
    """Keep head and tail of a long text and say how many characters are left out (limit in characters)."""
    if len(text) <= limit:
        return text
    head = limit * 2 // 3
    tail = limit - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n[... {left_out:,} characters left out ...]\n{text[-tail:]}"


def output_text(outputs: Sequence[Json]) -> str:
    """The text of a cell's nbformat outputs in order; pictures are named, not shown."""
    parts: list[str] = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                parts.append(output["text"])
            case "display_data" | "execute_result":
                data = output["data"]
                text = data.get("text/plain", "")
                if "image/png" in data or "image/jpeg" in data:
                    text = f"[picture] {text}"
                parts.append(text.rstrip("\n") + "\n")
            case "error":
                trace = output.get("traceback") or [f"{output['ename']}: {output['evalue']}"]
                parts.append("\n".join(trace).rstrip("\n") + "\n")
    return "".join(parts).strip("\n")


def feedback(shown: str, notes: Sequence[str], *, status: str = "") -> Message:
    """The user message after a cell: its output, then one line for each thing the model should know."""
    lines = [f"Output:\n{shown}" if shown else "Output: (none; the last line's value or print() is shown)"]
    lines += [f"Note: {note}" for note in notes]
    if status:
        lines.append(status)
    return Message("user", "\n".join(lines))


def status_line(facts: Facts, turn: int) -> str:
    """One line with what is left, or "" for models whose window is too small to spend on it."""
    if facts.strength == "compact":
        return ""
    return (
        f"(turn {turn} of {facts.turns} done; {facts.calls:,} sub-calls and {facts.seconds:,} seconds left)"
    )


def left_out(first: int, last: int, variables: Sequence[str]) -> str:
    """The line that stands for turns dropped from a conversation that grew too long for the window."""
    turns = f"turn {first}" if first == last else f"turns {first} to {last}"
    kept = f" Variables that still exist: {', '.join(variables)}." if variables else ""
    return f"(Left out to fit the window: {turns}.{kept})"
