"""Read code out of the formats models fall back to: tool calls in XML or JSON, harmony's tool channels."""

from __future__ import annotations

import html
import json
import re
from typing import NamedTuple

from engine.reply.source import compiles, meant_as_code

_CODE_KEYS = ("code", "user_code", "source", "script", "python", "python_code", "cell", "input", "command")
_ARGUMENT_KEYS = ("arguments", "parameters", "input", "args")
_PARAMETER = re.compile(r"<parameter(?:=|\s+name=[\"']?)([\w.-]{1,40})[\"']?[^>\n]{0,80}>")
_ARG_VALUE = re.compile(r"<arg_key>\s*([\w.-]{1,40})\s*</arg_key>\s*<arg_value>")
_HARMONY = re.compile(r"<\|channel\|>([^<]{0,200})(?:<\|constrain\|>[^<]{0,60})?<\|message\|>")
_TOKEN_CALLS = re.compile(r"tool.?call|python_tag")
_CALL_END = re.compile(
    r"</tool_call>|</function_calls>|</[a-z]{1,20}:tool_call>|</invoke>(?!\s*</[a-z_:]{0,24}calls?>)|</function>"
    r"(?!\s*</tool_call>)|<\|(?:call|eom_id|eot_id|im_end|end|return|tool_calls?_(?:section_)?end)\|>"
    r"|<｜tool▁calls?▁end｜>"
)
_MAX_PARAMETERS = 8


class Call(NamedTuple):
    """A tool call in a reply: its code ("" where it has none), where it ends, whether it is complete."""

    code: str
    end: int
    closed: bool


def opens_call(text: str, mark: re.Match[str]) -> bool:
    """Tell whether the template token `mark` begins a call, and not a new turn."""
    if _TOKEN_CALLS.search(mark[0]):
        return "end" not in mark[0]
    return (
        mark[0] == "<|channel|>"
        and (header := _HARMONY.match(text, mark.start())) is not None
        and ("to=" in header[1])
    )


def harmless(text: str, mark: re.Match[str]) -> int | None:
    """Return where prose goes on after a token that ends nothing (what is left of a call), else None."""
    if _TOKEN_CALLS.search(mark[0]):
        return mark.end()
    if mark[0] == "<|start|>" and text.startswith("assistant<|channel|>", mark.end()):
        return mark.end() + len("assistant")
    if mark[0] == "<|end|>" and text.startswith("<|start|>assistant", mark.end()):
        return mark.end()
    return None


def read_call(text: str, mark: re.Match[str]) -> Call:
    """Read the call that `mark` begins."""
    header = _HARMONY.match(text, mark.start())
    start = header.end() if header else mark.end()
    end = _CALL_END.search(text, start)
    body = text[start : end.start() if end else len(text)]
    code = code_of_call(body)
    if code is None:
        code = body if header or meant_as_code(body) else ""
    complete = end is not None or body.rstrip().endswith(("}", "]"))
    return Call(code, end.end() if end else len(text), complete)


def code_of_call(body: str, *, strict: bool = False) -> str | None:
    """Return the Python that a call passes as its argument, or None if `body` is no such call.

    `strict` wants the name of a tool and its arguments, as in a block that nothing else marks as a call.
    """
    for pattern, closer in ((_PARAMETER, "</parameter>"), (_ARG_VALUE, "</arg_value>")):
        if (code := _from_markup(body, pattern, closer)) is not None:
            return code
    brace = body.find("{")
    if brace < 0 or '"' not in body:
        return None
    try:
        value, _ = json.JSONDecoder(strict=False).raw_decode(body, brace)
    except (ValueError, RecursionError):
        return None
    return _from_json(value, strict)


def _from_markup(body: str, pattern: re.Pattern[str], closer: str) -> str | None:
    found: dict[str, str] = {}
    for number, mark in enumerate(pattern.finditer(body)):
        if number >= _MAX_PARAMETERS:
            break
        end = body.find(closer, mark.end())
        found.setdefault(mark[1].lower(), body[mark.end() : end if end >= 0 else len(body)])
    if not found:
        return None
    code = next((found[key] for key in _CODE_KEYS if key in found), next(iter(found.values())))
    try:
        plain = html.unescape(code)
    except ValueError:  # a number of some thousand digits
        return code
    return plain if plain != code and not compiles(code.strip()) and compiles(plain.strip()) else code


def _from_json(value: object, strict: bool) -> str | None:
    if not isinstance(value, dict):
        return None
    if isinstance(inner := value.get("function"), dict):
        value = inner
    named = isinstance(value.get("name"), str)
    arguments = next((value[key] for key in _ARGUMENT_KEYS if key in value), None) if named else None
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments, strict=False)
        except (ValueError, RecursionError):
            return arguments if meant_as_code(arguments) else None
    if isinstance(arguments, dict):
        value = arguments
    elif strict:
        return None
    code = next((value[key] for key in _CODE_KEYS if isinstance(value.get(key), str)), None)
    return code if named or (code is not None and meant_as_code(code)) else None
