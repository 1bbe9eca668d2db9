"""How other programs name a corpus: `taproot/NAME`, which stands for its newest version and the model that is loaded."""

from __future__ import annotations

import re
from collections import Counter

from app.errors import NotFound
from engine.errors import InputError
from engine.types import Json

PREFIX = "taproot/"
SHOWN = 5


def named(cards: list[Json]) -> dict[str, Json]:
    """The cards of the library by their names for programs; two cards of one name bear their ids as well."""
    plain = {card["card"]: _plain(card["name"]) for card in cards}
    count = Counter(plain.values())
    return {
        PREFIX + (name if name and count[name] == 1 else f"{name or 'corpus'}-{card['card']}"): card
        for card in cards
        for name in [plain[card["card"]]]
    }


def find(cards: list[Json], wanted: str) -> Json:
    """The card of a name: as `named` gives it, as a person wrote it, or an id; with or without the prefix.

    Raises NotFound with the names that there are.
    """
    known = named(cards)
    name = wanted.strip().removeprefix(PREFIX)
    if card := known.get(PREFIX + name.casefold()):
        return card
    ids = [card for card in cards if name == card["card"] or name in card["versions"]]
    if ids:  # several cards may hold the very same documents
        return min(ids, key=lambda card: name not in card["versions"][-1:])
    same = [card for card in cards if card["name"].casefold() == name.casefold()]
    if len(same) == 1:
        return same[0]
    if same:
        shown = [found for found, card in known.items() if card in same]
        raise NotFound(f"Several corpora are called {name[:80]!r}; name one: {', '.join(shown[:SHOWN])}.")
    some = f"there are {', '.join([*known][:SHOWN])}" if known else "add documents in the library first"
    raise NotFound(f"There is no corpus {name[:80]!r}; {some}.")


def check_follows(row: Json, card: Json) -> None:
    """Raises InputError where a run to follow is about other documents than those of a card."""
    if row["corpus"] not in card["versions"]:
        raise InputError(f"The run {row['run']} is about other documents; ask those, or leave follows out.")


def _plain(name: str) -> str:
    return re.sub(r"[^\w.]+", "-", name.casefold()).strip("-.")
