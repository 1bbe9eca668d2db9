"""What a run worked with besides its events: its documents, its question's history, the size of its pieces."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from engine import corpus as corpora
from engine import prompt
from engine.corpus import Corpus
from engine.corpus.archive import Archive
from engine.errors import InputError
from engine.events.record import RunRecord
from engine.run.calls import describe
from engine.run.node import CELL_TOKENS, SMALL_CELL_TOKENS
from engine.store import Store
from engine.types import Json, ModelInfo

LEAST_PIECE = 400  # characters, as `engine.run.session` has it
UNKNOWN_PIECE = 8_000  # where the record does not know the window of its model


@dataclass(frozen=True, slots=True)
class Material:
    """`path` is the folder of the stored corpus, None where it is gone. `earlier`: what the run follows, oldest
    first, as far as it is stored; newer records hold it themselves.
    """

    path: Path | None
    earlier: tuple[tuple[str, str], ...]


def material(store: Store, row: Json) -> Material:
    """What the store has for the run of this row."""
    try:
        stored = store.corpus(row["corpus"]).get("path") if row["corpus"] else None
        path = Path(stored) if stored else None
    except InputError:
        path = None
    earlier: list[tuple[str, str]] = []
    before = next((one for one in store.session(row["session"]) if one["run"] == row["follows"]), None)
    if before is not None:  # None: it follows none, or one that was deleted
        session = [one for one in store.session(row["session"]) if one["started"] <= before["started"]]
        earlier = [(one["question"], one["answer"] or "(none)") for one in session]
    return Material(path if path and path.is_dir() else None, tuple(earlier))


def root_reference(record: RunRecord, path: Path) -> Json:
    """The reference to the data of the root: all documents, or the one that its first event describes."""
    corpus = Corpus(Archive(path))
    described = record.root.started.context
    if record.started.part is not None:
        return record.started.part
    if described and described != describe(corpora.resolve(corpora.whole(corpus), corpus)):
        for document in corpus:
            if describe(document) == described:
                return {"kind": "document", "document": document.id, "start": 0, "end": len(document)}
    return corpora.whole(corpus)


def model_of(record: RunRecord) -> ModelInfo | None:
    """The recorded model; None where an older version or another program did not say enough."""
    known = {field.name for field in fields(ModelInfo)}
    given = {key: value for key, value in record.started.model.items() if key in known}
    try:
        return ModelInfo.from_json({"notices": (), **given})
    except (TypeError, ValueError, KeyError, AttributeError):
        return None


def is_small(record: RunRecord) -> bool:
    """Whether the model was one that is held to the words of a text unasked."""
    info = model_of(record)
    return info is not None and prompt.is_small(info)


def piece_chars(record: RunRecord) -> int:
    """The size of the pieces, in characters, that cells of the root cut by default.

    A limit of reply tokens that equals the default of a turn is taken for it: the record holds only that of a turn.
    """
    if record.root.started.piece_chars is not None:
        return record.root.started.piece_chars
    info = model_of(record)  # an older version kept the longest turn alone
    if info is None or not info.n_ctx:
        return UNKNOWN_PIECE
    longest = min(4096, info.n_ctx // 4)
    usual = longest
    if not info.thinks:
        usual = min(longest, SMALL_CELL_TOKENS if prompt.is_small(info) else CELL_TOKENS)
    said = record.started.settings.get("reply_tokens")
    reply = said if isinstance(said, int) and said != usual else longest
    room = int((info.n_ctx - reply - 128) * info.chars_per_token * 0.9)
    return max(LEAST_PIECE, room - len(record.root.started.question))
