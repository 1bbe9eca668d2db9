"""Names of documents, each once, and the places where one and the same attachment stands."""

from __future__ import annotations

from collections.abc import Iterable

SHOWN = 5  # places of one attachment that a notice names


class Places:
    """Keeps every attachment once, at the first place where it stands, and remembers the others."""

    def __init__(self, names: Iterable[str]):
        self._taken = set(names)
        self._named: dict[tuple[str, str], str] = {}
        self._kept: dict[str, str] = {}
        self.others: dict[str, list[str]] = {}

    def name(self, file: str, inside: str) -> str:
        """The name of a file within a file ("": of the file itself), always the same for the same two."""
        if not inside:
            return file
        known = self._named.get((file, inside))
        if known is None:
            name, number = f"{file}/{inside}", 2
            while name in self._taken:
                name, number = f"{file}/{inside} ({number})", number + 1
            self._taken.add(name)
            self._named[file, inside] = known = name
        return known

    def is_again(self, sha256: str, name: str) -> bool:
        """Note that an attachment stands at `name`. True when it is kept elsewhere already."""
        first = self._kept.setdefault(sha256, name) if sha256 else name
        if first == name:
            return False
        places = self.others.setdefault(first, [])
        if name not in places:
            places.append(name)
        return True

    def notices(self) -> list[str]:
        """One sentence for each attachment that stands at several places."""
        said = []
        for name, places in self.others.items():
            more = f" and at {len(places) - SHOWN:,} more places" if len(places) > SHOWN else ""
            said.append(f"{name}: the same attachment is also {', '.join(places[:SHOWN])}{more}.")
        return said
