"""Regular expressions with the meaning of Python's `re` and the speed of RE2.

A pattern is parsed by Python's own parser and written again for RE2, with classes spelled out from Python's
own tables, so both agree on what `\\w`, `\\d`, `\\s` and `(?i)` mean. What RE2 cannot say exactly
(look-around, back-references, ...) stays with `re`; the standard decides, RE2 only makes it fast.

Patterns are compiled with re.MULTILINE, as a person who greps expects: `^` and `$` are the ends of a line.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from functools import cache, lru_cache
from typing import Any, Protocol

try:
    import _sre
    from re import _casefix, _constants, _parser  # type: ignore[attr-defined]
except ImportError:  # another Python: everything stays with `re`, correct and slower
    _parser = None

import re2

from engine.text.folding import fold_expression

LAST = 0x10FFFF
LAST_WORD = 0x3FFFF  # no letter, digit or space stands above: those planes are empty or private
LARGEST_SET = 4096  # characters of a set that are spelled out one by one under (?i)
LARGEST_REPEAT = 1000  # RE2's own limit
MEMORY = 64 << 20  # bytes RE2 may use for one pattern
LOOKING = "look-around or a back-reference"
NOT_MADE = object()
Expression = str | re.Pattern[str]
Ranges = list[tuple[int, int]]


class Unsupported(Exception):
    """RE2 cannot express this part of a pattern exactly."""


class Pattern:
    """One compiled pattern.

    `exact` is Python's. `ascii` is the same for texts of ASCII characters only, or None. `wide` is for all
    texts; when `anchored` is set, `wide` leaves word boundaries out, so its matches are only candidates.
    `folded`: it is to be looked for in folded text (`engine.text.folding`).
    `needle` is a text without which there is no match, or is empty.
    `notice` says in one sentence why the slower way must be taken, or is empty.
    """

    __slots__ = ("_wide", "anchored", "ascii", "exact", "folded", "needle", "notice", "text")

    def __init__(self, text: str, flags: int = 0, *, folded: bool = False):
        self.text, self.folded = text, folded
        self.exact = compile_exact(text, flags)
        self.needle = needle(self.exact)
        self.notice, self.ascii, self.anchored = "", None, False
        self._wide: Any = NOT_MADE
        try:
            self.ascii = self._re2(wide=False)
        except Unsupported as reason:
            self._wide = None
            if str(reason) == LOOKING:
                self.notice = f"this pattern uses {reason}: searched with Python's re, which is slower"

    @property
    def wide(self) -> re2._Regexp | None:
        """The RE2 form for texts with any characters, made when first needed."""
        if self._wide is NOT_MADE:
            try:
                self._wide = self._re2(wide=True)
            except Unsupported:
                self._wide = None
        return self._wide

    def _re2(self, *, wide: bool) -> re2._Regexp:
        if _parser is None or self.exact.match("") or can_be_empty(self.exact):
            raise Unsupported("the pattern can match nothing at all")
        writer = _Writer(wide=wide)
        options = re2.Options()
        options.max_mem, options.log_errors = MEMORY, False
        try:
            written = writer.sequence(_parser.parse(self.text, self.exact.flags), self.exact.flags)
            compiled = re2.compile(written, options)
        except (re2.error, RecursionError) as problem:
            raise Unsupported(str(problem)) from problem
        if wide:
            self.anchored = writer.boundaries
        return compiled


class _Parsed(Protocol):
    """What the parser of `re` gives, which has no types of its own: operations, each with what belongs to it."""

    def __iter__(self) -> Iterator[tuple[object, Any]]: ...

    def getwidth(self) -> tuple[int, int]:
        """The least and the largest number of characters that it matches."""


def compile_exact(text: str, flags: int = 0) -> re.Pattern[str]:
    """Compile with Python's `re`. Raises ValueError with a sentence that says what is wrong and where."""
    try:
        return re.compile(text, flags | re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as problem:
        raise ValueError(
            f"the pattern {text!r} is not a regular expression: {problem}. "
            "Put a backslash before ( ) [ ] { } . * + ? | ^ $ to mean the character itself."
        ) from problem


@lru_cache(maxsize=64)
def compile_pattern(expression: Expression, flags: int = 0, *, fold: bool = False) -> Pattern:
    """Compile a pattern once, or take over one of `re`. Raises ValueError when it is no regular expression.

    `fold`: it means all that a reader takes as the same; a space in it is any white space within a paragraph.
    """
    text = expression if isinstance(expression, str) else expression.pattern
    if isinstance(expression, re.Pattern):
        flags |= expression.flags & ~re.UNICODE
    if not fold:
        return Pattern(text, flags)
    verbose = bool(compile_exact(text, flags).flags & re.VERBOSE)
    try:
        return Pattern(fold_expression(text, verbose=verbose), flags | re.IGNORECASE, folded=True)
    except ValueError as problem:
        why = getattr(problem.__cause__, "msg", problem.__cause__)
        raise ValueError(f"the pattern {text!r} cannot be searched for with fold=True: {why}") from problem


def can_be_empty(exact: re.Pattern[str]) -> bool:
    """True when a match may have no characters."""
    return _parser is None or _parser.parse(exact.pattern, exact.flags).getwidth()[0] == 0


def needle(exact: re.Pattern[str]) -> str:
    """The longest run of characters that every match must hold; empty when none is sure."""
    if _parser is None or exact.flags & re.IGNORECASE:
        return ""
    runs = [""]
    _collect(_parser.parse(exact.pattern, exact.flags), runs)
    return max(runs, key=len)


def _collect(parsed: _Parsed, runs: list[str]) -> None:
    for op, value in parsed:
        if op is _constants.LITERAL:
            runs[-1] += chr(value)
        elif op is _constants.SUBPATTERN and not value[1] & re.IGNORECASE:
            _collect(value[3], runs)
        elif op is not _constants.AT:
            runs.append("")


# --- writing for RE2 ------------------------------------------------------------------------------------


class _Writer:
    """Write a parsed pattern in RE2's syntax, for ASCII texts or (`wide`) for all."""

    def __init__(self, *, wide: bool):
        self.wide = wide
        self.boundaries = False

    def sequence(self, parsed: _Parsed, flags: int) -> str:
        return "".join(self._item(op, value, flags) for op, value in parsed)

    def _item(self, op: object, value: Any, flags: int) -> str:
        c = _constants
        if op is c.LITERAL:
            return self._set(_fold([(value, value)], flags))
        if op is c.NOT_LITERAL:
            return self._set(_invert(_fold([(value, value)], flags)))
        if op is c.ANY:
            return "(?s:.)" if flags & re.DOTALL else r"[^\n]"
        if op is c.IN:
            return self._in(value, flags)
        if op is c.BRANCH:
            return "(?:" + "|".join(self.sequence(branch, flags) for branch in value[1]) + ")"
        if op is c.SUBPATTERN:
            group, added, removed, inner = value
            body = self.sequence(inner, (flags | added) & ~removed)
            return f"({body})" if group else f"(?:{body})"
        if op in (c.MAX_REPEAT, c.MIN_REPEAT):
            return self._repeat(value, flags) + ("?" if op is c.MIN_REPEAT else "")
        if op is c.AT:
            return self._at(value, flags)
        raise Unsupported(
            LOOKING if op in (c.ASSERT, c.ASSERT_NOT, c.GROUPREF, c.GROUPREF_EXISTS) else str(op)
        )

    def _repeat(self, value: tuple[int, int, _Parsed], flags: int) -> str:
        low, high, inner = value
        if inner.getwidth()[0] == 0:
            raise Unsupported("a repeat of something that can be empty")
        if low > LARGEST_REPEAT or (high is not _constants.MAXREPEAT and high > LARGEST_REPEAT):
            raise Unsupported("a repeat of more than 1,000")
        body = f"(?:{self.sequence(inner, flags)})"
        if high is _constants.MAXREPEAT:
            return body + {0: "*", 1: "+"}.get(low, f"{{{low},}}")
        return body + ("?" if (low, high) == (0, 1) else f"{{{low},{high}}}")

    def _at(self, where: object, flags: int) -> str:
        c = _constants
        if where is c.AT_BEGINNING:
            return "(?m:^)" if flags & re.MULTILINE else r"\A"
        if where is c.AT_END and flags & re.MULTILINE:
            return "(?m:$)"
        if where is c.AT_BEGINNING_STRING:
            return r"\A"
        if where is c.AT_END_STRING:
            return r"\z"
        if where in (c.AT_BOUNDARY, c.AT_NON_BOUNDARY):
            if self.wide and not flags & re.ASCII:
                self.boundaries = True
                return ""
            return r"\b" if where is c.AT_BOUNDARY else r"\B"
        raise Unsupported("the end of the text")

    def _in(self, items: Iterable[tuple[object, Any]], flags: int) -> str:
        c = _constants
        negated, listed, ranges = False, [], []
        for op, value in items:
            if op is c.NEGATE:
                negated = True
            elif op is c.LITERAL:
                listed.append((value, value))
            elif op is c.RANGE:
                listed.append(value)
            elif op is c.CATEGORY:
                ranges += self._category(value, flags)
            else:
                raise Unsupported(str(op))
        ranges += _fold(listed, flags)
        return self._set(_invert(ranges) if negated else ranges)

    def _category(self, category: object, flags: int) -> Ranges:
        name = str(category).lower()
        for kind in "dsw":
            if name.endswith({"d": "digit", "s": "space", "w": "word"}[kind]):
                ranges = _members(kind, bool(flags & re.ASCII), LAST_WORD if self.wide else 127)
                return _invert(ranges) if "_not_" in name else ranges
        raise Unsupported(name)

    def _set(self, ranges: Ranges) -> str:
        """A class of RE2. Surrogates are left out: stored text has none."""
        last = LAST if self.wide else 127
        parts = []
        for low, high in _merge(ranges):
            for a, b in ((low, min(high, 0xD7FF)), (max(low, 0xE000), high)):
                if a <= b and a <= last:
                    parts.append(f"\\x{{{a:x}}}" if a == b else f"\\x{{{a:x}}}-\\x{{{min(b, last):x}}}")
        return f"[{''.join(parts)}]" if parts else r"[^\x00-\x{10FFFF}]"


# --- sets of characters ---------------------------------------------------------------------------------


@cache
def _members(kind: str, ascii_only: bool, last: int) -> Ranges:
    """The ranges of characters that `re` takes for a digit (d), space (s) or word character (w), up to `last`."""
    everything = array("I", range(last + 1)).tobytes().decode("utf-32", "surrogatepass")
    found = re.finditer(rf"\{kind}+", everything, re.ASCII if ascii_only else 0)
    return [(match.start(), match.end() - 1) for match in found]


def _merge(ranges: Ranges) -> Ranges:
    merged: Ranges = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return merged


def _invert(ranges: Ranges) -> Ranges:
    inverted, at = [], 0
    for low, high in _merge(ranges):
        if at < low:
            inverted.append((at, low - 1))
        at = high + 1
    return [*inverted, (at, LAST)] if at <= LAST else inverted


def _fold(ranges: Ranges, flags: int) -> Ranges:
    """All characters that match one of `ranges`: themselves, or under (?i) what `re` takes as equal."""
    if not flags & re.IGNORECASE:
        return ranges
    if flags & re.ASCII:
        raise Unsupported("(?a) together with (?i)")
    if sum(high - low + 1 for low, high in ranges) > LARGEST_SET:
        raise Unsupported("a large set under (?i)")
    lowered: set[int] = set()
    for low, high in ranges:
        for code in range(low, high + 1):
            lower = _sre.unicode_tolower(code)
            lowered.update((lower, *_casefix._EXTRA_CASES.get(lower, ())))
    above = _above()
    return [(code, code) for lower in lowered for code in above.get(lower, (lower,))]


@cache
def _above() -> dict[int, tuple[int, ...]]:
    """For each lower-case character that others become: all characters that become it, itself among them."""
    found: dict[int, tuple[int, ...]] = {}
    for code, lower in enumerate(map(_sre.unicode_tolower, range(0x1F000))):  # no letters with case above
        if lower != code:
            itself = (lower,) if _sre.unicode_tolower(lower) == lower else ()
            found[lower] = (*found.get(lower, itself), code)
    return found
