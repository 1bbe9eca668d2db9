"""What is folded away, and the way back from folded text to the text itself."""

from __future__ import annotations

import re
import unicodedata
import warnings

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.text.folding import Folded, fold, fold_expression, views
from engine.text.pattern import compile_pattern

SIGNS = (
    'aAfiIß ﬁéé\u0301üu\u0308İıǅſ\u00ad\u200b…²½Ａｶﾞﾊﾟパハカﾊカمُحَـأى٣한ㄱ\u1112\u1161\u11abक्षिที่-‑–\n’"„\u00a0日'
)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Straße STRASSE", "strasse strasse"), ("Ærøskøbing Łódź", "aeroskobing lodz"), ("ﬁnal eﬃcient", "final efficient"),
        ("Ver\u00adtrag", "vertrag"), ("RK‑4471 – a", "rk-4471 - a"), ("‘a’ “b” «c»", "'a' \"b\" \"c\""), ("１２　Ａ", "12 a"),
        ("ﾌﾟﾘﾝﾀｰ ｶﾞ", "プリンター ガ"), ("ガ パ", "ガ パ"), ("العَقْدُ", "العقد"), ("المفتـــاح", "المفتاح"), ("إلى أُمّة", "الي امه"),
        ("٣٬٢٠٠٫٥ ۱۲", "3,200.5 12"), ("İstanbul ılık", "istanbul ilik"), ("ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"), ("Ёлка", "елка"),
        ("שָׁלוֹם", "שלום"), ("हिन्दी", "हिन्दी"), ("계약서는", "계약서는"), ("x² ㎏ Ⅳ", "x2 kg iv"), ("12\u202f500", "12 500"),
    ],
)  # fmt: skip
def test_what_a_reader_takes_as_the_same_is_the_same(written: str, plain: str) -> None:
    for form in ("NFC", "NFD"):
        shaped = unicodedata.normalize(form, written)
        assert fold(shaped) == unicodedata.normalize("NFC", plain)
        assert Folded(shaped).text == fold(shaped)


PARTS = st.sampled_from(
    [
        *r"aé`ßü\-][^()?+*{}|. #–e",
        "\u0301",
        "\n",
        r"\d",
        r"\w",
        r"\xe9",
        r"\u00fc",
        r"\N{EN DASH}",
        "(?P<é>",
        "(?:",
        "(?#",
        "[à-",
        "-ü]",
    ]
)


@settings(max_examples=400)
@given(st.lists(PARTS, max_size=12).map("".join), st.booleans())
def test_what_is_an_expression_stays_one(source: str, verbose: bool) -> None:
    flags = re.VERBOSE if verbose else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            made = re.compile(source, flags)
    except (re.error, Warning):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            re.compile(fold_expression(source, verbose=verbose), flags | re.IGNORECASE).groupindex
            == made.groupindex
        )


def test_what_folding_makes_impossible_is_said_of_the_pattern_as_it_was_given() -> None:
    with pytest.raises(
        ValueError, match=r"the pattern '\(\?<=ß\|a\)b' cannot be searched for with fold=True: look-behind"
    ):
        compile_pattern("(?<=ß|a)b", fold=True)


def test_backticks_fold_alike_in_every_text() -> None:
    assert fold("a`b") == fold("á´b") == Folded("a`b").text == "a'b"


@given(st.text(SIGNS, max_size=30))
@example("agree-\nment")
@example("e\u0301\u00ad\n-\n")
def test_each_folded_character_has_its_place(text: str) -> None:
    for view in views(text):
        last = 0
        for at, char in enumerate(view.text):
            start, end = view.range(at, at + 1)
            assert 0 <= start < end <= len(text) and start >= last - 1
            part = text[start:end]
            assert char in fold(part) or char in Folded(part).text or (char == "-" and "\n" in part)
            last = start
        assert view.range(0, len(view.text))[1] <= len(text)


@given(
    st.text(SIGNS, max_size=20),
    st.text(SIGNS, max_size=20),
    st.sampled_from(["Vertrag", "계약", "عقد", "カタ"]),
)
def test_a_word_is_found_where_it_stands(before: str, after: str, word: str) -> None:
    text = f"{before} {word} {after}"
    pattern = re.compile(fold_expression(re.escape(word)), re.IGNORECASE)
    found = [v.range(*m.span()) for v in views(text) for m in pattern.finditer(v.text)]
    assert (len(before) + 1, len(before) + 1 + len(word)) in found


@pytest.mark.parametrize(
    ("pattern", "text", "matched"),
    [
        ("Müller+", "MULLERR", "MULLERR"), ("[ä-ü]+b", "xÄÜb", "ÄÜb"), ("[–-]", "a–b", "–"), ("a–b", "A-B", "A-B"), ("ß{2}", "ssss", "ssss"),
        ("Halden Bridge", "Halden \n  Bridge", "Halden \n  Bridge"), ("Halden Bridge", "Halden\n\nBridge", None),
        ("a *b", "a  b", "a  b"), (r"\u00fcber", "Über", "Über"), ("…", "...", "..."), ("…", "abc", None), ("\u00ad?a", "a", "a"),
        ("[\u00ad]", "a\u00ad", None), (r"ＲＫ-\d+", "RK‑4471", "RK‑4471"), ("(?x) a b", "ab", "ab"), (r"\S\D", "Éa", "Éa"),
        (r"agreement", "agree-\nment", "agree-\nment"), ("non-refundable", "non-\nrefundable", "non-\nrefundable"),
        ("[à-ÿ]+", "ÉÈ", "ÉÈ"), ("[a-é]", "É", "É"), ("[à-é]x", "1x", None), ("[\u00e0-\u00fc]+", "ÄÜ", "ÄÜ"), (r"[\u00e0-\u00fc]+", "ÄÜ", "ÄÜ"),
        ("[А-Яё]+", "ЁЖ", "ЁЖ"), ("[^à-ü]", "É", None), (r"[\x80-\xff]", "a", None), ("[٠-٩]+", "٣٤", "٣٤"), ("[‐-―]", "a–b", "–"), ("[x\u0300-\u036f]", "a", None),
        ("[]é]+", "]É", "]É"), ("[^]é]", "]É", None), (r"[\]é]+", "]É", "]É"), ("[e\u0301]", "É", "É"), ("[!-–]+", "a1", "a1"), ("[A-Z]+", "ab", "ab"),
        ("don`t", "DON’T", "DON’T"), ("don’t", "don`t", "don`t"), (r"don\`t", "don`t", "don`t"), ("[`]", "a`b", "`"), ("[A-z]", "`", "`"), (r"\x60", "‘", "‘"),
        ("(?P<größe>ä)b(?P=größe)", "ÄBä", "ÄBä"), (r"\N{LATIN SMALL LETTER E WITH ACUTE}x", "Éx", "Éx"), (r"[\N{EN DASH}]", "a–", "–"),
        ("(?#größe [ a b)é", "É", "É"), ("(?x) é # [ ü (\n x", "ÉX", "ÉX"), (r"\\u00fc", "\\u00fc", "\\u00fc"), (r"\\xe9", "é", None), (r"\351", "É", "É"),
        (r"(é)?(?(1)b|c)", "éb", "éb"), ("e\u0301+x", "ÉÉx", "ÉÉx"), ("کتاب|ক\u09c7\u09be", "ক\u09cb", "ক\u09cb"),
    ],
)  # fmt: skip
def test_a_folded_pattern_finds_folded_text(pattern: str, text: str, matched: str | None) -> None:
    verbose = bool(re.compile(pattern).flags & re.VERBOSE)
    folded = re.compile(fold_expression(pattern, verbose=verbose), re.IGNORECASE)
    spans = [view.range(*found.span()) for view in views(text) if (found := folded.search(view.text))]
    assert {text[a:b] for a, b in spans} == ({matched} if matched else set())
