"""Hyphens at line ends: a word that was divided is put together, `non-refundable` and `RK-4471` keep theirs."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from functools import cache
from importlib.resources import files
from itertools import pairwise

HYPHENS = "\u2010\u00ad-"  # the last one last: these stand in character classes
LAST = re.compile(rf"[^\W_](?:[\w'’{HYPHENS}]*[^\W_])?[{HYPHENS}]$")
FIRST = re.compile(r"[\w'’]+(?:-\w+)*")
HYPHENED = re.compile(r"[^\W\d_]+-[^\W\d_]+")
WORD = re.compile(r"[^\W\d_]{2,}")
# Dictionaries that are asked, and whether words are put together there without a hyphen.
LANGUAGES = {"en": False, "de": True, "fr": False, "es": False, "it": False, "pt": False, "nl": True}
KNOWN = 0.6  # of the words of a text that a dictionary holds, if the text is in its language
COMMON = 150  # times a word was counted, from which it is more than a slip or a chance
EVERYWHERE = 0.008  # of all words: what stands after a hyphen that is left open, as in "short- and long-term"
SAMPLE = 20_000  # characters that tell the language


class Joiner:
    """Puts lines together where a word runs on. Knows the words of the whole document."""

    def __init__(self, pages: list[list[str]]):
        words: Counter[str] = Counter()
        self._hyphened: Counter[str] = Counter()
        for lines in pages:
            for line in lines:
                words.update(WORD.findall(line.casefold()))
                self._hyphened.update(HYPHENED.findall(line.casefold()))
        self._words = words
        self._sample = " ".join(line for lines in pages for line in lines)[:SAMPLE]
        self._language: str | None = None

    def join(self, lines: list[str]) -> list[str]:
        """The lines with divided words put together, each on the line where it begins."""
        joined: list[str] = []
        for line in lines:
            ending = LAST.search(joined[-1]) if joined else None
            first = FIRST.match(line)
            if not ending or not first:
                joined.append(line)
                continue
            link = self._link(ending[0][:-1], ending[0][-1], first[0])
            if link is None:
                joined.append(line)
                continue
            token = line.split(" ", 1)
            joined[-1] = joined[-1][:-1] + link + token[0]
            if len(token) > 1:
                joined.append(token[1])
        return joined

    def across(self, pages: list[list[str]]) -> list[list[str]]:
        """The lines of the pages, with a word put together that the end of a page divides, on the earlier page."""
        for before, after in pairwise(pages):
            if before and after:
                begun, *rest = self.join([before[-1], after[0]])
                if begun != before[-1]:
                    before[-1], after[:1] = begun, rest
        return pages

    def _link(self, before: str, hyphen: str, after: str) -> str | None:
        """What stands between two halves: nothing, or a hyphen; None when the hyphen ends its line for good."""
        if hyphen == "\u00ad":
            return ""
        head, tail = re.split(rf"[{HYPHENS}]", before)[-1].casefold(), after.split("-")[0].casefold()
        if not head[-1:].isalpha() or not after[:1].isalpha():
            return hyphen
        if after[:1].isupper():
            return hyphen if not before.isupper() else self._of_capitals(head, tail, hyphen)
        whole, divided = self._words[head + tail], self._hyphened[f"{head}-{tail}"]
        if whole or divided:
            return "" if whole >= divided else hyphen
        if len(before) > len(head):
            return hyphen
        return self._by_dictionary(head, tail, hyphen, "-" in after)

    def _of_capitals(self, head: str, tail: str, hyphen: str) -> str:
        return "" if self._words[head + tail] else hyphen

    def _by_dictionary(self, head: str, tail: str, hyphen: str, runs_on: bool) -> str | None:
        if self._language is None:
            self._language = self._guessed()
        if not self._language:
            return ""
        counts, total = dictionary(self._language)
        if counts.get(head + tail, 0) >= COMMON:
            return ""
        if counts.get(tail, 0) > EVERYWHERE * total and not runs_on:
            return None
        if LANGUAGES[self._language]:
            return ""
        return hyphen if tail in counts and len(tail) > 1 else ""

    def _guessed(self) -> str:
        """The language whose dictionary holds most of the words, "" when none holds enough."""
        words = [word for word in WORD.findall(self._sample) if word.islower()]
        if not words:
            return ""
        for language in LANGUAGES:
            counts, _ = dictionary(language)
            if sum(word in counts for word in words) >= KNOWN * len(words):
                return language
        return ""


@cache
def dictionary(language: str) -> tuple[dict[str, int], int]:
    """How often each word of a language was counted, and all words together; from the package pyspellchecker."""
    data = files("spellchecker").joinpath("resources", f"{language}.json.gz").read_bytes()
    counts: dict[str, int] = json.loads(gzip.decompress(data))
    return counts, sum(counts.values())
