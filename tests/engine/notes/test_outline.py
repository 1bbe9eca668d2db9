"""The outline of a document holds headings that name something."""

from __future__ import annotations

from engine.notes.outline import outline


def test_times_of_subtitles_are_no_outline(ingested) -> None:
    corpus = ingested({"a.md": "# Fees\n\nOf a berth.\n", "b.srt": "1\n00:00:01,0 --> 00:00:02,0\nFees.\n"})
    assert corpus.archive.headings(1) == [(0, "[00:00:01]")]
    found = [outline(corpus.archive, number, str(corpus[number])) for number in (0, 1)]
    assert [[note.words for note in notes] for notes in found] == [["Fees"], []]
