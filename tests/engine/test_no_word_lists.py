"""The engine knows no language: what a question means is the model's to say, so no list of English words steers it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ENGINE = Path(__file__).resolve().parents[2] / "engine"
HANDFUL = 5  # such words that one list may hold: "of" in a date, "no" among placeholders
# What a sentence of English is made of, whatever it is about; and how numbers and months are spelt.
ENGLISH = frozenset(
    """a about above after again all also although am an and another any anybody anyone anything are as at be because been
    before being below between both but by can cannot could did do does doing down during each either every everybody
    everyone everything few for from further had has have having he hence her here hers herself him himself his how however
    i if in into is it its itself just least less many may me might mine more most much must my myself neither never no
    nobody none nor not nothing now of off often on once only or other others ought our ours out over own per same several
    shall she should since so some somebody someone something such than that the their theirs them themselves then there
    these they this those though through thus to too under unless until up upon us very was we were what when where
    whether which while who whoever whole whom whose why will with within without would yes yet you your yours
    zero one two three four five six seven eight nine ten eleven twelve thirteen fifteen twenty thirty forty fifty sixty
    january february march april june july august september october november december jan feb apr jun jul aug sep oct nov
    dec""".split()
)
# Modules whose words are no rules for what is asked, with what they are.
EXEMPT = {
    "bench/suites/words.py": "sentences that the texts of the bench are made of",
}
ALTERNATIVES = re.compile(r"[A-Za-z' ]+(?:\|[A-Za-z' ]+)+")


def lists(tree: ast.AST) -> Iterator[tuple[int, list[str]]]:
    """The lists of words in a module: (line, words) of collections, of text that is split, of alternatives in a pattern.

    A text that is nearly all such words is one too, however it is used. Docstrings are for people.
    """
    told_people = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in told_people:
            continue
        if isinstance(node, ast.List | ast.Tuple | ast.Set | ast.Dict):
            items = node.keys if isinstance(node, ast.Dict) else node.elts
            texts = [i.value for i in items if isinstance(i, ast.Constant) and isinstance(i.value, str)]
            yield node.lineno, [text.strip().casefold() for text in texts]
        elif (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "split"
        ):
            yield node.lineno, [word for text in strings(node.func.value) for word in words(text)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in ALTERNATIVES.findall(node.value):
                yield node.lineno, [part.strip().casefold() for part in found.split("|")]
            told = words(node.value)
            if sum(word in ENGLISH for word in told) > 0.9 * len(told):
                yield node.lineno, told


def strings(tree: ast.AST) -> list[str]:
    return [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.casefold())


def english(source: str) -> list[str]:
    """The lists in a source that hold more than a handful of English words of the kinds above."""
    found = ((line, ENGLISH & {*told}) for line, told in lists(ast.parse(source)))
    return [f"line {line}: {', '.join(sorted(some))}" for line, some in found if len(some) > HANDFUL]


@pytest.mark.parametrize(
    "source",
    [
        "STOP = frozenset('rent the of is are was in on'.split())",
        "STOP = {'the', 'of', 'is', 'are', 'was', 'in'}",
        "STOP = {'the': 1, 'of': 1, 'is': 1, 'are': 1, 'was': 1, 'in': 1}",
        'ASKED = re.compile(r"(?i)\\b(?:who|what|which|when|where|why|how)\\b")',
        'ASKED = "the of is are was in on at to has"',
        "MONTHS = ['January', 'February', 'March', 'April', 'May', 'June']",
        "STOP = ['the', *OTHERS, 'of', 'is', 'are', 'was', 'in']",
    ],
)
def test_a_list_of_words_is_found(source: str) -> None:
    assert english(source)


@pytest.mark.parametrize(
    "source",
    [
        "raise InputError('there is no document of that name here, so it is not in the view')",
        "KEYS = ('id', 'name', 'of', 'no')",
        "def f():\n    'All that is in it, and what is not in it but in any of the others.'",
        "FENCE = re.compile(r'(?:python|repl|py)\\b')",
    ],
)
def test_a_sentence_and_names_of_data_are_none(source: str) -> None:
    assert not english(source)


def test_no_list_of_english_words_is_in_the_engine() -> None:
    sources = {path.relative_to(ENGINE).as_posix(): path for path in sorted(ENGINE.rglob("*.py"))}
    assert len(sources) > 100
    found = {name: some for name, path in sources.items() if (some := english(path.read_text("utf-8")))}
    assert {name: some for name, some in found.items() if name not in EXEMPT} == {}
    assert found.keys() == EXEMPT.keys()  # an exemption that nothing needs is dropped
