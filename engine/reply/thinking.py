"""Split a model's thinking off its reply, so that nothing in it can run or end anything."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = r"(?:think|thinking|thought|reasoning|seed:think)"
_MARK = re.compile(
    rf"(?P<open><{_NAMES}>|\[THINK\]|◁think▷)"
    rf"|(?P<close></{_NAMES}>|\[/THINK\]|◁/think▷)"
    r"|(?P<fence>^[ \t]*`{3,})",
    re.IGNORECASE | re.MULTILINE,
)
_ROLE_HEADER = re.compile(
    r"\s*(?:<\|im_start\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|assistant\|>"
    r"|<start_of_turn>model|<｜Assistant｜>)[ \t]*"
)
_CHANNEL = re.compile(
    r"(?:<\|end\|>)?(?:<\|start\|>assistant)?[ \t\n]{0,8}"
    r"<\|channel\|>(?P<header>[^<]{0,200}(?:<\|constrain\|>[^<]{0,60})?)<\|message\|>"
)
_CHANNEL_END = re.compile(r"<\|(?:end|return|call)\|>")
_QUOTES = "\"'`"


class Split(NamedTuple):
    """A reply without its thinking. `visible` has the reply's length: what was taken out is white space there."""

    thinking: str
    visible: str
    unclosed: bool


def blank(text: str, start: int, end: int) -> str:
    """Return `text` with [start, end) replaced by as much white space, with a line end at both sides."""
    gap = end - start
    return text[:start] + ("\n" + " " * (gap - 2) + "\n" if gap > 1 else "\n" * gap) + text[end:]


def split_thinking(text: str) -> Split:
    """Take out thinking tags and harmony's analysis channel.

    A closing tag without an opening one ends thinking that the chat template opened. Thinking that is never
    closed takes the rest of the reply (`unclosed`).
    """
    spans: list[tuple[int, int]] = []
    header = _ROLE_HEADER.match(text)
    visible = blank(text, 0, header.end()) if header else text
    thoughts, unclosed = _channels(visible, spans) if "<|channel|>" in visible else _tags(visible, spans)
    if not spans:
        return Split("", visible, False)
    pieces, at = [], 0
    for start, end in spans:
        gap = end - start
        pieces += [visible[at:start], "\n" + " " * (gap - 2) + "\n" if gap > 1 else "\n" * gap]
        at = end
    visible = "".join(pieces) + visible[at:]
    thinking = "\n".join(stripped for a, b in thoughts if (stripped := text[a:b].strip()))
    return Split(thinking, visible, unclosed)


def _tags(text: str, spans: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], bool]:
    thoughts: list[tuple[int, int]] = []
    opened: re.Match[str] | None = None
    in_fence = False
    for mark in _MARK.finditer(text):
        if opened is not None:
            if mark["close"] and not _quoted(text, mark):
                spans.append((opened.start(), mark.end()))
                thoughts.append((opened.end(), mark.start()))
                opened, in_fence = None, False
        elif mark["fence"]:
            in_fence = not in_fence
        elif mark["open"]:
            if not in_fence and _starts_line(text, mark.start()):
                opened = mark
        elif not spans and not _quoted(text, mark) and not (in_fence and not _alone(text, mark)):
            spans.append((0, mark.end()))
            thoughts.append((0, mark.start()))
            in_fence = False
    if opened is not None:
        spans.append((opened.start(), len(text)))
        thoughts.append((opened.end(), len(text)))
    return thoughts, opened is not None


def _channels(text: str, spans: list[tuple[int, int]]) -> tuple[list[tuple[int, int]], bool]:
    """Blank out analysis channels and the headers of the others; headers that address a tool stay."""
    thoughts: list[tuple[int, int]] = []
    unclosed = False
    headers = list(_CHANNEL.finditer(text))
    for at, mark in enumerate(headers):
        following = headers[at + 1].start() if at + 1 < len(headers) else len(text)
        if "to=" in mark["header"]:
            spans.append((mark.start(), text.index("<|channel|>", mark.start())))
            continue
        if not mark["header"].strip().startswith("analysis"):
            spans.append(mark.span())
            continue
        end = _CHANNEL_END.search(text, mark.end(), following)
        thoughts.append((mark.end(), end.start() if end else following))
        spans.append((mark.start(), end.end() if end else following))
        unclosed = end is None and following == len(text)
    return thoughts, unclosed


def _starts_line(text: str, at: int) -> bool:
    before = text[max(0, at - 200) : at]
    return not before.rpartition("\n")[2].strip()


def _alone(text: str, mark: re.Match[str]) -> bool:
    after = text[mark.end() : mark.end() + 200]
    return _starts_line(text, mark.start()) and not after.partition("\n")[0].strip()


def _quoted(text: str, mark: re.Match[str]) -> bool:
    return text[max(0, mark.start() - 1) : mark.start()] in (*_QUOTES,) and text[
        mark.end() : mark.end() + 1
    ] in (*_QUOTES,)
