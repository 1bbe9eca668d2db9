"""Compact events: what lists, tree, timeline and playback need of a run's log, a hundred bytes each. Pure.

    {"s": seq, "ts": Unix seconds, "n": node, "k": kind, ...}

Kinds are run, node, turn, reply, draft, cell, out, done, call, ret, note, end, fin. Texts are heads on one line. They
are kept as JSON text in the table `trace`, written in the event's own transaction, because to read and shorten the
60,000 events of a large run takes seconds.
"""

from __future__ import annotations

import json
import re
from typing import Any

from engine.types import Event, EventKind, Json

HEAD = 160  # bytes of a question, an answer, a note
CODE_HEAD = 80  # bytes of a cell's first line
DATA_HEAD = 64  # bytes of what a child works on
WORD = 40  # characters of a name
DOCUMENT = re.compile(r"Document \d+ (['\"])(.*)\1, [\d,]+ characters", re.DOTALL)
MOST = 2**53  # what every reader of JSON holds exactly
NODE_KINDS = {"root": "root", "rlm": "child", "llm": "leaf"}

Compact = dict[str, Any]


def compact(event: Event) -> Compact:
    """The compact form of one event; its payload has its large values in place."""
    return stamp(brief(event.node, event.kind, event.payload), event.run, event.seq, event.ts)


def brief(node: str, kind: EventKind, payload: Json) -> Compact:
    """What a compact event says before it has a number and a time."""
    name, more = _more(kind, payload)
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


def head(text: Json, most: int = HEAD) -> str:
    """The beginning of a text on one line, at most `most` bytes; "" for what is no text (a large one by reference)."""
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: most * 2].split())
    data = line.encode("utf-8", "replace")
    if len(data) <= most:
        return data.decode("utf-8")
    return data[: most - 3].decode("utf-8", "ignore").rstrip() + "…"


def _more(kind: EventKind, p: Json) -> tuple[str, Compact]:
    match kind:
        case "run_started":
            return "run", {
                "q": head(p.get("question")),
                "corpus": _word(p.get("corpus")),
                "model": _word(_object(p.get("model")).get("name")),
                "session": _word(p.get("session")),
            }
        case "run_finished":
            forced = True if p.get("forced") else None
            return "fin", {"st": _word(p.get("status")), "a": _answer(p), "sec": _seconds(p), "f": forced}
        case "node_started":
            return "node", {
                "p": _word(p.get("parent")),
                "kind": NODE_KINDS.get(str(p.get("kind")), "child"),
                **_asked(p),
                "d": _number(p.get("depth")),
                "c": _number(p.get("cell")),
                "call": _number(p.get("call")),
                "ix": _number(p.get("index")),
            }
        case "node_finished":
            usage = _object(p.get("usage"))
            return "end", {
                "st": _word(p.get("status")),
                "tok": _number(usage.get("completion_tokens")),
                "sec": _seconds(p),
                "a": _answer(p),
            }
        case "turn_started":
            return "turn", {"i": _number(p.get("turn"))}
        case "draft":
            return "draft", {}
        case "turn_finished":
            usage = _object(p.get("usage"))
            return "reply", {
                "i": _number(p.get("turn")),
                "tok": _number(usage.get("completion_tokens")),
                "in": _number(usage.get("prompt_tokens")),
                "re": _number(usage.get("reused_tokens")),
                "sec": _short(usage.get("seconds")),
                "st": _word(p.get("finish")),
                "lp": _short(p.get("confidence")),
            }
        case "cell_started":
            return "cell", {"i": _number(p.get("cell")), "h": head(_first_line(p.get("code")), CODE_HEAD)}
        case "output":
            return "out", {"i": _number(p.get("cell")), "t": _type(p.get("output"))}
        case "cell_finished":
            final = bool(p.get("final")) and not p.get("flaw")
            return "done", {
                "i": _number(p.get("cell")),
                "st": _word(p.get("status")),
                "sec": _seconds(p),
                "fin": final,
            }
        case "call_started":
            prompts = p.get("prompts")
            return "call", {
                "i": _number(p.get("cell")),
                "call": _number(p.get("call")),
                "name": _word(p.get("kind")),
                "m": len(prompts) if isinstance(prompts, list) else 1,
            }
        case "call_finished":
            return "ret", {"i": _number(p.get("cell")), "call": _number(p.get("call")), "sec": _seconds(p)}
        case "note":
            more = {"lim": _short(p.get("seconds"))} if p.get("level") == "limit" else {}
            return "note", {"l": _word(p.get("level")), "h": head(p.get("text")), **more}
        case _:
            return str(kind), {}


def _asked(payload: Json) -> Compact:
    """The question of a node and what a child works on: of a document its name. Together as long as a question is."""
    described = payload.get("context") if payload.get("kind") == "rlm" else None
    if not isinstance(described, str) or not described:
        return {"q": head(payload.get("question"))}
    document = DOCUMENT.fullmatch(described)
    on = head(document[2] if document else described, DATA_HEAD)
    return {"q": head(payload.get("question"), HEAD - len(on.encode()) - len(',"on":""')), "on": on}


def _answer(payload: Json) -> str | None:
    answer = payload.get("answer")
    return None if answer is None else head(answer)


def _seconds(payload: Json) -> float | None:
    return _short(payload.get("seconds"))


def _short(seconds: Json) -> float | None:
    return round(seconds, 3) if isinstance(seconds, int | float) and abs(seconds) < MOST else None


def _number(value: Json) -> int | None:
    return int(value) if isinstance(value, int) and abs(value) < MOST else None


def _word(value: Json) -> str | None:
    return value[:WORD] if isinstance(value, str) else None


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _first_line(code: Json) -> str | None:
    if not isinstance(code, str):
        return None
    return next((line for line in code[:2000].splitlines() if line.strip()), "")


def _type(output: Json) -> str:
    """What a person sees of an output: stream, result, image, table or error."""
    if not isinstance(output, dict):
        return "stream"
    kind = output.get("output_type")
    if kind in ("stream", "error"):
        return str(kind)
    data = output.get("data")
    if not isinstance(data, dict):
        return "result"
    if any(name.startswith("image/") for name in data):
        return "image"
    return "table" if "<table" in str(data.get("text/html", ""))[:2000] else "result"
