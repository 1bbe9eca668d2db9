"""Make the notes of a corpus: document by document, piece by piece, each reply kept as it comes.

What was noted before is never asked again, whatever ended it: a stop, the end of the program, or a budget.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from engine.corpus import Corpus
from engine.corpus.noted.notes import OUTLINE
from engine.errors import InputError, ModelError
from engine.llm.base import Model, Stream, forget
from engine.notes import questions
from engine.notes.outline import outline
from engine.notes.questions import QUESTIONS, Question
from engine.stop import Stop
from engine.store import Store
from engine.store.database.notes import Asked, Noted

DOCUMENT_TOKENS = 20_000
CORPUS_TOKENS = 500_000
WINDOW_SHARE = 0.6  # of a window that a piece may take
LEAST_CHARS = 40  # of a piece, however many tokens they are

Over = Literal["", "done", "budget"]


@dataclass(frozen=True, slots=True)
class Budget:
    """The most tokens that a model may read and write for one document, and for all of a corpus."""

    document: int = DOCUMENT_TOKENS
    corpus: int = CORPUS_TOKENS


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the notes of a corpus are: `noted` of its `documents`, for `tokens` in all. `name` is the document in hand.

    `over`: "done", or "budget" where that of the corpus is spent; "" while there is more to do.
    """

    noted: int
    documents: int
    tokens: int
    name: str = ""
    over: Over = ""


def refuse(model: Model) -> None:
    """Raise ModelError where a model cannot be held to the words of a document."""
    if model.info.remote:
        raise ModelError(
            f"notes need a model on this machine: {model.info.name} is on a server, which cannot be held to the words of a "
            "document. Load a GGUF file for them; what was noted before is kept"
        )


def progress_of(store: Store, corpus: str, model: str, budget: Budget) -> Progress:
    """How far the notes of a corpus are with a model, by its fingerprint."""
    texts, states = store.noted(corpus, model)
    count = len(texts) or int(store.corpus(corpus)["documents"])
    return _progress(texts, states, budget, count)


def make_notes(
    store: Store,
    model: Model,
    corpus: str,
    budget: Budget | None = None,
    *,
    seed: int = 0,
    stop: Stop | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
) -> Progress:
    """Note what is not noted yet of a corpus, by its id; `progress` hears of each piece. Returns how far it came.

    Raises Cancelled on a stop, ModelError where the model ends or cannot make notes, InputError for an unknown corpus and one
    that is deleted meanwhile; what was noted until then is kept.
    """
    refuse(model)
    store.know_texts()
    return _Making(store, model, corpus, budget or Budget(), seed, stop or Stop(), progress).run()


class _Making:
    """One corpus while its notes are made."""

    def __init__(
        self,
        store: Store,
        model: Model,
        corpus: str,
        budget: Budget,
        seed: int,
        stop: Stop,
        tell: Callable[[Progress], None],
    ):
        self._store, self._model, self._info = store, model, model.info
        self._archive = Corpus.open(Path(store.corpus(corpus)["path"])).archive
        self._texts, self._states = store.noted(corpus, model.info.fingerprint)
        self._budget, self._seed, self._stop, self._tell = budget, seed, stop, tell

    def run(self) -> Progress:
        """Note all documents that are not over; ends early where the budget of the corpus is spent."""
        for number, text in enumerate(self._texts):
            self._stop.check()
            if not _is_over(self._state(text), self._budget) and not self._document(number, text):
                return self._progress("", "budget")
        return self._progress("", "done")

    def _progress(self, name: str, over: Over = "") -> Progress:
        found = _progress(self._texts, self._states, self._budget, len(self._texts))
        return replace(found, name=name, over=over)

    def _state(self, text: str) -> Noted:
        return self._states.get(text, Noted())

    def _document(self, number: int, text: str) -> bool:
        """Note one document as far as its budget goes; False where that of the corpus is spent."""
        name, words = self._archive.name(number), self._archive.text(number)
        self._tell(self._progress(name))
        if not self._state(text).upto:
            self._save(text, self._state(text), outline(self._archive, number, words))
        while (at := self._state(text).upto) < len(words):
            self._stop.check()
            before = self._store.asked_about(text, self._info.fingerprint, at)
            before.pop(OUTLINE, None)
            left = [question for question in QUESTIONS if question.name not in before]
            piece = words[at : max(before.values(), default=0)] or self._piece(words, at)
            if left and piece.strip():
                cost = self._cost(piece, len(left))
                if self._state(text).tokens + cost > self._budget.document:
                    self._save(text, replace(self._state(text), full=self._budget.document))
                    return True
                if sum(state.tokens for state in self._states.values()) + cost > self._budget.corpus:
                    return False
                self._ask(text, piece, at, left)
            self._save(text, replace(self._state(text), upto=at + len(piece), full=0))
            self._tell(self._progress(name))
        self._save(text, replace(self._state(text), over=True, full=0))
        return True

    def _ask(self, text: str, piece: str, at: int, left: list[Question]) -> None:
        """Ask what was not asked yet about a piece, all at once, and keep each reply as it comes."""
        conversation = f"notes/{text[:16]}/{at}"
        began = time.monotonic()
        streams: list[Stream] = []
        try:
            for question in left:
                asked = questions.request(question, piece, self._info, conversation, self._seed)
                streams.append(self._model.submit(asked))
            with ExitStack() as watched:
                for stream in streams:
                    watched.enter_context(self._stop.calling(stream.cancel))
                for question, stream in zip(left, streams, strict=True):
                    reply = stream.result()
                    if reply.finish == "cancelled":
                        continue  # the others may have come before the stop
                    usage, now = reply.usage, time.monotonic()
                    tokens = usage.prompt_tokens - usage.reused_tokens + usage.completion_tokens
                    row = questions.noted(question, piece, reply, self._info, at)
                    self._save(text, self._state(text), [row], tokens, now - began)
                    began = now
            self._stop.check()
        finally:
            for stream in streams:
                stream.cancel()
            forget(self._model, conversation)

    def _piece(self, words: str, at: int) -> str:
        """The next piece of a document: as much as fits the window besides a question and its reply."""
        room = self._info.n_ctx - questions.reply_tokens(self._info)
        size = min(questions.PIECE_CHARS, max(1, int(room * self._info.chars_per_token * WINDOW_SHARE)))
        piece = words[at : questions.piece_end(words, at, size)]
        while len(piece) > LEAST_CHARS and self._tokens(piece) > room:
            piece = words[at : questions.piece_end(words, at, len(piece) // 2)]
        return piece

    def _tokens(self, piece: str) -> int:
        """The tokens of the longest prompt about a piece."""
        asked = (questions.request(question, piece, self._info, "", 0) for question in QUESTIONS[:1])
        return max(self._model.fits(one.messages) for one in asked) + questions.QUESTION_TOKENS

    def _cost(self, piece: str, count: int) -> int:
        """The most tokens that this many questions about a piece may take: not every model reads the piece once for all."""
        return count * (self._tokens(piece) + questions.reply_tokens(self._info))

    def _save(
        self, text: str, state: Noted, rows: Sequence[Asked] = (), tokens: int = 0, seconds: float = 0.0
    ) -> None:
        model = (self._info.fingerprint, self._info.name)
        if not self._store.save_notes(text, model, rows, state, tokens=tokens, seconds=seconds):
            raise InputError("The documents were deleted meanwhile; no more notes are made of them.")
        self._states[text] = replace(state, tokens=state.tokens + tokens)


def _is_over(state: Noted, budget: Budget) -> bool:
    """Whether nothing more is to be noted of a text within the budget of a document."""
    return state.over or state.full >= budget.document


def _progress(texts: Sequence[str], states: dict[str, Noted], budget: Budget, documents: int) -> Progress:
    over = {text for text, state in states.items() if _is_over(state, budget)}
    tokens = sum(state.tokens for state in states.values())
    return Progress(sum(text in over for text in texts), documents, tokens)
