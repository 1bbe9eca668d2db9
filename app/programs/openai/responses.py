"""The objects that OpenAI's clients expect: models, completions, chunks of a stream. Pure; `errors` has the refusals."""

from __future__ import annotations

import json
from typing import Any

from app.programs.markdown import answer_text
from engine.types import Json

DONE = "data: [DONE]\n\n"
SIGN = ": still here\n\n"


def model(name: str, card: Json) -> Json:
    """A corpus of the library as a model."""
    about = {key: card[key] for key in ("card", "documents", "chars", "skipped")}
    return {
        "id": name,
        "object": "model",
        "created": int(card["updated"]),
        "owned_by": "taproot",
        "name": card["name"],
        "taproot": {"corpus": card["id"], **about},
    }


def completion(model: str, row: Json, notes: Json) -> Json:
    """The answer of a run that has ended. `notes` is what `taproot` says beside it."""
    return {
        "id": f"chatcmpl-{row['run']}",
        "object": "chat.completion",
        "created": int(row["started"]),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer_text(row), "refusal": None},
                "finish_reason": finish(row),
                "logprobs": None,
            }
        ],
        "usage": usage(row),
        "taproot": {**result(row), **notes},
    }


def chunk(model: str, run: str, created: float, delta: Json, finish: str | None = None, **more: Any) -> str:
    """A part of a streamed answer, as an event."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return event(
        {
            "id": f"chatcmpl-{run}",
            "object": "chat.completion.chunk",
            "created": int(created),
            "model": model,
            "choices": [] if "usage" in more else [choice],
            **more,
        }
    )


def event(value: Json) -> str:
    """A value as a server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=True, separators=(',', ':'))}\n\n"


def finish(row: Json) -> str:
    """Why the answer ends: "length" where it was asked for at a limit."""
    return "length" if row["forced"] else "stop"


def usage(row: Json) -> Json:
    """The tokens of all model calls of a run."""
    used = row["usage"] or {}
    read, written = used.get("prompt_tokens", 0), used.get("completion_tokens", 0)
    return {
        "prompt_tokens": read,
        "completion_tokens": written,
        "total_tokens": read + written,
        "prompt_tokens_details": {"cached_tokens": used.get("reused_tokens", 0)},
    }


def result(row: Json) -> Json:
    """What a run came to, in parts: the answer word for word, sources with their places, agreement, coverage."""
    names = (
        *(
            "run",
            "session",
            "follows",
            "corpus",
            "status",
            "reason",
            "forced",
            "answer",
            "sources",
            "passages",
        ),
        *("agreement", "coverage", "seconds", "strategy"),
    )
    return {**{name: row[name] for name in names}, "model": (row["model"] or {}).get("name")}
