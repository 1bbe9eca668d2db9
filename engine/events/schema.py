"""What a class of facts is: a frozen dataclass whose fields are the keys of a payload, to JSON and back. Pure.

A field may be text, a number, a truth value, one of several words (Literal), None, a tuple of such, a dataclass of
`engine.types`, or any JSON. A field with a default is left out of the payload while it has that value.

`VERSION` is the version of a class. Payloads say theirs under "version" only above `UNMARKED`, the last version that
was written without: the bytes of every older database stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, ClassVar, Literal, Self, Union, get_args, get_origin, get_type_hints

from engine.types import Json

VERSION_KEY = "version"

Payload = dict[str, Json]
Read = Callable[[Json], Any]
Write = Callable[[Any], Json]


class Misfit(ValueError):
    """A payload is not one of its class. The message completes "it cannot be read: ..."."""


@dataclass(frozen=True, slots=True)
class Codec:
    """Both directions of one type. `read` raises Misfit, `write` is None where values are JSON already."""

    read: Read
    write: Write | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """The fields of a class: name, codec, and its default (MISSING where it has none)."""

    fields: tuple[tuple[str, Codec, Any], ...]
    names: frozenset[str]
    required: frozenset[str]


@dataclass(frozen=True, slots=True)
class Fact:
    """What one event of a run says. Every kind is a subclass, see `engine.events.kinds`."""

    KIND: ClassVar[str] = ""
    VERSION: ClassVar[int] = 1
    UNMARKED: ClassVar[int] = 1

    def to_payload(self) -> Payload:
        """The JSON that is stored. Raises Misfit when a value is not of its field's type."""
        payload: Payload = {}
        for name, codec, default in schema_of(type(self)).fields:
            value = getattr(self, name)
            if value == default and default is not MISSING:
                continue
            written = codec.write(value) if codec.write else value
            try:
                codec.read(written)
            except Misfit as problem:
                raise Misfit(f"{self.KIND}: {name!r} {problem}") from None
            payload[name] = written
        if self.VERSION > self.UNMARKED:
            payload[VERSION_KEY] = self.VERSION
        return payload

    @classmethod
    def from_payload(cls, payload: Payload) -> Self:
        """Take back what `to_payload` of this version made. Raises Misfit for anything else."""
        schema = schema_of(cls)
        values = {}
        for name, codec, default in schema.fields:
            if name in payload:
                try:
                    values[name] = codec.read(payload[name])
                except Misfit as problem:
                    raise Misfit(f"{name!r} {problem}") from None
            elif default is MISSING:
                raise Misfit(f"{name!r} is missing")
        if len(values) < len(payload):
            strange = payload.keys() - schema.names - {VERSION_KEY}
            if strange:
                raise Misfit(f"it holds {min(strange)!r}, which no known version wrote")
        return cls(**values)


_schemas: dict[type, Schema] = {}


def schema_of(cls: type) -> Schema:
    """The schema of a class of facts, or of a dataclass in one of its fields."""
    if (known := _schemas.get(cls)) is not None:
        return known
    hints = get_type_hints(cls)
    found = tuple((field.name, codec_of(hints[field.name]), field.default) for field in fields(cls))
    required = frozenset(name for name, _, default in found if default is MISSING)
    _schemas[cls] = schema = Schema(found, frozenset(name for name, _, _ in found), required)
    return schema


@cache
def codec_of(hint: Any) -> Codec:
    """How values of a type are read and written. Raises TypeError for a type that payloads cannot hold."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint is Any:
        return Codec(lambda value: value)
    if hint in PLAIN:
        return Codec(PLAIN[hint])
    if origin is Literal:
        return Codec(_one_of(inner))
    if origin in (Union, UnionType) and len(inner) == 2 and type(None) in inner:
        return _or_none(codec_of(next(one for one in inner if one is not type(None))))
    if origin is dict and inner[0] is str:
        return Codec(_object)
    if origin is tuple and len(inner) == 2 and inner[1] is ...:
        return _several(codec_of(inner[0]))
    if origin is tuple:
        return _row([codec_of(one) for one in inner])
    if is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    raise TypeError(f"a payload cannot hold {hint}")


def _text(value: Json) -> str:
    if isinstance(value, str):
        return value
    raise Misfit("is no text")


def _whole(value: Json) -> int:
    if type(value) is int:
        return value
    raise Misfit("is no whole number")


def _number(value: Json) -> float:
    if type(value) is float or type(value) is int:
        return value
    raise Misfit("is no number")


def _truth(value: Json) -> bool:
    if value is True or value is False:
        return value
    raise Misfit("is neither true nor false")


def _object(value: Json) -> dict[str, Json]:
    if isinstance(value, dict):
        return value
    raise Misfit("is no object")


PLAIN: dict[Any, Read] = {str: _text, int: _whole, float: _number, bool: _truth}


def _one_of(words: tuple[Any, ...]) -> Read:
    known = frozenset(words)

    def read(value: Json) -> Json:
        if isinstance(value, str) and value in known:
            return value
        raise Misfit(f"is none of {', '.join(words)}")

    return read


def _or_none(codec: Codec) -> Codec:
    read, write = codec.read, codec.write
    return Codec(
        lambda value: None if value is None else read(value),
        (lambda value: None if value is None else write(value)) if write else None,
    )


def _list(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    raise Misfit("is no list")


def _several(codec: Codec) -> Codec:
    read, write = codec.read, codec.write
    return Codec(
        lambda value: tuple(map(read, _list(value))),
        (lambda value: list(map(write, value))) if write else list,
    )


def _row(codecs: list[Codec]) -> Codec:
    def read(value: Json) -> tuple[Any, ...]:
        if len(_list(value)) != len(codecs):
            raise Misfit(f"has not {len(codecs)} parts")
        return tuple(codec.read(part) for codec, part in zip(codecs, value, strict=True))

    return Codec(read, list)


def _record(cls: type) -> Codec:
    """A dataclass of plain fields: those that are missing have their defaults, unknown ones are left out."""
    schema = schema_of(cls)
    if any(codec.write for _, codec, _ in schema.fields):
        raise TypeError(f"the fields of {cls} must be plain")

    def read(value: Json) -> Any:
        given = {name: codec.read(value[name]) for name, codec, _ in schema.fields if name in _object(value)}
        if not schema.required <= given.keys():
            raise Misfit(f"is no {cls.__name__}")
        return cls(**given)

    names = [name for name, _, _ in schema.fields]
    return Codec(read, lambda value: {name: getattr(value, name) for name in names})
