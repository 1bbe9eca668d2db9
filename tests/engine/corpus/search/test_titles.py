"""Documents are found by what they are called."""

from __future__ import annotations

import pytest

from engine.corpus import Corpus
from engine.corpus.search.titles import phrase_of

FILES = {
    "reports/playground-brook-lane.md": "# Brook Lane\n\nThe swing is loose. Repairs cost 120 pounds.\n",
    "reports/playground-mill-green.md": "# Mill Green\n\nThe slide is worn.\n",
    "reports/bridge.md": "# Bridge\n\nThe playground beside it is closed.\n",
    "choir/minutes-2025.txt": "Fernleigh Singers\n\nThe committee met.\n",
    "notes.md": "# The choir committees\n\nMirela pays the hall.\n\n# Cakes\n\nWho bakes?\n",
}


def test_a_phrase_that_stands_in_no_text_gives_the_documents_that_are_called_so(corpus: Corpus) -> None:
    found = corpus.matching(r"(?i)playground report")
    assert found.names == ["reports/playground-brook-lane.md", "reports/playground-mill-green.md"]
    assert "no text holds 'playground report'" in repr(found) and found[:1].notice == ""
    assert corpus.matching("choir committee").names == ["notes.md"]
    assert corpus[3:4].matching("playground report").names == ["reports/playground-brook-lane.md"]


def test_what_a_text_holds_is_all_that_matches(corpus: Corpus) -> None:
    found = corpus.matching("playground beside")
    assert found.names == ["reports/bridge.md"] and found.notice == ""
    assert len(corpus.matching("playground")) == 1 and len(corpus.matching("reports")) == 0
    assert len(corpus.matching("nowhere at all")) == len(corpus[:0].matching("playground report")) == 0


def test_documents_are_asked_for_by_their_names_and_headings(corpus: Corpus) -> None:
    assert corpus.titled("mill playgrounds").names == ["reports/playground-mill-green.md"]
    assert corpus.titled("committee choir").names == ["notes.md"]
    assert len(corpus.titled("choir cakes")) == 0  # two headings of one document
    assert len(corpus.titled("")) == len(corpus.titled('" AND (')) == len(corpus[:0].titled("mill")) == 0
    assert len(corpus.titled("report")) == 3


@pytest.mark.parametrize(
    ("pattern", "phrase"),
    [
        ("playground report", "playground report"),
        (r"(?i)\bplayground\s+report\b", "playground report"),
        ("(?i)größe der spielplätze", "größe der spielplätze"),
        ("playground", ""),
        ("playground.report", ""),
        ("playground|report", ""),
        ("a report", ""),
        ("", ""),
    ],
)
def test_a_phrase_is_told_from_other_expressions(pattern: str, phrase: str) -> None:
    assert phrase_of(pattern) == phrase
