"""Python code in pieces: the right kinds of colours, and never a character lost."""

from __future__ import annotations

import random

import pytest

from app.text.python_code import _LEXER, LIMIT, pieces

CODE = """@cached
def ünï(a: int = 0x1F) -> None:
    # a comment
    if a and not None: raise ValueError(f"no {a!r:>{w}} \\n")
    hits = context.search('deposit', 1_000.5e-3)
    return print(map_query("x", [str(h) for h in hits]), self.answers)
class Found(dict): pass
FINAL(answer["text"])"""


def joined(code: str) -> str:
    return "".join(piece if isinstance(piece, str) else piece[1] for piece in pieces(code))


def test_words_have_the_colours_of_their_kinds() -> None:
    kinds: dict[str, set[str]] = {}
    for piece in pieces(CODE):
        if not isinstance(piece, str):
            kinds.setdefault(piece[0], set()).add(piece[1].strip())
    assert kinds["keyword"] >= {"def", "if", "and", "not", "None", "raise", "return", "for", "in", "class"}
    assert kinds["tool"] == {"context", "map_query", "FINAL", "answer"}
    assert kinds["defined"] == {"ünï", "Found"} and kinds["decorator"] == {"@cached"}
    assert {"int", "ValueError", "print", "str", "dict"} <= kinds["builtin"]
    assert kinds["number"] == {"0x1F", "1_000.5e-3"} and kinds["comment"] == {"# a comment"}
    assert "'deposit'" in kinds["string"]
    assert "hits" not in {word for words in kinds.values() for word in words}


@pytest.mark.parametrize("code", [
    CODE, "", "x = '''open", 'f"{a!r:>{w}}" # ü', "'\\", "1_000.5e-3j", "\u202edrop", "\ufeffx\r\ny\rz", "\n\n  x\n\n",
    "%magic ? !ls", "\x00\x1b[31m", "<script>window.pwned=1</script>", "print('" * 200, "😀 = '😀'"])  # fmt: skip
def test_code_is_coloured_without_losing_a_character(code: str) -> None:
    assert joined(code) == code


def test_code_by_chance_loses_no_character() -> None:
    rng = random.Random(5)
    for _ in range(200):
        code = "".join(rng.choice("ab '\"\\\n{}()[]#@fr:=.0_é\t%") for _ in range(rng.randint(1, 120)))
        assert joined(code) == code


def test_what_is_very_long_is_plain_from_the_limit_on() -> None:
    code = "x = 1\n" * (LIMIT // 5)
    found = pieces(code)
    assert joined(code) == code and found[-1] == code[LIMIT:]


def test_no_rule_looks_over_the_empty_lines_that_follow() -> None:
    empty = " \n" * 3
    found = [rule(f'{empty}"""a docstring"""', 0) for rule, *_ in _LEXER._tokens["root"]]
    assert any(found) and all(len(one[0]) <= 2 for one in found if one)
    code = " \n" * (LIMIT // 2)  # minutes, where one does
    assert joined(code) == code
    assert pieces(f'def f():{empty}  """what it does"""\n')[-2] == ("string", '"""what it does"""')
