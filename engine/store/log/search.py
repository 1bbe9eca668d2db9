"""The words of a run: what of its events can be searched, in an FTS5 table whose rows have the numbers of the events.

Questions, answers, code and outputs are searched; prompts of leaves are not (they are text of documents). The table is
derived: `text` is pure, the writer adds its result in the event's own transaction, `verify_projections` compares.
"""

from __future__ import annotations

import re
import sqlite3
from dataclasses import dataclass

from engine.events import CellStarted, Fact, NodeEnded, NodeStarted, OutputWritten, RunEnded, RunStarted
from engine.types import Json

MOST_CHARS = 20_000  # of one event
LOOKED_AT = 5_000  # matching events of one search, newest first
HITS = 3  # of one session that are kept
MERGED_PAGES = 50  # of one step
WORDS = 14  # of an excerpt, as FTS5 counts
BEFORE, AFTER = 60, 100  # characters of an excerpt around a part of a word
KINDS = {
    RunStarted.KIND: "question",
    RunEnded.KIND: "answer",
    NodeStarted.KIND: "question",
    NodeEnded.KIND: "answer",
    CellStarted.KIND: "code",
    OutputWritten.KIND: "output",
}
TABLE = 'CREATE VIRTUAL TABLE search USING fts5(text, tokenize = "unicode61 remove_diacritics 2")'
OPEN, CLOSE = "\x02", "\x03"  # around what matches; no searched text holds them
TERMINAL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")  # colours and cursor moves
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Hit:
    """A place where a query matches. `marks` are the ranges [start, end) of `excerpt` that match, in characters."""

    run: str
    session: str
    node: str
    kind: str
    seq: int
    excerpt: str
    marks: tuple[tuple[int, int], ...]


def text(node: str, fact: Fact) -> str | None:
    """What can be searched of one event, or None."""
    found: Json = None
    match fact:
        case RunStarted(question=found) | NodeStarted(kind="rlm", question=found):
            pass
        case RunEnded(answer=found) | CellStarted(code=found):
            pass
        case NodeEnded(answer=answer) if node != "0":
            found = answer
        case OutputWritten(output=output):
            found = _output(output)
    if not isinstance(found, str):
        return None
    return _plain(found[: 2 * MOST_CHARS])[:MOST_CHARS] or None


def _output(output: dict[str, Json]) -> Json:
    if output.get("output_type") == "error":
        return f"{output.get('ename')}: {output.get('evalue')}"
    data = output.get("data")
    return data.get("text/plain") if isinstance(data, dict) else output.get("text")


def add(db: sqlite3.Connection, event: int, words: str | None) -> None:
    """Add the text of the event whose row has the number `event`."""
    if words is not None:
        db.execute("INSERT INTO search (rowid, text) VALUES (?, ?)", (event, words))


def merge(db: sqlite3.Connection) -> bool:
    """Merge a part of the index, after texts went: only when all is merged are their words gone. Whether there is more."""
    before = db.total_changes
    db.execute("INSERT INTO search (search, rank) VALUES ('merge', ?)", (-MERGED_PAGES,))
    return db.total_changes - before > 1


def stored(db: sqlite3.Connection, run: str) -> dict[int, str]:
    """The searched texts of a run by number of the event in the run."""
    rows = db.execute(
        "SELECT event.seq, search.text FROM event JOIN search ON search.rowid = event.id WHERE event.run = ?",
        (run,),
    )
    return dict(rows.fetchall())


def find(db: sqlite3.Connection, query: str, sessions: int) -> list[Hit]:
    """Where all words of a query stand together, newest first: up to 3 places in each of up to `sessions` sessions.

    The last word may be the beginning of one. If nothing matches, the query is looked for as part of a word.
    """
    query = _plain(query)
    words = [word for word in query.split() if any(c.isalnum() for c in word)]
    match = " ".join(f'"{_quoted(word)}"' for word in words) + "*" if words else ""
    found = _places(db, "search MATCH ?", match, sessions) if match else []
    if found:
        marks = ",".join("?" * len(found))
        excerpts = dict(
            db.execute(
                f"SELECT rowid, snippet(search, 0, char(2), char(3), '…', {WORDS}) FROM search "
                f"WHERE search MATCH ? AND rowid IN ({marks})",
                (match, *(row[0] for row in found)),
            ).fetchall()
        )
        return [_hit(row, excerpts[row[0]]) for row in found]
    part = " ".join(query.split())
    pattern = "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%"
    found = _places(db, "text LIKE ? ESCAPE '\\'", pattern, sessions) if part else []
    return [_hit(row, _around(db, row[0], part)) for row in found]


def _quoted(word: str) -> str:
    return word.replace('"', '""')


def _plain(value: str) -> str:
    """Text without control characters and without what UTF-8 cannot hold."""
    return CONTROL.sub(" ", TERMINAL.sub("", value)).strip().encode("utf-8", "replace").decode("utf-8")


Place = tuple[int, str, str, str, str, int]  # number of the event, run, session, node, kind of event, seq


def _places(db: sqlite3.Connection, where: str, value: str, sessions: int) -> list[Place]:
    rows = db.execute(
        f"SELECT event.id, event.run, run.session, event.node, event.kind, event.seq FROM "
        f"(SELECT search.rowid AS number FROM search JOIN event AS mine ON mine.id = search.rowid WHERE {where} "
        "AND mine.run NOT IN (SELECT run FROM trial WHERE run IS NOT NULL) "  # the bench would drown all else
        f"ORDER BY search.rowid DESC LIMIT {LOOKED_AT}) "
        "JOIN event ON event.id = number JOIN run ON run.run = event.run ORDER BY event.id DESC",
        (value,),
    )
    kept: dict[str, list[Place]] = {}
    for row in rows:
        places = kept.setdefault(row[2], []) if row[2] in kept or len(kept) < sessions else []
        if len(places) < HITS:
            places.append(row)
    return [place for places in kept.values() for place in places]


def _hit(place: Place, marked: str) -> Hit:
    """Split `marked` at the marks around what matches."""
    _, run, session, node, kind, seq = place
    plain, marks = "", []
    for piece in re.split(f"([{OPEN}{CLOSE}])", marked):
        if piece == OPEN:
            start = len(plain)
        elif piece == CLOSE:
            marks.append((start, len(plain)))
        else:
            plain += piece
    return Hit(run, session, node, KINDS[kind], seq, plain, tuple(marks))


def _around(db: sqlite3.Connection, event: int, part: str) -> str:
    """The text around a part of a word, marked."""
    whole: str = db.execute("SELECT text FROM search WHERE rowid = ?", (event,)).fetchone()[0]
    found = re.search(re.escape(part), whole, re.IGNORECASE)
    if found is None:  # SQLite folds only ASCII, Python more; then there is nothing to mark
        return whole[: BEFORE + AFTER]
    start, end = found.span()
    first, last = max(0, start - BEFORE), end + AFTER
    head, tail = "…" * (first > 0), "…" * (last < len(whole))
    return f"{head}{whole[first:start]}{OPEN}{whole[start:end]}{CLOSE}{whole[end:last]}{tail}"
