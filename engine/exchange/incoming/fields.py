"""Reading lines of a log that strangers wrote: every field is checked, and a wrong one is named with its line. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine.errors import InputError
from engine.types import Json


@dataclass(frozen=True, slots=True)
class Line:
    """One object of a log and where it stands, in words: "line 3" or "line 3, call 2"."""

    value: dict[str, Json]
    where: str

    def wrong(self, name: str, wanted: str) -> InputError:
        """The error that names a field of this object and what it has to be."""
        found = "is missing" if name not in self.value else f"is {type(self.value[name]).__name__}"
        return InputError(f"{self.where}: {name!r} has to be {wanted}, but {found}. Nothing was imported.")

    def text(self, name: str) -> str:
        """A text. Raises InputError."""
        if isinstance(value := self.value.get(name), str):
            return value
        raise self.wrong(name, "text")

    def words(self, name: str) -> str:
        """Any value as text: a text itself, other JSON as JSON, nothing as ""."""
        value = self.value.get(name)
        if value is None or isinstance(value, str):
            return value or ""
        return json.dumps(value, ensure_ascii=False)

    def number(self, name: str) -> float:
        """A finite number; 0 where there is none. Raises InputError."""
        value = self.value.get(name)
        if value is None:
            return 0.0
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
        raise self.wrong(name, "a number")

    def objects(self, name: str, what: str) -> Iterator[Line]:
        """The objects of a list; none where it is missing or null. Raises InputError."""
        value = self.value.get(name)
        if not isinstance(value, list | None):
            raise self.wrong(name, "a list")
        for index, one in enumerate(value or (), 1):
            if not isinstance(one, dict):
                raise InputError(f"{self.where}: {what} {index} is no object. Nothing was imported.")
            yield Line(one, f"{self.where}, {what} {index}")

    def object(self, name: str) -> Line:
        """An object. Raises InputError."""
        if isinstance(value := self.value.get(name), dict):
            return Line(value, f"{self.where}, {name}")
        raise self.wrong(name, "an object")

    def moment(self, name: str) -> float:
        """A moment in ISO 8601 as Unix seconds; 0 where it is none."""
        try:
            return datetime.fromisoformat(str(self.value.get(name))).timestamp()
        except (ValueError, OverflowError, OSError):
            return 0.0


def lines_of(text: str) -> list[Line]:
    """The objects of JSON lines. Raises InputError that names the first line that is none."""
    found = []
    for number, row in enumerate(text.split("\n"), 1):
        if not row.strip():
            continue
        try:
            value: Any = json.loads(row)
        except (ValueError, RecursionError) as problem:
            raise InputError(
                f"line {number} is not JSON ({problem}); the file is damaged, or no log. Nothing was imported."
            ) from problem
        if not isinstance(value, dict):
            raise InputError(f"line {number} is no JSON object. Nothing was imported.")
        found.append(Line(value, f"line {number}"))
    return found
