"""Compact events: what lists, tree, timeline and playback need of a run's log, a hundred bytes each. Pure.

    {"s": seq, "ts": Unix seconds, "n": node, "k": kind, ...}

Kinds are run, node, turn, reply, draft, cell, out, done, call, ret, note, end, fin, again. Texts are heads on one line. They
are kept as JSON text in the table `trace`, written in the event's own transaction, because to read and shorten the
60,000 events of a large run takes seconds.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    Event,
    Fact,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
    Unreadable,
)
from engine.types import Json

HEAD = 160  # bytes of a question, an answer, a note
CODE_HEAD = 80  # bytes of a cell's first line
DATA_HEAD = 64  # bytes of what a child works on
WORD = 40  # characters of a name
DOCUMENT = re.compile(r"Document \d+ (['\"])(.*)\1, [\d,]+ characters", re.DOTALL)
MOST = 2**53  # what every reader of JSON holds exactly
NODE_KINDS = {"root": "root", "rlm": "child", "llm": "leaf"}

Compact = dict[str, Any]


def compact(event: Event) -> Compact:
    """The compact form of one event."""
    return stamp(brief(event.node, event.fact), event.run, event.seq, event.ts)


def brief(node: str, fact: Fact) -> Compact:
    """What a compact event says before it has a number and a time."""
    name, more = _more(fact)
    return {"n": node, "k": name, **{key: value for key, value in more.items() if value is not None}}


def stamp(made: Compact, run: str, seq: int, ts: float) -> Compact:
    """Add number and time to what `brief` made; a run that follows none begins the session of its own id."""
    session = {"session": made.get("session") or run} if made["k"] == "run" else {}
    return {"s": seq, "ts": round(ts, 3), **made, **session}


def encode(value: Json) -> str:
    """JSON on one line, as short as it gets."""
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        .encode("utf-8", "replace")
        .decode("utf-8")
    )


def head(text: str, most: int = HEAD) -> str:
    """The beginning of a text on one line, at most `most` bytes."""
    line = " ".join(text[: most * 2].split())
    data = line.encode("utf-8", "replace")
    if len(data) <= most:
        return data.decode("utf-8")
    return data[: most - 3].decode("utf-8", "ignore").rstrip() + "…"


def _more(fact: Fact) -> tuple[str, Compact]:
    match fact:
        case RunStarted():
            return "run", {
                "q": head(fact.question),
                "corpus": _word(fact.corpus),
                "model": _word(fact.model.get("name")),
                "session": _word(fact.session),
            }
        case RunEnded():
            return "fin", {
                "st": fact.status,
                "a": _answer(fact.answer),
                "sec": _short(fact.seconds),
                "f": True if fact.forced else None,
            }
        case RunResumed():
            return "again", {"nodes": [*fact.nodes]}
        case NodeStarted():
            return "node", {
                "p": _word(fact.parent),
                "kind": NODE_KINDS[fact.kind],
                **_asked(fact),
                "d": fact.depth,
                "c": fact.cell,
                "call": fact.call,
                "ix": fact.index,
            }
        case NodeEnded():
            return "end", {
                "st": fact.status,
                "tok": fact.usage.completion_tokens,
                "sec": _short(fact.seconds),
                "a": _answer(fact.answer),
            }
        case TurnStarted():
            return "turn", {"i": fact.turn}
        case DraftSaved():
            return "draft", {}
        case ReplyWritten(usage=usage):
            return "reply", {
                "i": fact.turn,
                "tok": usage.completion_tokens,
                "in": usage.prompt_tokens,
                "re": usage.reused_tokens,
                "sec": _short(usage.seconds),
                "st": _word(fact.finish),
                "lp": _short(fact.confidence),
            }
        case CellStarted():
            return "cell", {"i": fact.cell, "h": head(_first_line(fact.code), CODE_HEAD)}
        case OutputWritten():
            return "out", {"i": fact.cell, "t": _type(fact.output)}
        case CellEnded():
            return "done", {
                "i": fact.cell,
                "st": _word(fact.status),
                "sec": _short(fact.seconds),
                "fin": bool(fact.final) and not fact.flaw,
            }
        case CallMade():
            name = _word(fact.kind)
            return "call", {"i": fact.cell, "call": fact.call, "name": name, "m": len(fact.prompts)}
        case CallAnswered():
            return "ret", {"i": fact.cell, "call": fact.call, "sec": _short(fact.seconds)}
        case Note():
            limit = {"lim": _short(fact.seconds)} if fact.level == "limit" else {}
            return "note", {"l": fact.level, "h": head(fact.text), **limit}
        case Unreadable():
            return "note", {"l": "warning", "h": head(fact.sentence)}
        case _:
            raise TypeError(f"{type(fact).__name__} has no compact form")


def _asked(fact: NodeStarted) -> Compact:
    """The question of a node and what a child works on: of a document its name. Together as long as a question is."""
    if fact.kind != "rlm" or not fact.context:
        return {"q": head(fact.question)}
    document = DOCUMENT.fullmatch(fact.context)
    on = head(document[2] if document else fact.context, DATA_HEAD)
    return {"q": head(fact.question, HEAD - len(on.encode()) - len(',"on":""')), "on": on}


def _answer(answer: str | None) -> str | None:
    return None if answer is None else head(answer)


def _short(seconds: Json) -> float | None:
    return round(seconds, 3) if isinstance(seconds, int | float) and abs(seconds) < MOST else None


def _word(value: Json) -> str | None:
    return value[:WORD] if isinstance(value, str) else None


def _first_line(code: str) -> str:
    return next((line for line in code[:2000].splitlines() if line.strip()), "")


def _type(output: dict[str, Json]) -> str:
    """What a person sees of an output: stream, result, image, table or error."""
    kind = output.get("output_type")
    if kind in ("stream", "error"):
        return str(kind)
    data = output.get("data")
    if not isinstance(data, dict):
        return "result"
    if any(name.startswith("image/") for name in data):
        return "image"
    return "table" if "<table" in str(data.get("text/html", ""))[:2000] else "result"
