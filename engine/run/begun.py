"""Sub-calls that a run had begun before it was resumed: what is known of them, so that none is asked twice."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.kernel.cell import Call
from engine.llm.base import Reply
from engine.types import Json

if TYPE_CHECKING:
    from engine.run.session import NodeSession, Step

Asked = tuple[str, str, str]  # kind of the call, prompt, and what else it was given


@dataclass(frozen=True, slots=True)
class Begun:
    """One child or leaf. `asked` is its recorded question, `leaf` whether it is a one-shot call.

    `answer`: it was answered so; `stopped`: a person had stopped it alone, and its answer says that. `reply`: the reply of a
    leaf is recorded, its answer is not. Otherwise it goes on: a leaf is asked anew, a child by `restore`, which brings its
    session to where it was (`piece_chars` as there).
    """

    id: str
    asked: str
    leaf: bool
    answer: str | None = None
    confidence: float | None = None
    stopped: bool = False
    reply: Reply | None = None
    restore: Callable[[NodeSession], Step] | None = None
    piece_chars: int | None = None

    @property
    def settled(self) -> bool:
        """Whether the model need not be asked for it any more."""
        return self.answer is not None or self.reply is not None


@dataclass
class BegunCalls:
    """All that a node had begun and no cell was told of. Each is taken once."""

    left: dict[Asked, list[Begun]] = field(default_factory=lambda: defaultdict(list))

    def add(self, asked: Asked, one: Begun) -> None:
        """Keep one until a cell asks the same."""
        self.left[asked].append(one)

    def take(self, call: Call, *, deeper: bool) -> list[Begun | None]:
        """For each prompt of a call what was begun for the very same, or None. `deeper`: it asks children with cells."""
        found: list[Begun | None] = []
        for asked in asked_by(call):
            same = self.left.get(asked, [])
            fitting = (one for one in same if one.settled or one.leaf != deeper)
            one = next(fitting, None)
            if one is not None:
                same.remove(one)
            found.append(one)
        return found

    def rest(self) -> list[Begun]:
        """Those that have no answer yet and were not asked for again."""
        return [one for same in self.left.values() for one in same if one.answer is None]


def asked_by(call: Call) -> list[Asked]:
    """What a call asks, prompt by prompt."""
    llm = call.name == "llm"
    prompts = call.arguments["prompts" if llm else "questions"]
    given = call.arguments.get("quotes" if llm else "contexts")
    return asked_of(call.name, prompts, given)


def asked_of(kind: str, prompts: Sequence[str], given: Iterable[Json] | None) -> list[Asked]:
    """What prompts ask; `given` are the ranges that may be quoted, or the references of the data."""
    more = [None] * len(prompts) if given is None else [*given]
    return [(kind, text, json.dumps(one, sort_keys=True)) for text, one in zip(prompts, more, strict=True)]
