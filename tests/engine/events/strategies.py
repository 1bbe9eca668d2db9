"""Made-up facts of every kind, from the types of their fields."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from engine.events import KINDS, Fact

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | FLOATS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(),
    int: st.integers(0, 2**40),
    float: FLOATS | st.integers(0, 1000),
    bool: st.booleans(),
    Any: JSON,
    type(None): st.none(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, inner))
    if origin is dict:
        return st.dictionaries(st.text(), JSON, max_size=3)
    if origin is tuple and inner[1:] == (...,):
        return st.lists(values(inner[0]), max_size=3).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, inner))
    assert is_dataclass(hint), hint
    return made(hint)


def made(cls: Any) -> st.SearchStrategy[Any]:
    """Instances of a dataclass."""
    hints = get_type_hints(cls)
    return st.builds(cls, **{field.name: values(hints[field.name]) for field in fields(cls)})


def facts(within: Collection[type[Fact]] = KINDS.values()) -> st.SearchStrategy[Fact]:
    """Facts of these classes."""
    return st.one_of(*(made(cls) for cls in sorted(within, key=lambda cls: cls.KIND)))
