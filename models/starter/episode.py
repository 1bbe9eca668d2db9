"""One question with its reference answer, its family and the plan that the oracle follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

NOT_THERE = "not in these documents"


@dataclass
class Episode:
    """One question with its reference. `plan` is what the oracle may know beside the messages it sees.

    `kind` tells the grader how to compare; `others` are answers that would be wrong; `earlier` the
    questions and answers that it follows; `first` a cell that is written in the model's place, with a mistake.
    """

    family: str
    question: str
    answer: Any
    kind: str
    plan: dict[str, Any] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    first: str = ""
