"""JSON as a reader wants it: escaped letters written out, a long line laid out over lines. The values stay the same."""

from __future__ import annotations

import json
import re
import unicodedata

SINGLE_LINE = 300  # characters from which JSON on one line is laid out over lines
SUFFIXES = (".json", ".jsonl", ".ndjson", ".geojson", ".jsonld", ".ipynb", ".har", ".webmanifest", ".map")
TRIED = 64_000_000  # characters of a text that is parsed whole to see that it is JSON
LINES = 20  # first lines that are parsed to see that each is JSON
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))", re.S)
LONGEST_LINE = 200_000  # characters of a line of a log
HIGH = range(0xD800, 0xDC00)
KEPT = frozenset('"\\')  # what would end or change a string, were it written out


def is_json(text: str, suffix: str) -> bool:
    """Whether a text is JSON, or JSON line by line; a name that says so is believed where it begins so."""
    start = text[:200].lstrip()
    if start[:1] not in ("{", "[", '"'):
        return False
    if suffix in SUFFIXES:
        return True
    if start[0] == '"' or len(text) > TRIED:
        return False
    first = [line for line in text[:200_000].split("\n", LINES)[:LINES] if line.strip()]
    return _parses(text) or (len(first) > 1 and all(line[0] in "{[" and _parses(line) for line in first))


def _parses(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def readable(text: str) -> str:
    """Write out escaped letters and signs (`\\u00fc` is `ü`, `\\/` is `/`); quotes, backslashes and controls stay escaped."""
    return ESCAPE.sub(_written_out, text) if "\\u" in text or "\\/" in text else text


def readable_in_lines(text: str) -> str:
    """Write out escaped letters in lines that end with a JSON object, as those of logs do; other lines stay."""
    if "\\u" not in text:
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines):
        at = line.find("{") if "\\u" in line and len(line) <= LONGEST_LINE else -1
        if at >= 0 and _parses(line[at:]):
            lines[number] = line[:at] + readable(line[at:])
    return "\n".join(lines)


def _written_out(found: re.Match[str]) -> str:
    code, second, other = found.groups()
    if other is not None:
        return "/" if other == "/" else found[0]
    first = int(code, 16)
    if second:
        if first in HIGH:
            return chr(0x10000 + ((first - 0xD800) << 10) + (int(second, 16) - 0xDC00))
        return _sign(first, found[0][:6]) + found[0][6:]
    return _sign(first, found[0])


def _sign(code: int, escaped: str) -> str:
    sign = chr(code)
    unseen = unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Co", "Zl", "Zp")
    return escaped if unseen or sign in KEPT else sign


def is_long_line(text: str) -> bool:
    """Whether a text is one line of JSON too long to be read as such."""
    stripped = text.strip()
    return len(stripped) >= SINGLE_LINE and "\n" not in stripped and stripped[0] in "[{" and _parses(stripped)


def lay_out_json(text: str) -> str:
    """Break JSON on one line into lines, changing nothing but white space between its parts."""
    parts: list[str] = []
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+', text):
        if token in "[{":
            depth += 1
            parts += [token, "\n" + " " * min(depth, 40)]
        elif token in "]}":
            depth -= 1
            if parts[-1].startswith("\n") and parts[-2] in "[{":
                parts[-1] = token
            else:
                parts += ["\n" + " " * min(depth, 40), token]
        elif token == ",":
            parts += [",", "\n" + " " * min(depth, 40)]
        else:
            parts.append(": " if token == ":" else token)
    return "".join(parts) + "\n"
