"""Text of documents and models made harmless where an export shows it: control characters, Markdown, outputs. Pure."""

from __future__ import annotations

import re
import time

from engine.corpus.place.said import said
from engine.types import Json

PICTURES = ("image/png", "image/jpeg")
BASE64 = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")
ANSI = re.compile(r"\x1b\[[0-9;]*m")
_ANYWHERE = re.compile(r"([\\`*_{}\[\]<>|&~$])")
_AT_START = re.compile(r"^(\s*)([-+#=]|\d+(?=[.)]))", re.MULTILINE)
_LINKS = re.compile(r"(?i)(?<=https|.http|..ftp)(?=://)|(?<=www)(?=\.)|(?=@)")


def plain(text: str) -> str:
    """The text without colours and without characters that a terminal or an editor would obey."""
    bare = ANSI.sub("", text)
    if bare.replace("\n", "").replace("\t", "").isprintable():
        return bare
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in bare)


def line(text: str) -> str:
    """The text on one line."""
    return " ".join(plain(text).split())


def escaped(text: str) -> str:
    """The text as Markdown shows it letter by letter: nothing in it is markup, HTML or a link; its lines stay lines."""
    safe = _ANYWHERE.sub(r"\\\1", plain(text))
    safe = _AT_START.sub(lambda found: f"{found[1]}{_mark(found[2])}", safe)
    return "  \n".join(_LINKS.sub(r"\\", row.strip()) for row in safe.strip("\n").split("\n"))


def _mark(start: str) -> str:
    return f"{start}\\" if start.isdigit() else f"\\{start}"


def fenced(text: str, language: str = "text") -> str:
    """The text as a block of code, in a fence longer than any in it."""
    safe = plain(text).rstrip("\n")
    longest = max((len(run) for run in re.findall(r"`+", safe)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{safe}\n{fence}"


def when(ts: float) -> str:
    """A moment (Unix seconds) in UTC, to the second."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(ts))


def place(source: Json) -> str:
    """Where a source stands: `name, line 12, page 3`."""
    return f"{line(str(source.get('name', '')))}, {line(said(source))}"


def shown(output: Json) -> Json | None:
    """An output with only what no viewer can run: plain text, PNG, JPEG; None for one that holds nothing of it.

    HTML, SVG and scripts are left out: documents may have put text into them.
    """
    if not isinstance(output, dict):
        return None
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return {"output_type": "stream", "name": name, "text": plain(str(output.get("text", "")))}
        case "error":
            trace = [plain(str(row)) for row in output.get("traceback") or ()]
            named = {key: plain(str(output.get(key, ""))) for key in ("ename", "evalue")}
            return {"output_type": "error", **named, "traceback": trace or [": ".join(named.values())]}
        case "display_data" | "execute_result":
            data = _data(output.get("data"))
            return {"output_type": "display_data", "data": data, "metadata": {}} if data else None
        case _:
            return None


def _data(data: Json) -> dict[str, str]:
    if not isinstance(data, dict):
        return {}
    kept = {}
    for mime, value in data.items():
        if mime == "text/plain":
            kept[mime] = plain(str(value))
        elif mime in PICTURES and isinstance(value, str) and BASE64.fullmatch(value):
            kept[mime] = value
    return kept
