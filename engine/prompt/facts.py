"""What a prompt may state, and how much guidance a model gets. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from engine.types import ModelInfo

Strength = Literal["compact", "guided", "open"]

SMALL_WINDOW = 4096  # tokens; below this a long system message would crowd out the work
SMALL_MODEL = 1_000_000_000  # parameters
LARGE_MODEL = 14_000_000_000


Exchange = tuple[str, str]  # a question and its answer


@dataclass(frozen=True, slots=True)
class Facts:
    """What a prompt may state. Characters, tokens and seconds are true numbers of this run.

    `context` is one line (type, count, size); `listing` names the first documents; `preview` is the head of
    a single text. `sub_chars` is how many characters of text fit one sub-call. `earlier` are the questions and
    answers that a follow-up follows, oldest first; `variables` (name, summary) are there from before, `lost` are not.
    `noted` documents have notes that were made before.
    """

    question: str
    context: str
    strength: Strength
    n_ctx: int
    sub_chars: int
    calls: int
    seconds: int
    turns: int
    depth: int
    listing: tuple[str, ...] = ()
    preview: str = ""
    earlier: tuple[Exchange, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    lost: tuple[str, ...] = ()
    noted: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A named piece of a prompt; `text` returns "" where it does not apply."""

    name: str
    text: Callable[[Facts], str]


def is_small(info: ModelInfo) -> bool:
    """Whether a model is known to have less than a billion parameters: such a one retypes text with mistakes."""
    return 0 < info.parameters < SMALL_MODEL


def strength(info: ModelInfo) -> Strength:
    """Choose how much guidance a model gets, from its window and its number of parameters (0 = unknown)."""
    if info.n_ctx < SMALL_WINDOW or is_small(info):
        return "compact"
    return "open" if info.parameters >= LARGE_MODEL else "guided"


def join(sections: Iterable[Section], facts: Facts, between: str = "\n\n") -> str:
    """Render sections in order, leaving out the empty ones."""
    return between.join(text for s in sections if (text := s.text(facts)))
