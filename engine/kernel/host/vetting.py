"""What a worker says is not taken as it comes: each frame is checked and copied field by field. Pure."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from typing import Any

from engine.kernel.cell import Call
from engine.kernel.channel import ChannelError
from engine.types import Json

MAX_TEXT = 1 << 20  # characters of one text output
MAX_FINAL = 4 << 20
MAX_SPANS = 10_000
MAX_VARIABLES = 100
MAX_ITEMS = 10_000  # prompts or questions of one call
MAX_SIDE = 8_192  # pixels
MAX_PIXELS = 32 << 20
MAX_READINGS = 1_000  # of one clock in a cell
MAX_CHANCE = 32_768  # hexadecimal digits that a cell drew
CLOCKS = ("time", "monotonic", "perf_counter", "process_time")
HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2})*")
STREAMS = ("stdout", "stderr")
IMAGES = ("image/png", "image/jpeg")
TEXTS = ("text/plain", "text/html")


def text(value: Any, limit: int = MAX_TEXT) -> str:
    """Return a str of at most `limit` characters without lone surrogates. Raises ChannelError for non-text."""
    if not isinstance(value, str):
        raise ChannelError(f"text was expected, not {type(value).__name__}")
    return value[:limit].encode("utf-8", "replace").decode("utf-8")


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ChannelError(f"an object was expected, not {type(value).__name__}")
    return value


def _list(value: Any, limit: int) -> list[Any]:
    if not isinstance(value, list):
        raise ChannelError(f"a list was expected, not {type(value).__name__}")
    return value[:limit]


def number(value: Any) -> int:
    """Return a non-negative int that fits 63 bits. Raises ChannelError otherwise."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise ChannelError("a count was expected")
    return value


def output(value: Any) -> dict[str, Json] | None:
    """Return a clean nbformat output; None when nothing in it may be shown. Raises ChannelError."""
    fields = _dict(value)
    kind = fields.get("output_type")
    if kind == "stream":
        if fields.get("name") not in STREAMS:
            raise ChannelError("a stream output names no stream")
        return {"output_type": kind, "name": fields["name"], "text": text(fields.get("text"))}
    if kind == "error":
        lines = [text(line, 4_000) for line in _list(fields.get("traceback"), 200)]
        return {
            "output_type": kind,
            "ename": text(fields.get("ename"), 200),
            "evalue": text(fields.get("evalue"), 4_000),
            "traceback": lines,
        }
    if kind not in ("display_data", "execute_result"):
        raise ChannelError("an output of an unknown kind arrived")
    data, metadata = _bundle(_dict(fields.get("data")))
    if not data:
        return None
    clean: dict[str, Json] = {"output_type": kind, "data": data, "metadata": metadata}
    if kind == "execute_result":
        clean["execution_count"] = number(fields.get("execution_count"))
    return clean


def _bundle(data: dict[str, Any]) -> tuple[dict[str, Json], dict[str, Json]]:
    kept: dict[str, Json] = {mime: text(data[mime]) for mime in TEXTS if mime in data}
    for mime in IMAGES:
        if mime in data:
            encoded = data[mime]
            if not isinstance(encoded, str):
                raise ChannelError("an image is not text")
            problem = image_problem(mime, encoded)
            if problem:
                kept["text/plain"] = f"[an image was not shown: {problem}]"
            else:
                kept[mime] = "".join(encoded.split())
    return kept, {"text/html": {"untrusted": True}} if "text/html" in kept else {}


def image_problem(mime: str, encoded: str) -> str:
    """Say what is wrong with a base64 image, judged by its header alone; "" when it may be shown."""
    try:
        raw = base64.b64decode("".join(encoded.split()), validate=True)
    except (binascii.Error, ValueError):
        return "it is not base64"
    size = _png_size(raw) if mime == "image/png" else _jpeg_size(raw)
    if size is None:
        return f"it is not {mime[6:].upper()}"
    width, height = size
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        return f"{width} x {height} pixels are too many"
    return ""


def _png_size(raw: bytes) -> tuple[int, int] | None:
    if len(raw) < 33 or raw[:8] != b"\x89PNG\r\n\x1a\n" or raw[12:16] != b"IHDR":
        return None
    return struct.unpack_from("!II", raw, 16)


def _jpeg_size(raw: bytes) -> tuple[int, int] | None:
    """Walk the segments to the first frame header."""
    if raw[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while at + 9 < len(raw) and raw[at] == 0xFF:
        marker = raw[at + 1]
        (length,) = struct.unpack_from("!H", raw, at + 2)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack_from("!HH", raw, at + 5)
            return width, height
        at += 2 + max(2, length)
    return None


def spans(value: Any) -> list[list[int]]:
    """Return a list of [document, start, end]. Raises ChannelError for any other shape."""
    found = []
    for item in _list(value, MAX_SPANS):
        triple = _list(item, 4)
        if len(triple) != 3:
            raise ChannelError("a span has three numbers")
        found.append([number(n) for n in triple])
    return found


def call(value: Any) -> Call:
    """Return a clean call. Raises ChannelError for an unknown name or a wrong shape."""
    fields = _dict(value)
    name, given = fields.get("name"), _dict(fields.get("arguments"))
    if name == "llm":
        prompts = [text(p, MAX_FINAL * 2) for p in _list(given.get("prompts"), MAX_ITEMS)]
        choices, schema = given.get("choices"), given.get("schema")
        claimed = [spans(s) for s in _list(given.get("spans"), MAX_ITEMS)]
        if len(claimed) != len(prompts):
            raise ChannelError("spans are given for each prompt")
        arguments: dict[str, Json] = {
            "prompts": prompts,
            "choices": None if choices is None else [text(c, 1_000) for c in _list(choices, 200)],
            "schema": None if schema is None else _dict(schema),
            "spans": claimed,
            "batched": given.get("batched") is True,
        }
        if given.get("quotes") is not None:
            arguments["quotes"] = quotes(given["quotes"], prompts)
            arguments["asked"] = given.get("asked") is True
    elif name == "rlm":
        questions = [text(q, MAX_FINAL * 2) for q in _list(given.get("questions"), MAX_ITEMS)]
        contexts = _list(given.get("contexts"), MAX_ITEMS)
        if len(contexts) != len(questions):
            raise ChannelError("a context is given for each question")
        arguments = {"questions": questions, "contexts": [reference(c) for c in contexts]}
    else:
        raise ChannelError("an unknown call arrived")
    return Call(number(fields.get("number")), name, arguments)


def quotes(value: Any, prompts: list[str]) -> list[list[int]]:
    """Return a part [start, end) of each prompt, in characters. Raises ChannelError for what is none."""
    found = [[number(n) for n in _list(pair, 3)] for pair in _list(value, MAX_ITEMS)]
    if len(found) != len(prompts):
        raise ChannelError("what may be quoted is given for each prompt")
    for pair, prompt in zip(found, prompts, strict=True):
        if len(pair) != 2 or not pair[0] <= pair[1] <= len(prompt):
            raise ChannelError("what may be quoted is a part of its prompt")
    return found


def ranges(value: Any) -> list[list[int]] | None:
    """Return a list of [first, last), or None, which stands for all. Raises ChannelError for another shape."""
    if value is None:
        return None
    found = [[number(n) for n in _list(pair, 2)] for pair in _list(value, 1_000_000)]
    if any(len(pair) != 2 for pair in found):
        raise ChannelError("a range has two numbers")
    return found


def reference(value: Any, depth: int = 0) -> Json:
    """Return a clean context reference (or None); it names documents by number and never a path."""
    if value is None:
        return None
    fields = _dict(value)
    kind = fields.get("kind")
    if kind == "text":
        return {"kind": kind, "text": text(fields.get("text"), MAX_FINAL * 2)}
    if kind == "corpus":
        return {"kind": kind, "documents": ranges(fields.get("documents"))}
    if kind == "document":
        return {"kind": kind} | {name: number(fields.get(name)) for name in ("document", "start", "end")}
    if kind == "list" and depth < 4:
        items = [reference(item, depth + 1) for item in _list(fields.get("items"), 100_000)]
        return {"kind": kind, "items": items}
    raise ChannelError("a context reference of an unknown kind arrived")


def _parts(value: Any) -> list[list[str]]:
    """The items of an answer, each one or several texts; none where there are too many. Raises ChannelError."""
    items = [[text(part, MAX_FINAL) for part in _list(item, 1_000)] for item in _list(value or [], 1_000)]
    return items if sum(len(part) for item in items for part in item) <= MAX_FINAL else []


def _changes(value: Any) -> dict[str, Json] | None:
    """What a cell did to its variables, as `engine.kernel.toolbox.variables` says it. Raises ChannelError."""
    if value is None:
        return None
    fields = _dict(value)
    found: dict[str, Json] = {
        "removed": [text(name, 100) for name in _list(fields.get("removed"), MAX_VARIABLES)]
    }
    for kind in ("added", "changed"):
        variables = [_dict(one) for one in _list(fields.get(kind), MAX_VARIABLES)]
        found[kind] = [
            {
                "name": text(one.get("name"), 100),
                "type": text(one.get("type"), 100),
                "size": None if one.get("size") is None else number(one["size"]),
                "repr": text(one.get("repr"), 200),
            }
            for one in variables
        ]
    return found


def _readings(value: Any) -> dict[str, Json] | None:
    """What a cell read of clocks (nanoseconds) and chance (hexadecimal texts). Raises ChannelError."""
    fields = _dict(value or {})
    found: dict[str, Json] = {
        name: [number(one) for one in _list(fields[name], MAX_READINGS)] for name in CLOCKS if name in fields
    }
    drawn = [text(one, MAX_CHANCE) for one in _list(fields.get("chance") or [], MAX_CHANCE)]
    if sum(map(len, drawn)) > MAX_CHANCE or not all(map(HEXADECIMAL.fullmatch, drawn)):
        raise ChannelError("what a cell drew by chance is no hexadecimal text, or too long")
    return (found | ({"chance": drawn} if drawn else {})) or None


def done(value: Any) -> dict[str, Any]:
    """Return the clean fields of a cell's end: error, final, variables, changes, readings, spans, searched, ..."""
    fields = _dict(value)
    error, final = fields.get("error"), fields.get("final")
    variables = [_list(pair, 2) for pair in _list(fields.get("variables"), MAX_VARIABLES)]
    if any(len(pair) != 2 for pair in variables):
        raise ChannelError("a variable has a name and a summary")
    return {
        "error": None
        if error is None
        else {"ename": text(_dict(error).get("ename"), 200), "evalue": text(error.get("evalue"), 4_000)},
        "final": None
        if final is None
        else {
            "content": text(_dict(final).get("content"), MAX_FINAL),
            "sources": spans(final.get("sources")),
            "quotes": [text(quote, 4_000) for quote in _list(final.get("quotes", []), 100)],
            "via": text(final.get("via"), 20),
            **({"parts": parts} if (parts := _parts(final.get("parts"))) else {}),
        },
        "variables": [[text(name, 100), text(summary, 200)] for name, summary in variables],
        "changes": _changes(fields.get("changes")),
        "readings": _readings(fields.get("readings")),
        "spans": spans(fields.get("spans")),
        "searched": ranges(fields.get("searched")),
        "dropped": number(fields.get("dropped")),
        "notes": tuple(text(note, 500) for note in _list(fields.get("notes"), 10)),
    }
