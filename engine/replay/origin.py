"""What a recorded node worked on: its corpus, its data, its question, and a fresh worker that has the same."""

from __future__ import annotations

from pathlib import Path

from engine import corpus as corpora
from engine import prompt
from engine.corpus import Corpus
from engine.documents.seal import seal_of
from engine.errors import InputError, StoreError
from engine.events.record import NodeRecord, RunRecord
from engine.kernel.host.host import KernelHost, Worker, WorkerLimits
from engine.replay.places import ReplayError, call_of
from engine.run.calls import data_of, describe
from engine.run.node import CELL_TOKENS, REPLY_TOKENS, SMALL_CELL_TOKENS, sub_chars_of
from engine.store import Store
from engine.types import Json, ModelInfo


def corpus_of(store: Store, record: RunRecord) -> Path:
    """The folder of the corpus version that a run read. Raises ReplayError when it was deleted."""
    name = record.started.corpus_name
    try:
        row = store.corpus(record.started.corpus)
    except InputError:
        raise ReplayError(
            f"the documents of run {record.id} ({name!r}) were deleted, so its cells cannot be executed again."
        ) from None
    path = Path(row["path"]) if row.get("path") else store.corpora_dir / record.started.corpus
    path = path if path.exists() else store.corpora_dir / record.started.corpus
    if not path.exists():
        raise ReplayError(
            f"the text of {name!r} is missing in {path}; add its folder again if its files are unchanged."
        )
    return path


def text_problem(record: RunRecord, path: Path) -> str:
    """Why the stored text of the documents is not what the run read, or ""; "" too where an old run does not say."""
    if record.started.seal is None:
        return ""
    try:
        found = seal_of(path)
    except StoreError as problem:
        return str(problem)
    if found == record.started.seal:
        return ""
    return "the stored text of the documents was changed after the run: its hash is not the recorded one"


def model_of(record: RunRecord) -> ModelInfo:
    """The model that a run used, as it was recorded. Raises ReplayError for a record that does not say enough."""
    try:
        return ModelInfo.from_json(record.started.model)
    except (KeyError, TypeError, AttributeError) as problem:
        raise ReplayError(
            f"the record of run {record.id} does not say enough of its model, so its cells cannot be executed again."
        ) from problem


def is_small(record: RunRecord) -> bool:
    """Whether the model was one of less than a billion parameters; False where the record does not say."""
    parameters = record.started.model.get("parameters")
    return isinstance(parameters, int) and 0 < parameters < prompt.SMALL_MODEL


def reference_of(record: RunRecord, node: NodeRecord, corpus: Corpus) -> Json:
    """The reference of the data that a node worked on. Raises ReplayError where the record does not hold it."""
    call = call_of(record, node)
    if call is None:
        ref = record.started.part or corpora.whole(corpus)
        if describe(corpora.resolve(ref, corpus)) != node.started.context:
            raise ReplayError(
                f"run {record.id} worked on {node.started.context}, and its record does not say which part of the "
                "documents that was."
            )
        return ref
    index = node.started.index or 0
    refs, prompts = call.made.refs or (), call.made.prompts
    if index >= len(prompts):
        raise ReplayError(f"the record does not hold the data of node {node.id}.")
    return data_of(prompts[index], refs[index] if index < len(refs) else None)[1]


def piece_chars(record: RunRecord, node: NodeRecord) -> int:
    """The size in characters to which a node's cells cut texts where they name none."""
    if node.started.piece_chars is not None:
        return node.started.piece_chars
    info = model_of(
        record
    )  # an older version kept the longest turn alone, from which the room for a piece follows
    usual = min(REPLY_TOKENS, info.n_ctx // 4)
    turn = record.started.settings.get("reply_tokens")
    cells = min(usual, SMALL_CELL_TOKENS if prompt.is_small(info) else CELL_TOKENS)
    wished = turn if isinstance(turn, int) and turn != cells else usual
    return max(400, sub_chars_of(info, min(wished, info.n_ctx // 4)) - len(node.started.question))


def open_worker(kernels: KernelHost, path: Path, record: RunRecord, node: NodeRecord) -> Worker:
    """A fresh worker whose cells find what those of the node found. Raises ReplayError, KernelError, SandboxError."""
    opened = Corpus.open(path)
    limits = WorkerLimits(piece_chars=piece_chars(record, node))
    ref = reference_of(record, node, opened)
    earlier: tuple[prompt.Exchange, ...] = () if node.started.parent else earlier_of(record)
    return kernels.worker(path, ref, limits, record.question_at(node, 1), earlier, record.started.notes)


def earlier_of(record: RunRecord) -> tuple[prompt.Exchange, ...]:
    """What the root was told of earlier questions. Raises ReplayError for a follow-up of an older Taproot."""
    if record.started.earlier is None:
        if record.started.follows is None:
            return ()
        raise ReplayError(
            f"run {record.id} follows another, and was recorded before Taproot kept what it was told of that one; "
            "its cells cannot be executed again."
        )
    return tuple((question, answer) for question, answer in record.started.earlier)
