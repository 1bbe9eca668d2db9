"""The families of questions and their shares; draws different questions about one world."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from models.starter import slips
from models.starter.compound import several
from models.starter.episode import Episode
from models.starter.fanout import fan_out
from models.starter.followups import follow_up
from models.starter.gatherings import gathered
from models.starter.lookups import about, absent, lookup
from models.starter.mentions import mention, mention_in_kind, values, values_about
from models.starter.opinions import labelled
from models.starter.oracle import cell_of
from models.starter.reading import phrase
from models.starter.reckoning import compare, distinct, extreme, total, two_sets, two_steps
from models.starter.tables import table
from models.starter.verdicts import yes_no
from models.starter.worlds import World

FAMILIES: dict[str, tuple[float, Callable[[random.Random, World], Episode | None]]] = {
    "look-up": (0.3, lookup),
    "not there": (0.2, absent),
    "mention": (0.17, mention),
    "mention in kind": (0.08, mention_in_kind),
    "values": (0.015, values),
    "values about": (0.025, values_about),
    "table": (0.08, table),
    "quote": (0.04, about),
    "fan out": (0.09, fan_out),
    "extreme": (0.05, extreme),
    "total": (0.04, total),
    "compare": (0.05, compare),
    "two sets": (0.06, two_sets),
    "distinct": (0.02, distinct),
    "two steps": (0.05, two_steps),
    "follow-up": (0.06, follow_up),
    "yes or no": (0.06, yes_no),
    "phrase": (0.08, phrase),
    "several values": (0.05, gathered),
    "several": (0.06, several),
    "labels": (0.06, labelled),
    "deep": (0.05, lambda rng, world: fan_out(rng, world, deep=True)),
}


def recovery(rng: random.Random, world: World) -> Episode | None:
    """A question of another family whose first cell comes with a mistake in it."""
    episode = rng.choice((lookup, mention, extreme, total, two_sets))(rng, world)
    cell = cell_of(episode) if episode else None
    if episode is None or cell is None:
        return None
    slipped = slips.slip(rng, cell)
    return (
        replace(episode, family="recovery", first=slipped) if slips.after(episode.question, slipped) else None
    )


FAMILIES["recovery"] = (0.04, recovery)


def episodes(rng: random.Random, world: World, count: int) -> list[Episode]:
    """Draw up to `count` different questions about one world."""
    found: dict[str, Episode] = {}
    names = list(FAMILIES)
    weights = [FAMILIES[name][0] for name in names]
    for _ in range(count * 3):
        if len(found) == count:
            break
        episode = FAMILIES[rng.choices(names, weights)[0]][1](rng, world)
        if episode is not None:
            found.setdefault(episode.question, episode)
    return list(found.values())
