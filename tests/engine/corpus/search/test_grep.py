"""Patterns mean what they mean to Python's `re`, in documents of any script."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.text import pattern
from engine.text.pattern import compile_pattern
from tests.engine.conftest import LEASE, stored

CHARACTERS = "aAbBkKsSéÉßẞſKiIİıσςΣ1٣² \n\t_-.\u2028\x1c€日"
LETTERS = "aAbBkKsSéÉßſKiİıσς1٣_ -"
ATOMS = st.one_of(
    st.sampled_from(LETTERS).map(re.escape),
    st.sampled_from([r"\w", r"\W", r"\d", r"\D", r"\s", r"\S", ".", r"\b", r"\B", "^", "$", r"\A", r"\Z"]),
    st.sampled_from(
        ["[a-k]", "[^a-k]", r"[\w-]", r"[^\d\s]", "[A-Zß]", r"[^\W_]", "[é-σ]", r"\n", "(?=a)", "(?<!a)b"]
    ),
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=4).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        inner.map(lambda part: f"({part})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)
TEXTS = st.lists(st.text(CHARACTERS, max_size=25), min_size=1, max_size=4).filter(any)
FLAGS = st.sampled_from(["", "", "(?i)", "(?s)", "(?is)", "(?a)", "(?x)"])


def expected(source: str, text: str) -> list[tuple[int, int, tuple]]:
    found = re.finditer(source, text, re.MULTILINE)
    return [(m.start(), m.end(), m.groups()) for m in found if m.group()]


@settings(max_examples=int(os.environ.get("GREP_EXAMPLES", "250")))
@given(flags=FLAGS, body=PATTERNS, texts=TEXTS)
@example(flags="(?i)", body="straße", texts=["STRASSE Straße STRAẞE", "strasse"])
@example(flags="", body=r"\b\w+\b", texts=["Grüße aus Köln", "plain words"])
@example(flags="", body=r"\bα", texts=["βα α"])
def test_grep_finds_what_re_finds_and_nothing_else(flags: str, body: str, texts: list[str]) -> None:
    source = flags + body
    with tempfile.TemporaryDirectory() as folder:
        corpus = stored(Path(folder), {str(i): text for i, text in enumerate(texts)})
        found = [(h.id, h.match_start, h.match_end, tuple(h.groups)) for h in corpus.grep(source, limit=None)]
        wanted = [(i, *match) for i, text in enumerate(texts) for match in expected(source, text)]
        assert found == wanted
        assert corpus.count(source) == len(wanted)
        assert [d.id for d in corpus.matching(source)] == sorted({i for i, *_ in wanted})
        for hit in corpus.grep(source, limit=3):
            assert corpus.text(hit.id, hit.match_start, hit.match_end) == hit.match
            assert hit.start <= hit.match_start < hit.end


@settings(max_examples=100)
@given(flags=FLAGS, body=PATTERNS, text=st.text(CHARACTERS, min_size=2, max_size=40), data=st.data())
def test_grep_in_a_piece_sees_only_the_piece(flags: str, body: str, text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    with tempfile.TemporaryDirectory() as folder:
        piece = stored(Path(folder), {"before": "x", "this": text})[1][start:end]
        found = [
            (h.match_start - start, h.match_end - start, tuple(h.groups))
            for h in piece.grep(flags + body, None)
        ]
        assert found == expected(flags + body, text[start:end])


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    log = "".join(f"2024-01-{day:02} invoice INV-{2000 + day} paid\n" for day in range(1, 29))
    return stored(
        tmp_path, {"lease.md": LEASE, "log.txt": log, "köln.txt": "Grüße aus Köln.\nKöln am Rhein.\n"}
    )


def test_most_patterns_run_in_re2_for_plain_text() -> None:
    for source in (
        r"INV-\d+",
        r"(?i)notice",
        r"\b\d{4}-\d{2}-\d{2}\b",
        r"^#+ (.*)$",
        r"[\w.+-]+@[\w-]+\.\w+",
        r"(?s)a.b",
    ):
        compiled = compile_pattern(source)
        assert compiled.ascii is not None and compiled.wide is not None and not compiled.notice, source


def test_lookaround_is_answered_by_re_with_a_notice(corpus: Corpus) -> None:
    hits = corpus.grep(r"(?<=INV-)\d+(?= paid)")
    assert hits.total == 28 and hits[0].match == "2001"
    assert "slower" in hits.notice and hits.notice in repr(hits)
    assert corpus.grep(r"(\w)\1").notice
    assert not corpus.grep("paid").notice


def test_a_bad_pattern_is_explained(corpus: Corpus) -> None:
    for search in (corpus.grep, corpus.count, corpus.matching, corpus[0].grep):
        with pytest.raises(ValueError, match=r"not a regular expression.*backslash"):
            search("INV(")


def test_flags_and_compiled_patterns_are_those_of_re(corpus: Corpus) -> None:
    assert corpus.count("NOTICE") == 0 and corpus.count("NOTICE", re.IGNORECASE) == 2
    assert corpus.grep("NOTICE", flags=re.I).total == corpus.grep(re.compile("NOTICE", re.I)).total == 2
    assert corpus.matching("NOTICE", re.I).names == ["lease.md"]
    assert [h.line for h in corpus[0].grep(re.compile("Notice.*months", re.S))] == [5]


def test_a_limit_still_tells_the_total(corpus: Corpus) -> None:
    hits = corpus.grep(r"INV-\d+", limit=5)
    assert len(hits) == 5 and hits.total == 29
    assert len(corpus.grep(r"INV-\d+", limit=None)) == 29
    assert repr(hits).endswith("... and 24 more")
    assert repr(corpus.grep("nowhere")) == "no hits"


def test_a_hit_tells_its_place_line_and_groups(corpus: Corpus) -> None:
    hit = corpus.grep(r"INV-(\d+)")[0]
    assert (hit.name, hit.line, hit.page, hit.match, hit.groups, hit.group(1)) == (
        "lease.md", 12, None, "INV-2041", ("2041",), "2041",
    )  # fmt: skip
    assert hit.groups() == ("2041",)
    assert hit.text == "The rent is 1,200 EUR a month, see invoice INV-2041."
    assert corpus.text(hit.document, hit.start, hit.end) == hit.text
    assert repr(hit) == f"lease.md:12: {hit.text}"
    assert hit.around(1).splitlines() == ["", "The rent is 1,200 EUR a month, see invoice INV-2041."]


def test_anchors_are_those_of_lines(corpus: Corpus) -> None:
    assert [h.match for h in corpus["lease.md"].grep("^## .*$")] == ["## Notice", "## Rent"]
    assert corpus.count(r"^2024") == 28
    assert corpus.count(r"\A2024") == 1


def test_case_is_folded_as_python_folds_it(corpus: Corpus) -> None:
    assert [h.line for h in corpus.grep("(?i)KÖLN")] == [1, 2]
    assert corpus.count("(?i)grüsse") == 0


def test_characters_that_only_re_takes_for_equal_are_found(tmp_path: Path) -> None:
    text = " ".join("iIİısSſkKKµμΜåÅÅσςΣẞßΐΐſtﬅstθϴΘ") + "\n"
    corpus = stored(tmp_path, {"one.txt": text, "plain.txt": "i I s S k K\n"})
    for character in set(text) - {" ", "\n"}:
        found = [(h.id, h.match_start) for h in corpus.grep(f"(?i){character}", limit=None)]
        wanted = [(i, start) for i, d in enumerate(corpus) for start, _, _ in expected(f"(?i){character}", d)]
        assert found == wanted, character
        assert compile_pattern(f"(?i){character}").wide is not None


def test_a_long_line_is_narrowed_to_its_sentence(tmp_path: Path) -> None:
    text = "Nothing here. " * 40 + "The needle is here. " + "And more follows. " * 40
    hit = stored(tmp_path, {"one.txt": text}).grep("needle")[0]
    assert hit.text == "The needle is here."
    assert text[hit.start : hit.end] == hit.text


def test_a_long_line_without_sentences_is_cut_around_the_match(tmp_path: Path) -> None:
    text = "ab" * 5000 + "needle" + "cd" * 5000
    hit = stored(tmp_path, {"one.txt": text}).grep("needle")[0]
    assert len(hit.text) < 400 and "needle" in hit.text
    assert text[hit.start : hit.end] == hit.text


def test_hits_name_their_documents_and_slice(corpus: Corpus) -> None:
    hits = corpus.grep(r"INV-\d+")
    assert hits.names == ["lease.md", "log.txt"]
    assert hits.documents.names == ["lease.md", "log.txt"]
    assert hits[1:3].total == 2 and hits[1:3].documents.names == ["log.txt"]


def test_without_pythons_parser_everything_is_left_to_re(
    monkeypatch: pytest.MonkeyPatch, corpus: Corpus
) -> None:
    monkeypatch.setattr(pattern, "_parser", None)
    compile_pattern.cache_clear()
    try:
        assert compile_pattern(r"INV-\d+").ascii is None
        assert corpus.count(r"INV-\d+") == 29
    finally:
        compile_pattern.cache_clear()
