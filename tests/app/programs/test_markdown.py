"""Answers as Markdown: what they show, and that no word of a model or document becomes a picture, a link or a tag."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest

from app.programs.markdown import answer_text, closed, code, harmless, printable

SOURCE = {"name": "a.md", "line": 3, "page": None, "text": "the words", "status": "exact", "nearest": None}
ROW: dict[str, Any] = {
    "answer": "At noon.",
    "forced": False,
    "reason": "",
    "agreement": None,
    "sources": [],
    "passages": [],
}


def test_an_answer_names_document_line_and_page_of_each_source() -> None:
    sources = [SOURCE, {**SOURCE, "page": 7}, {**SOURCE, "status": "missing", "nearest": "other words"}]
    assert answer_text({**ROW, "sources": sources}) == (
        "At noon.\n\n**Sources**\n\n1. `a.md`, line 3: `the words`\n2. `a.md`, line 3, page 7: `the words`\n"
        "3. not found in the documents: `the words` (nearest: `other words`)"
    )
    assert answer_text({**ROW, "sources": [SOURCE] * 15}).endswith("`the words`\n\nand 3 more")


def test_without_an_answer_the_reason_and_what_search_finds_are_said() -> None:
    row = {**ROW, "answer": None, "reason": "the limit of 12 turns", "passages": [SOURCE]}
    assert answer_text(row) == (
        "No answer: the limit of 12 turns.\n\nFound by search, not by the model\n\n1. `a.md`, line 3: `the words`"
    )
    forced = answer_text({**ROW, "forced": True, "reason": "the limit of 12 turns"})
    assert "asked for at a limit, before the model was done: the limit of 12 turns" in forced


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![a](https://evil.example/?q=1)", "!&#91;a]&#40;https://evil.example/?q=1)"),
        ("![a][b]\n\n[b]: https://evil.example", "!&#91;a]&#91;b]\n\n[b]&#58; https://evil.example"),
        ("[go](javascript:x)", "[go]&#40;javascript:x)"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y>"),
        (r"\<img src=x>", r"\&lt;img src=x>"),
        ("<https://evil.example>", "&lt;https://evil.example>"),
        ("</details><!-- x", "&lt;/details>&lt;!-- x"),
        ("\x1b[31mred\x07\x9b", "\ufffd[31mred\ufffd\ufffd"),
        ("exe.\u202egnp", "exe.\ufffdgnp"),
        ("half \ud800", "half \ufffd"),
        (
            "3 < 5 and **bold**, a[0], f(x)\tü\u00a0\u3000\u200d",
            "3 < 5 and **bold**, a[0], f(x)\tü\u00a0\u3000\u200d",
        ),
    ],
)
def test_text_keeps_its_words_and_loses_what_would_come_alive(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_a_code_span_cannot_be_left() -> None:
    assert code("a `b` c") == "``a `b` c``" and code("`") == "`` ` ``" and code("") == "` `"
    assert code("one\ntwo\n\n  three") == "`one two three`"
    assert len(code("x" * 5000)) < 310
    rng = random.Random(0)
    for _ in range(500):
        text = "".join(rng.choices("`` \nab<![](", k=rng.randint(1, 30)))
        span = code(text)
        fence = re.match("`+", span)[0]  # type: ignore[index]
        inner = span[len(fence) : -len(fence)]
        assert span.endswith(fence) and fence not in re.findall("`+", inner), text


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("plain", "plain"),
        ("```py\nx", "x\n```"),
        ("```py\nx\n```", "\n```"),
        ("~~~~\nx\n~~~", "~~~\n~~~~"),
        ("- ```\n  x", "x\n```"),
        ("```\n``` no end", "no end\n```"),
        ("a ``` b", "a ``` b"),
    ],
)
def test_a_fence_that_is_open_ends_with_the_answer(text: str, end: str) -> None:
    assert closed(text).endswith(end) and closed(closed(text)) == closed(text)


def test_line_ends_of_any_system_are_line_ends() -> None:
    assert printable("a\r\nb\n") == "a\nb\n"
