"""Sources of an answer: a span that lies inside another is the same source. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Span = tuple[int, int, int]  # document, start, end in characters

MOST_MEMBERS = 50  # of a source that are looked at by themselves


@dataclass(frozen=True, slots=True)
class Source:
    """One source: its widest span, and the spans inside it, in the order in which they were named."""

    span: Span
    inside: tuple[Span, ...] = ()

    def shown(self, most: int) -> Span:
        """What is shown of it: all, where that is at most so many characters, else the first that was named inside."""
        _, start, end = self.span
        if end - start <= most or not self.inside:
            return self.span
        return self.inside[0]


def joined(spans: Sequence[Span]) -> list[Source]:
    """One source for each span that lies in no other, in the order in which the first of it was named."""
    order = {span: number for number, span in reversed([*enumerate(spans)])}
    groups: list[tuple[Span, list[Span]]] = []
    for span in sorted(order, key=lambda span: (span[0], span[1], -span[2])):
        if groups and groups[-1][0][0] == span[0] and span[2] <= groups[-1][0][2]:
            groups[-1][1].append(span)
        else:
            groups.append((span, []))
    groups.sort(key=lambda group: min(order[span] for span in (group[0], *group[1])))
    return [
        Source(span, tuple(sorted(inside, key=order.__getitem__)[:MOST_MEMBERS])) for span, inside in groups
    ]
