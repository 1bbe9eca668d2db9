"""What a model is asked about a piece of a document, and which note its reply gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine import prompt
from engine.corpus.noted.notes import ABOUT, FACT
from engine.llm.base import Reply, Request
from engine.llm.forms import Form, Quote
from engine.llm.sampling import choose_sampling
from engine.reply import without_loop
from engine.reply.thinking import split_thinking
from engine.store.database.notes import Asked
from engine.text.quoting import ALTERNATIVES, NOTHING, is_none, place
from engine.types import ModelInfo, Sampling

PIECE_CHARS = 1200  # of a document that one reply is about: each kind of fact is found once in it
REPLY_TOKENS = 48
THINKING_TOKENS = 1024  # of a model that thinks first
LINE_CHARS = 240  # of what a piece is about
QUESTION_TOKENS = 40  # at most, besides what all questions about a piece share
SMALL_PROMPT = "{piece}\n\nQuestion: {question}\nAnswer from the text above only."


@dataclass(frozen=True, slots=True)
class Question:
    """One question about every piece. `number`: its answer is taken only where it holds a digit."""

    name: str
    kind: str
    text: str
    number: bool = False


QUESTIONS = (
    Question("about", ABOUT, "What is the subject of this text?"),
    Question("who", FACT, "Who is named?"),
    Question("organisation", FACT, "What is the name of the company?"),
    Question("when", FACT, "When did it happen?", number=True),
    Question("amount", FACT, "How much is it?", number=True),
)


def form_of(question: Question, piece: str, info: ModelInfo) -> Form | None:
    """A fact is a quote of its piece; so is what it is about where the model is small, for such a one invents."""
    held = question.kind == FACT or prompt.is_small(info)
    return Quote(piece, (NOTHING,)) if held else None


def request(question: Question, piece: str, info: ModelInfo, conversation: str, seed: int) -> Request:
    """Ask one question about a piece. A small model is not told of NONE, which it would say too often."""
    shape = SMALL_PROMPT if prompt.is_small(info) else prompt.PIECE_PROMPT
    return Request(
        messages=prompt.leaf(shape.format(piece=piece, question=question.text)),
        max_tokens=reply_tokens(info),
        sampling=choose_sampling(info, None, seed, "sub") if info.thinks else Sampling(seed=seed),
        conversation=f"{conversation}/{question.name}",
        form=form_of(question, piece, info),
        role="sub",
    )


def reply_tokens(info: ModelInfo) -> int:
    """The longest reply to a question, in tokens."""
    return THINKING_TOKENS if info.thinks else REPLY_TOKENS


def noted(question: Question, piece: str, reply: Reply, info: ModelInfo, at: int) -> Asked:
    """What a reply about the piece that begins at character `at` comes to. A quote that does not stand there is none."""
    end = at + len(piece)
    nothing = Asked(at, question.name, end)
    said = split_thinking(without_loop(reply.text)).visible.strip() if reply.quote is None else reply.quote
    if is_none(said) or said.casefold() in ALTERNATIVES:
        return nothing
    if form_of(question, piece, info) is None:
        words = said.splitlines()[0].strip()[:LINE_CHARS]
        begin = at + len(piece) - len(piece.lstrip())
        return Asked(at, question.name, end, question.kind, begin, at + len(piece.rstrip()), words)
    found = place(said, piece)
    if found is None or (question.number and not any(map(str.isnumeric, said))):
        return nothing
    return Asked(at, question.name, end, question.kind, at + found[0], at + found[1], said)


def piece_end(text: str, at: int, size: int) -> int:
    """Where the piece of a text that begins at a character ends: at a blank line, a line end or a space in its second half."""
    most, least = at + size, at + size // 2
    if most >= len(text):
        return len(text)
    for mark in ("\n\n", "\n", " "):
        if (found := text.rfind(mark, least, most)) >= 0:
            return found + len(mark)
    return most
