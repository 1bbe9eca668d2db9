"""The tables of notes. They belong to texts, told apart by their sha256, and go with the last corpus that has the text.

corpus_text  which text each document of a corpus has; of all corpora, once there are any notes
noted        how far a model noted a text: `upto` characters, for these tokens and seconds; `full`: the budget of tokens
             that ended it before
note         one reply each: of the question `ask` about the piece [at, until), and the note it gave, if any

Functions take a connection and belong inside the caller's transaction.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

TABLES = (
    """CREATE TABLE corpus_text (
        corpus TEXT NOT NULL, document INTEGER NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (corpus, document)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX corpus_text_by_text ON corpus_text (text)",
    """CREATE TABLE noted (
        text TEXT NOT NULL, model TEXT NOT NULL, name TEXT NOT NULL, upto INTEGER NOT NULL, over INTEGER NOT NULL,
        "full" INTEGER NOT NULL, tokens INTEGER NOT NULL, seconds REAL NOT NULL, made REAL NOT NULL,
        PRIMARY KEY (text, model)) STRICT""",
    """CREATE TABLE note (
        text TEXT NOT NULL, model TEXT NOT NULL, at INTEGER NOT NULL, ask TEXT NOT NULL, until INTEGER NOT NULL,
        kind TEXT NOT NULL, start INTEGER NOT NULL, "end" INTEGER NOT NULL, words TEXT NOT NULL, made REAL NOT NULL,
        PRIMARY KEY (text, model, at, ask)) STRICT""",
)
BEST = (  # of each text, the model that came furthest with it
    "SELECT text, model, name FROM (SELECT *, row_number() OVER (PARTITION BY text ORDER BY upto DESC, made DESC, model) "
    "AS place FROM noted) WHERE place = 1"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about the piece [at, until) of a text, and the note that its reply gave; `kind` "" of none."""

    at: int
    ask: str
    until: int
    kind: str = ""
    start: int = 0
    end: int = 0
    words: str = ""


@dataclass(frozen=True, slots=True)
class Noted:
    """How far a model noted a text: up to this character, over its end or not, for tokens; `full` as in the table."""

    upto: int = 0
    over: bool = False
    full: int = 0
    tokens: int = 0


def register(db: sqlite3.Connection, corpus: str, texts: Sequence[str]) -> None:
    """Keep the texts of the documents of a corpus; nothing where it is not stored (any more)."""
    if db.execute("SELECT 1 FROM corpus WHERE corpus = ?", (corpus,)).fetchone():
        rows = ((corpus, document, text) for document, text in enumerate(texts))
        db.executemany("INSERT OR IGNORE INTO corpus_text (corpus, document, text) VALUES (?, ?, ?)", rows)


def texts(db: sqlite3.Connection, corpus: str) -> list[str]:
    """The texts of the documents of a corpus, in order; none where they are not known yet."""
    found = db.execute("SELECT text FROM corpus_text WHERE corpus = ? ORDER BY document", (corpus,))
    return [text for (text,) in found]


def unknown(db: sqlite3.Connection) -> list[str]:
    """The corpora whose texts are not known yet."""
    found = db.execute("SELECT corpus FROM corpus WHERE corpus NOT IN (SELECT corpus FROM corpus_text)")
    return [corpus for (corpus,) in found]


def is_used(db: sqlite3.Connection) -> bool:
    """Whether anything was ever noted here and is still there."""
    return db.execute("SELECT 1 FROM noted LIMIT 1").fetchone() is not None


def states(db: sqlite3.Connection, corpus: str, model: str) -> dict[str, Noted]:
    """How far a model came with the texts of a corpus, by text."""
    rows = db.execute(
        'SELECT DISTINCT text, upto, over, "full", tokens FROM noted JOIN corpus_text USING (text) '
        "WHERE corpus = ? AND model = ?",
        (corpus, model),
    )
    return {text: Noted(upto, bool(over), full, tokens) for text, upto, over, full, tokens in rows}


def asked(db: sqlite3.Connection, text: str, model: str, at: int) -> dict[str, int]:
    """The questions that were asked about the piece at a character, with where that piece ended."""
    return dict(
        db.execute(
            "SELECT ask, until FROM note WHERE text = ? AND model = ? AND at = ?", (text, model, at)
        ).fetchall()
    )


def save(
    db: sqlite3.Connection,
    text: str,
    model: tuple[str, str],
    rows: Sequence[Asked],
    state: Noted,
    tokens: int = 0,
    seconds: float = 0.0,
) -> bool:
    """Add what a model (fingerprint, name) replied, and how far it is now; `tokens` and `seconds` are added to those before.

    Nothing, and False, where no corpus has the text any more.
    """
    if not db.execute("SELECT 1 FROM corpus_text WHERE text = ?", (text,)).fetchone():
        return False
    now, (fingerprint, name) = time.time(), model
    db.execute(
        'INSERT INTO noted (text, model, name, upto, over, "full", tokens, seconds, made) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) '
        'ON CONFLICT (text, model) DO UPDATE SET upto = excluded.upto, over = excluded.over, "full" = excluded."full", '
        "tokens = tokens + excluded.tokens, seconds = seconds + excluded.seconds, made = excluded.made",
        (text, fingerprint, name, state.upto, state.over, state.full, tokens, seconds, now),
    )
    db.executemany(
        'INSERT OR IGNORE INTO note (text, model, at, ask, until, kind, start, "end", words, made) '
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (text, fingerprint, one.at, one.ask, one.until, one.kind, one.start, one.end, one.words, now)
            for one in rows
        ),
    )
    return True


def stored(db: sqlite3.Connection, corpus: str, document: int | None = None) -> list[Row]:
    """The notes of a corpus, or of one document of it, in the order of the texts: document, kind, start, end, words, made,
    and the name of the model. Of each text those of one model count, see `BEST`.
    """
    cursor = db.execute(
        'SELECT document, kind, start, "end", words, made, name FROM corpus_text '
        f"JOIN ({BEST}) USING (text) JOIN note USING (text, model) "
        "WHERE corpus = ?1 AND kind <> '' AND (?2 IS NULL OR document = ?2) "
        'ORDER BY document, start, "end", kind, words',
        (corpus, document),
    )
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def forget_corpus(db: sqlite3.Connection, corpus: str) -> bool:
    """Remove the texts of a corpus, and the notes of those that no other corpus has; say whether there were such."""
    db.execute("DELETE FROM corpus_text WHERE corpus = ?", (corpus,))
    gone = [
        db.execute(f"DELETE FROM {table} WHERE text NOT IN (SELECT text FROM corpus_text)").rowcount
        for table in ("note", "noted")
    ]
    return any(gone)
