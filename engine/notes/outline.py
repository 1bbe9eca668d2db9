"""The outline of a document: its headings as they stand in it. Needs no model."""

from __future__ import annotations

from engine.corpus.archive import Archive
from engine.corpus.noted.notes import OUTLINE
from engine.store.database.notes import Asked
from engine.text.passages import SPOKEN_AT


def outline(archive: Archive, document: int, text: str) -> list[Asked]:
    """A note for each heading of a document that names something, as a time does not; none where it has none."""
    found = []
    passages = archive.passages(document)
    for passage, heading in archive.headings(document):
        line = archive.char_of(document, passages[passage])
        start = text.find(heading, line)
        end = text.find("\n", line)
        if heading and not SPOKEN_AT.match(heading) and start >= 0 and (end < 0 or start < end):
            stop = start + len(heading)
            found.append(Asked(start, OUTLINE, stop, OUTLINE, start, stop, heading))
    return found
