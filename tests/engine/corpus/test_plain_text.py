"""What Python makes of a document, and of any part of one, is what it makes of the same text."""

from __future__ import annotations

import copy
import csv
import html
import io
import json
import pickle
import pprint
import re
import string
import tempfile
import textwrap
import unicodedata
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from IPython.lib.pretty import pretty

from tests.engine.conftest import stored

TEXTS = st.one_of(
    st.text("ab {}%s(1)\u00e9\u20ac\U0001f600\u0130\n\r\t\\\x1c\u2028'\"", min_size=1, max_size=40),
    st.sampled_from(["42", "-1.5", "True", "a,b\n1,2", "$x and {0}", "{x!r:>9}", "line one\nline two\n"]),
)
OTHERS = st.text("ab 1\n", max_size=3)
NUMBERS = st.integers(-12, 12)
Operation = Callable[[str, str, int, int], Any]


def printed(*values: object) -> str:
    page = io.StringIO()
    print(*values, file=page)
    return page.getvalue()


def matched(s: str) -> str:
    match s:
        case "42":
            return "the number"
        case str():
            return "a text"
    return "something else"


OPERATIONS: dict[str, Operation] = {
    "repr": lambda s, o, m, n: (repr(s), ascii(s), f"{s!r}", f"{s!r:>50}", repr([s]), repr({s: (s,)})),
    "str": lambda s, o, m, n: (str(s), f"{s}", f"{s:>{abs(m)}.{abs(n)}}", format(s, "^20"), format(s, "")),
    "percent": lambda s, o, m, n: ("%s|%r|%.3s|%10s" % (s, s, s, s), "%(a)s" % {"a": s}),  # noqa: UP031
    "as a percent template": lambda s, o, m, n: s % (o, m),
    "as a template": lambda s, o, m, n: s.format(o, x=m),
    "format_map": lambda s, o, m, n: s.format_map({"x": o}),
    "in templates": lambda s, o, m, n: (
        "{0}{0!r}{x:>9}".format(s, x=s),  # noqa: UP032
        string.Template(s).safe_substitute(x=o),
    ),
    "print": lambda s, o, m, n: (printed(s), printed([s]), printed(s, s, o)),
    "shown": lambda s, o, m, n: (pretty(s), pretty([s, s]), pprint.pformat({"a": s})),
    "len": lambda s, o, m, n: (
        len(s),
        bool(s),
        list(s),
        list(reversed(s)),
        sorted(s),
        set(s),
        Counter(s),
        max(s),
    ),
    "index": lambda s, o, m, n: s[m],
    "slices": lambda s, o, m, n: (s[m:], s[:m], s[m:n], s[:], s[::-1]),
    "steps": lambda s, o, m, n: s[m::n],
    "in": lambda s, o, m, n: (o in s, s in o, s in s + o, s in [s], s in {s}, [s].index(s)),
    "compared": lambda s, o, m, n: (
        s == o,
        s != o,
        s < o,
        s >= o,
        o < s,
        s == s + "",
        hash(s),
        {s: 1}[str(s)],
    ),
    "added": lambda s, o, m, n: (s + o, o + s, s * m, m * s, s + s),
    "added to a number": lambda s, o, m, n: s + m,
    "joined": lambda s, o, m, n: (o.join([s, s]), s.join([o, o, o]), "".join(s), o.join(s)),
    "json": lambda s, o, m, n: (
        json.dumps(s),
        json.dumps({s: [s]}, ensure_ascii=False),
        json.loads(json.dumps(s)),
    ),
    "as json": lambda s, o, m, n: json.loads(s),
    "copied": lambda s, o, m, n: (pickle.loads(pickle.dumps(s)), copy.copy(s), copy.deepcopy([s])),
    "re": lambda s, o, m, n: (
        re.findall(r"\w+|\W", s),
        re.sub("a", "<\\g<0>>", s),
        re.split(r"\s", s),
        (first := re.match(".", s)) and (first[0], first.groups(), first.string),
        re.escape(s),
        [hit.span() for hit in re.finditer("b*", s)],
    ),
    "as a regular expression": lambda s, o, m, n: re.findall(s, o),
    "split": lambda s, o, m, n: (
        s.split(),
        s.split(None, 1),
        s.split("a"),
        s.split("\n", abs(m)),
        s.rsplit("b", 1),
    ),
    "split by": lambda s, o, m, n: s.split(o),
    "lines": lambda s, o, m, n: (s.splitlines(), s.splitlines(True), io.StringIO(s).readlines()),
    "partition": lambda s, o, m, n: (s.partition("b"), s.rpartition("b"), s.partition(s)),
    "strip": lambda s, o, m, n: (s.strip(), s.lstrip(), s.rstrip(), s.strip(o), s.lstrip(o), s.rstrip("a\n")),
    "case": lambda s, o, m, n: (s.upper(), s.lower(), s.title(), s.casefold(), s.swapcase(), s.capitalize()),
    "padded": lambda s, o, m, n: (
        s.center(m * 5),
        s.ljust(30, "."),
        s.rjust(30),
        s.zfill(9),
        s.expandtabs(abs(m)),
    ),
    "found": lambda s, o, m, n: (
        s.find(o),
        s.rfind(o, m),
        s.find(o, m, n),
        s.startswith(o),
        s.endswith(("a", o)),
    ),
    "index of": lambda s, o, m, n: (s.index(o), s.rindex(o)),
    "counted": lambda s, o, m, n: (s.count("a"), s.count("("), s.count(o, 0), s.count(o, m, n)),
    "replaced": lambda s, o, m, n: (
        s.replace("a", o),
        s.replace(o, "b", abs(m)),
        s.removeprefix(o),
        s.removesuffix(o),
    ),
    "translated": lambda s, o, m, n: (s.translate({97: "x"}), s.translate(str.maketrans("ab", "12"))),
    "encoded": lambda s, o, m, n: (
        s.encode(),
        s.encode("utf-16"),
        bytes(s, "utf-8"),
        s.encode("ascii", "replace"),
    ),
    "encoded strictly": lambda s, o, m, n: s.encode("ascii"),
    "asked": lambda s, o, m, n: [
        getattr(s, f"is{what}")()
        for what in "alnum alpha ascii decimal digit identifier lower numeric printable space title upper".split()
    ],
    "as a number": lambda s, o, m, n: (int(s), float(s)),
    "ord": lambda s, o, m, n: ord(s),
    "by libraries": lambda s, o, m, n: (
        textwrap.wrap(s, 9),
        textwrap.dedent(s),
        html.escape(s),
        unicodedata.normalize("NFKD", s),
        string.capwords(s),
    ),
    "csv": lambda s, o, m, n: list(csv.reader(io.StringIO(s))),
    "matched": lambda s, o, m, n: (matched(s), isinstance(s, str), callable(s)),
}


def outcome(operation: Operation, *arguments: Any) -> tuple[Any, str]:
    """What an operation gives, and how that is written; of an error its kind."""
    try:
        value = operation(*arguments)
    except Exception as error:
        return type(error), ""
    return value, re.sub(r" at 0x[0-9a-f]+", "", repr(value))


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@settings(max_examples=25)
@given(text=TEXTS, before=OTHERS, other=OTHERS, m=NUMBERS, n=NUMBERS)
def test_a_document_and_its_parts_are_their_text(
    operation: Operation, text: str, before: str, other: str, m: int, n: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        document = stored(Path(folder), {"before": before + ".", "this": text})[1]
        for part, plain in ((document, text), (document[m:], text[m:]), (document[m:n], text[m:n])):
            assert outcome(operation, part, other, m, n) == outcome(operation, plain, other, m, n)


def test_an_error_is_told_apart_from_a_value() -> None:
    assert outcome(OPERATIONS["as a number"], "x", "", 0, 0) == (ValueError, "")
    assert outcome(OPERATIONS["len"], "x", "", 0, 0) != outcome(OPERATIONS["len"], "y", "", 0, 0)
