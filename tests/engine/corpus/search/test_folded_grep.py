"""`grep`, `count` and `matching` with `fold`: the same glyphs as `search`, and exact places in the stored text."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.text.pattern import compile_pattern
from tests.engine.conftest import stored

TEXTS = {
    "broken": "They say the settle-\nment of the old Tarn\nMill is non-\nrefundable.",
    "plain": "The Tarn Mill settlement is non-refundable. It cost 12 500.",
    "glyphs": "The Tarn\u00a0Mill’s ﬁnal set\u00adtlement: RK‑4471, “no”, 12\u202f500. Tarn\n\nMill is not.",
    "german": "Die Prüfung der STRASSE und der Straße. PRU\u0308FUNG.",
    "korean": "계약서는 금고에. Ａ１２３ ｶﾞｽ",
    "arabic": "العَقْدُ مُوَقَّعٌ والمفتـــاح ٣٢٠٠",
}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return stored(tmp_path_factory.mktemp("folded"), TEXTS)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("settlement", ["settle-\nment", "settlement", "set\u00adtlement"]),
        ("tarn mill", ["Tarn\nMill", "Tarn Mill", "Tarn\u00a0Mill"]),
        ("non-refundable", ["non-\nrefundable", "non-refundable"]),
        ("12 500", ["12 500", "12\u202f500"]), ("FINAL", ["ﬁnal"]), ("mill's", ["Mill’s"]), ("RK-4471", ["RK‑4471"]), ('"no"', ["“no”"]),
        ("prufung", ["Prüfung", "PRU\u0308FUNG"]), ("straße", ["STRASSE", "Straße"]), ("계약서", ["계약서"]), ("a123", ["Ａ１２３"]),
        ("ガス", ["ｶﾞｽ"]), ("العقد", ["العَقْدُ"]), ("مفتاح", ["مفتـــاح"]), ("3200", ["٣٢٠٠"]), (r"\bPr.fung\b", ["Prüfung", "PRU\u0308FUNG"]),
    ],
)  # fmt: skip
def test_the_same_word_is_counted_in_any_writing(texts: Corpus, pattern: str, matched: list[str]) -> None:
    hits = texts.grep(pattern, fold=True)
    assert [str(hit.match) for hit in hits] == matched
    assert texts.count(pattern, fold=True) == len(matched)
    assert texts.matching(pattern, fold=True).names == hits.names
    assert sum(document.count(pattern, fold=True) for document in texts) == len(matched)
    for hit in hits:
        assert texts.text(hit.id, hit.match_start, hit.match_end) == hit.match
        piece = texts.piece(hit.id, hit.match_start, hit.match_end)
        assert piece.grep(pattern, fold=True) == [hit]


def test_groups_are_as_they_stand(texts: Corpus) -> None:
    (hit,) = texts["german"].grep(r"(pru)fung der (\w+)", fold=True)
    assert hit.groups == ("Prü", "STRASSE")


def test_without_the_option_only_the_very_characters_count(texts: Corpus) -> None:
    for pattern, count in (("settlement", 1), ("Tarn Mill", 1), ("final", 0), ("Prufung", 0), ("3200", 0)):
        assert texts.count(pattern) == count


def test_a_bad_pattern_is_named_as_it_was_written(texts: Corpus) -> None:
    with pytest.raises(ValueError, match=re.escape("'(Straße'")):
        texts.grep("(Straße", fold=True)


@settings(max_examples=60)
@given(st.lists(st.text("aAbB -.\n1", max_size=20), min_size=1, max_size=3), st.sampled_from(["ab", r"a\w", "[ab]1", r"-\n?b", "a b"]))  # fmt: skip
def test_in_plain_text_folding_is_case(texts: Corpus, lines: list[str], pattern: str) -> None:
    """Where no word is broken and nothing is to be folded, RE2 finds what `re` finds in the folded text."""
    text = "\n".join(lines)
    with tempfile.TemporaryDirectory() as folder:
        corpus = stored(Path(folder), {"plain": text or "a"})
        compiled = compile_pattern(pattern, fold=True)
        if re.search(r"[a-zA-Z]-[ \t]*\n[ \t]*[a-zA-Z]", text):
            return
        wanted = [m.span() for m in compiled.exact.finditer(text or "a")]
        found = [(h.match_start, h.match_end) for h in corpus.grep(pattern, limit=None, fold=True)]
        assert found == wanted
