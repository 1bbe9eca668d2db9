"""Find the blocks of a reply: fenced ones, however crookedly fenced, and the native formats of `native`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from engine.reply import native
from engine.reply.source import LABEL_WORDS, compiles, may_act, meant_as_code, tidy, tree_of

PYTHON_LABELS = LABEL_WORDS | {"py3", "ipython3", "jupyter", "tool_code", "code", "execute"}
FINAL_LABELS = frozenset({"final", "final_answer", "answer"})
OUTPUT_LABELS = frozenset(
    {"output", "out", "result", "results", "stdout", "console", "text", "plaintext", "txt"}
)
_LANGUAGES = """
    javascript js jsx typescript ts tsx bash sh shell zsh powershell sql sparql json jsonl yaml yml toml ini xml html
    css markdown md csv tsv c cpp csharp java kotlin swift go rust ruby php perl r lua scala haskell julia latex tex
    math mermaid diff http regex log
"""
OTHER_LABELS = FINAL_LABELS | OUTPUT_LABELS | frozenset(_LANGUAGES.split())

_TOKEN = r"<\|[a-z_]{2,40}\|>|<｜[^｜\n]{1,40}｜>|<(?:start|end)_of_turn>|\[/?INST\]|</s>[ \t]*$"
_TAGS = r"code|python3?|py|repl|ipython|execute|execute_python|python_code|tool_code|cell"
_PROSE = re.compile(
    rf"(?P<fence>`{{3,}})"
    rf"|(?P<tag>(?:^[ \t]*(?:<pre>[ \t]*)?(?=[<\[])|(?=[<\[](?:{_TAGS})[>\]][ \t]*\r?\n))"
    rf"[<\[](?P<name>(?i:{_TAGS}))(?:[ \t][^>\]\n]{{0,80}})?[>\]])"
    rf"|(?P<call><(?:tool_call|function_calls|invoke\b[^>\n]{{0,80}}|function=[^>\n]{{1,80}}"
    rf"|[a-z]{{1,20}}:tool_call)>|\[TOOL_CALLS\])|(?P<token>{_TOKEN})",
    re.MULTILINE,
)
_OTHER_FENCE = re.compile(r"^[ \t]*(~{3,}|'''(?=(?:repl|python|py)?[ \t]*\r?$))", re.MULTILINE)
_PLAIN_CLOSER = re.compile(r"^[ \t>]*`{3,}|`{3,}(?=[ \t]*\r?$)", re.MULTILINE)
_LABEL = re.compile(r"[ \t]*\{?\.?([A-Za-z][\w+#]*)(?:[-:][\w./-]*)?\}?[ \t]*")
_LIST_MARK = re.compile(r"[ \t>]*(?:[-*+]|\d{1,3}[.)])?[ \t]*\Z")
_BREAK = re.compile(r"<br ?/?>[ \t]*\Z", re.IGNORECASE)
_REST_BLANK = re.compile(r"[ \t\r]*(?=\n|\Z)")
_GLUED_TRIES = 3
_NEARBY_FENCES = 4
_INFO_CHARS = 2_000


Ending = Literal["closed", "guessed", "next", "cut"]
"""How a block ends: at its own end; at a mark that only a guess makes its end; where the next opens; never."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch [start, end) of a reply that is not prose.

    `code` is its tidied cell, or "" where it is nothing to run; `label` its language in lower case, "" if bare.
    """

    start: int
    end: int
    label: str
    body: str
    code: str
    ending: Ending
    notes: tuple[str, ...] = ()


class Walk(NamedTuple):
    """All blocks in order, and where the reply's own words end (a leaked template token, or the text's end)."""

    blocks: list[Block]
    cut: int


class _End(NamedTuple):
    code: int  # where the body ends
    resume: int  # where prose goes on
    ending: Ending


def walk(text: str) -> Walk:
    """Find every block of `text`, a reply without its thinking."""
    text = _backticks(text)
    blocks: list[Block] = []
    at = line_start = 0
    first = True
    doubled: Block | None = None  # an opener right above another opener
    while mark := _PROSE.search(text, at):
        line_start = max(line_start, text.rfind("\n", at, mark.start()) + 1)
        if mark["fence"]:
            block, at = _fenced(text, mark, line_start, blocks[-1] if blocks else None, first)
        elif mark["tag"]:
            block, at = _tagged(text, mark)
        elif mark["call"] or native.opens_call(text, mark):
            block, at = _called(text, mark)
        elif (skip := native.harmless(text, mark)) is not None:
            block, at = None, skip
        else:
            return Walk(blocks, mark.start())
        if block is None:
            continue
        if doubled is not None and doubled.end == block.start:
            block = replace(block, start=doubled.start)
        doubled = None
        if block.body.strip():
            blocks.append(block)
            first = first and not block.code
        elif block.ending == "next":
            doubled = block
    return Walk(blocks, len(text))


def _backticks(text: str) -> str:
    """Write fences of tildes or of quotes as those of backticks, where a reply has none of these."""
    if "```" in text or (mark := _OTHER_FENCE.search(text)) is None:
        return text
    label = text[mark.end() : mark.end() + 8].split("\n")[0].strip().lower()
    if mark[1] == "'''" and label not in LABEL_WORDS:  # a string
        return text
    sign = mark[1][0]
    return _OTHER_FENCE.sub(lambda m: m[0].replace(sign, "`"), text)


def _fenced(
    text: str, mark: re.Match[str], line_start: int, previous: Block | None, first: bool
) -> tuple[Block | None, int]:
    """Read the block that the fence `mark` opens, if it opens one, and return where to go on."""
    line_end = text.find("\n", mark.end())
    line_end = len(text) if line_end < 0 else line_end
    before = text[max(line_start, mark.start() - 80) : mark.start()]
    leads = _LIST_MARK.match(before) is not None or _BREAK.search(before) is not None
    closing = text.find("```", mark.end(), line_end)
    if closing >= 0:
        return _inline(text, mark, closing, leads)
    label, glued = _read_info(text[mark.end() : min(line_end, mark.end() + _INFO_CHARS)])
    if label is None or (not leads and label == "" and not _bare_pair(text, line_end)):
        return None, mark.end()
    if label == "" and leads and previous and _doubled(text, previous, mark, line_end):
        return None, line_end
    start = min(line_end + 1, len(text)) if glued is None else mark.end() + glued
    block = _read_block(text, mark.start(), start, label, first=first)
    return block, block.end


def _read_block(text: str, opener: int, start: int, label: str, *, first: bool) -> Block:
    python = label in PYTHON_LABELS
    stop = len(text) if python and first else _nearby(text, start)
    if python or (label not in OTHER_LABELS and may_act(text, start, stop)):
        end = _python_end(text, start, "```", stop)
        body = text[start : end.code]
        if python or meant_as_code(body):
            code, notes = _cell(body)
            return Block(opener, end.resume, "python" if python else label, body, code, end.ending, notes)
    end = _plain_end(text, start)
    body = text[start : end.code]
    code = "" if label in OUTPUT_LABELS else native.code_of_call(body, strict=True) or ""
    return Block(opener, end.resume, "call" if code else label, body, code, end.ending)


def _nearby(text: str, at: int) -> int:
    """Return where to stop looking for the end of a block that may be no cell: a few fences further on."""
    for _ in range(_NEARBY_FENCES):
        mark = _PLAIN_CLOSER.search(text, at)
        if mark is None:
            return len(text)
        at = mark.end()
    return at


def _cell(body: str) -> tuple[str, tuple[str, ...]]:
    """Tidy the body of a block that says it is Python; comments alone are no cell."""
    code, notes = tidy(body)
    tree = tree_of(code)
    return ("", ()) if tree is not None and not tree.body else (code, notes)


def _inline(text: str, mark: re.Match[str], closing: int, leads: bool) -> tuple[Block | None, int]:
    """Read a fence opened and closed on one line: a cell if it holds code, else a code span of the prose."""
    after = closing
    while text.startswith("`", after):
        after += 1
    inner = text[mark.end() : closing]
    label, code_start = _read_info(inner)
    body = inner[code_start:] if code_start is not None else ""
    if body and (label in PYTHON_LABELS or (leads and label == "")) and meant_as_code(body):
        code, notes = tidy(body)
        return Block(mark.start(), after, "python", body, code, "closed", notes), after
    return None, after


def _read_info(info: str) -> tuple[str | None, int | None]:
    """Return the language of an opening fence and where code glued to it begins; None if it opens nothing."""
    if not info.strip():
        return "", None
    word = _LABEL.match(info)
    name = word[1].lower() if word else ""
    if word is None or (name not in PYTHON_LABELS and name not in OTHER_LABELS):
        if meant_as_code(info):
            return "", 0
        return (name, None) if word is not None and not info[word.end() :].strip() else (None, None)
    rest = info[word.end() :]
    has_code = (
        rest.strip() and not rest.startswith("{") and (meant_as_code(rest) or re.search(r"[=(:\[]", rest))
    )
    return name, word.end() if has_code else None


def _bare_pair(text: str, at: int) -> bool:
    """Tell whether the next fence after `at` is a bare one, so that a bare fence before it opens a block."""
    following = text.find("```", at)
    if following < 0:
        return False
    end = text.find("\n", following)
    return not text[following : end if end >= 0 else len(text)].strip("` \t\r")


def _doubled(text: str, previous: Block, mark: re.Match[str], line_end: int) -> bool:
    """Tell whether a bare fence right under a closed block is that block's second closing fence."""
    return (
        previous.ending in ("closed", "guessed")
        and not text[previous.end : mark.start()].strip()
        and not _bare_pair(text, line_end)
    )


def _plain_end(text: str, start: int) -> _End:
    mark = _PLAIN_CLOSER.search(text, start)
    if mark is None:
        return _End(len(text), len(text), "cut")
    return _after_fence(text, mark.start(), mark.end())


def _after_fence(text: str, start: int, end: int) -> _End:
    """End a body at the fence [start, end): it closes, or it opens the next block and so closes this one too."""
    line_end = text.find("\n", end)
    info = text[end : len(text) if line_end < 0 else min(line_end, end + _INFO_CHARS)]
    word = _LABEL.match(info)
    if word and (word[1].lower() in PYTHON_LABELS or word[1].lower() in OTHER_LABELS):
        return _End(start, start, "next")
    blank_body = not info.strip()
    junk_word = word is not None and not info[word.end() :].strip()
    return _End(start, end if blank_body or not junk_word else end + len(info), "closed")


def _tagged(text: str, mark: re.Match[str]) -> tuple[Block | None, int]:
    name = mark["name"].lower()
    closer = f"</{name}>" if "<" in mark[0] else f"[/{name}]"
    end = _python_end(text, mark.end(), closer, len(text))
    body = text[mark.end() : end.code]
    inner = body.strip()
    notes: tuple[str, ...] = ()
    opener = _PROSE.match(inner)
    fenced = _fenced(inner, opener, 0, None, True)[0] if opener and opener["fence"] else None
    if fenced is not None:
        code, notes = fenced.code, fenced.notes
    else:
        code, notes = _cell(body)
    alone = "\n" in body or (end.ending == "closed" and _REST_BLANK.match(text, end.resume) is not None)
    if not alone or ("\n" not in body and name == "code" and not _is_call_or_code(code)):
        return None, mark.end()
    return Block(mark.start(), end.resume, "python", body, code, end.ending, notes), end.resume


def _is_call_or_code(code: str) -> bool:
    tree = tree_of(code)
    return meant_as_code(code) or (
        tree is not None
        and any(isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) for node in tree.body)
    )


def _called(text: str, mark: re.Match[str]) -> tuple[Block | None, int]:
    call = native.read_call(text, mark)
    body = text[mark.end() : call.end]
    code, notes = _cell(call.code)
    ending: Ending = "closed" if call.closed else "cut"
    return Block(mark.start(), call.end, "call", body or " ", code, ending, notes), call.end


# --- where Python ends -------------------------------------------------------------------------------------

_Where = Literal["code", "comment", "string", "triple"]


class _Mark(NamedTuple):
    where: _Where
    token: bool
    start: int
    end: int


def _patterns(closer: str) -> dict[str, re.Pattern[str]]:
    anywhere = r"`{3,}" if closer == "```" else re.escape(closer)
    on_line = r"^[ \t]*`{3,}" if closer == "```" else re.escape(closer)
    sources = {
        "code": rf"\"\"\"|'''|[\"'#]|(?P<closer>{anywhere})|(?P<token>{_TOKEN})",
        "#": rf"\n|(?P<closer>{anywhere})|(?P<token>{_TOKEN})",
        '"': rf"\\[\s\S]|[\"\n]|(?P<closer>{anywhere})|(?P<token>(?!))",
        "'": rf"\\[\s\S]|['\n]|(?P<closer>{anywhere})|(?P<token>(?!))",
        '"""': rf"\\[\s\S]|\"\"\"|(?P<closer>{on_line})|(?P<token>(?!))",
        "'''": rf"\\[\s\S]|'''|(?P<closer>{on_line})|(?P<token>(?!))",
    }
    return {state: re.compile(source, re.MULTILINE | re.IGNORECASE) for state, source in sources.items()}


_CLOSERS = [
    f"{a}/{tag}{z}" for tag in _TAGS.replace("python3?", "python|python3").split("|") for a, z in ("<>", "[]")
]
_LEXERS = {closer: _patterns(closer) for closer in ["```", *_CLOSERS]}
_WHERE: dict[str, _Where] = {
    "code": "code",
    "#": "comment",
    '"': "string",
    "'": "string",
    '"""': "triple",
    "'''": "triple",
}


def _marks(text: str, start: int, closer: str, stop: int) -> Iterator[_Mark]:
    """Walk Python from `start` and yield what could end it, with where it stands: in code, a comment, a string."""
    lexer = _LEXERS[closer]
    state, at = "code", start
    while mark := lexer[state].search(text, at, stop):
        at = mark.end()
        if mark["closer"] or mark["token"]:
            yield _Mark(_WHERE[state], bool(mark["token"]), mark.start(), at)
        elif state == "code":
            state = mark[0]
        elif mark[0] == state or mark[0] == "\n":
            state = "code"


def _python_end(text: str, start: int, closer: str, stop: int) -> _End:
    """Find the end of a body that should be Python, before `stop`.

    A closer is certain where Python has no use for it: outside strings and comments. Others are doubtful and
    count only when nothing else compiles.
    """
    doubtful: _End | None = None
    broken_string: _End | None = None
    certain: _End | None = None
    tries = 0
    for mark in _marks(text, start, closer, stop):
        end = _end_at(text, mark, closer)
        if mark.where == "code" or (mark.token and mark.where == "comment"):
            plain = mark.token or closer != "```" or _starts_line(text, start, mark.start)
            if plain or tries >= _GLUED_TRIES or compiles(tidy(text[start : mark.start])[0]):
                certain = end
                break
            tries += 1
        if doubtful is None:
            doubtful = end
        if mark.where == "triple" and broken_string is None:
            broken_string = end
    certain = certain or _End(_without_tail(text, start, stop), stop, "cut")
    if doubtful is None or compiles(tidy(text[start : certain.code])[0]):
        return certain
    if compiles(tidy(text[start : doubtful.code])[0]):
        return doubtful._replace(ending="guessed")
    return broken_string._replace(ending="guessed") if broken_string else certain


def _end_at(text: str, mark: _Mark, closer: str) -> _End:
    if mark.token:
        return _End(mark.start, mark.start, "closed")
    fence = text.find("`", mark.start) if closer == "```" else mark.start
    if closer == "```":
        return _after_fence(text, fence, mark.end)
    return _End(mark.start, mark.end, "closed")


def _starts_line(text: str, floor: int, at: int) -> bool:
    return not text[max(floor, text.rfind("\n", floor, at) + 1, at - 200) : at].strip()


def _without_tail(text: str, start: int, stop: int) -> int:
    """Return where an unclosed body ends: one or two backticks of a cut closing fence do not belong to it."""
    tail = len(text[max(start, stop - 3) : stop]) - len(text[max(start, stop - 3) : stop].rstrip("`"))
    return stop - tail if tail <= 2 else stop
