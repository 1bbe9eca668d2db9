"""A cell of a small model that failed or found nothing is drawn again, held to what was seen, before anything is told.

A small model repeats what it wrote when it is told of an error, and writes words that stand nowhere. So its turn is taken
anew: first the likeliest cell whose texts are held to the question and the outputs (`HeldCell`), then others of the like.
Where none does better, all is as if the first had been the only one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from engine import prompt
from engine.llm.forms import HeldCell
from engine.types import Sampling

if TYPE_CHECKING:
    from engine.run.session import NodeSession, Step

DRAWS = 4  # of one turn
ALL_DRAWS = 6  # of one node
FREER = Sampling(temperature=1.5, top_p=1.0, top_k=4, min_p=0.02)  # only what is unsure comes out otherwise
OTHERS = ("NONE", "yes", "no", prompt.NOT_THERE)  # what a held cell may say besides
NAMES = 200  # of documents that may be named where none was seen
NOTHING = "rests on nothing that was found"  # completes "an answer was not taken: it ..."


@dataclass
class Redraws:
    """What became of the draws of one turn. `first` is what was said and what it led to, `codes` are the cells that were
    run; `trusting`: an answer that rests on nothing is taken.
    """

    number: int = 0
    all: int = 0
    codes: list[str] = field(default_factory=list)
    first: tuple[str, Step] | None = None
    trusting: bool = False

    def clear(self) -> None:
        """The turn is over."""
        self.number, self.codes, self.first = 0, [], None


def doubt(session: NodeSession, answer: str, sources: object) -> str:
    """Why an answer of a small model is not taken yet, as a fragment that completes "the answer ...", or ""."""
    small = prompt.is_small(session.run.model.info)
    return NOTHING if small and answer.strip() == "0" and not sources and not session.redraws.trusting else ""


def draw_again(session: NodeSession, said: str, step: Step, code: str) -> bool:
    """Whether the turn is to be taken anew."""
    draws = session.redraws
    if not code or not (step.flaw or step.erred or code in draws.codes):
        return False
    if not prompt.is_small(session.run.model.info):
        return False
    draws.first = draws.first or (said, step)
    draws.codes.append(code)
    if draws.number >= DRAWS or draws.all >= ALL_DRAWS:
        return False
    draws.number, draws.all = draws.number + 1, draws.all + 1
    why = "found nothing" if step.flaw == NOTHING else "gave no answer" if step.flaw else "failed"
    if draws.number == 1:
        session.note(f"the cell {why}; it is drawn again, held to what was seen")
    return True


def settle(session: NodeSession, said: str, step: Step, run: Callable[[str], Step]) -> tuple[str, Step]:
    """What a turn that is over said and led to: the first draw where the last is no better. `run` runs a cell."""
    draws = session.redraws
    if draws.first is not None and (step.flaw or not step.ok):
        said, step = draws.first
        if step.flaw == NOTHING:
            draws.trusting = True
            step = run(draws.codes[0])
    draws.clear()
    return said, step


def form_of(session: NodeSession) -> HeldCell | None:
    """The form of a reply that is drawn again."""
    if not session.redraws.number:
        return None
    told = [message.content for message in session.conversation.messages[2:] if message.role == "user"]
    text = "\n".join([session.node.question, *told])
    names = session.run.corpus.names
    seen = tuple(name for name in names if name in text)
    return HeldCell(text, seen or tuple(names[:NAMES]), OTHERS)


def sampling_of(session: NodeSession, sampling: Sampling) -> Sampling:
    """How a reply that is drawn again is drawn: the likeliest first, then more freely."""
    number = session.redraws.number
    if number < 2:
        return sampling
    return replace(FREER, seed=sampling.seed + number)
