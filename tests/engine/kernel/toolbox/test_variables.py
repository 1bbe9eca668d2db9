"""What a cell did to its variables: added, changed, removed, described without running code of their classes."""

from __future__ import annotations

import pytest

from engine.kernel.toolbox.variables import MOST, WATCHED, changes, described


def after(before, **variables):
    return changes(before, variables.items())


def names(found):
    return [[v["name"] for v in found["added"]], [v["name"] for v in found["changed"]], found["removed"]]


def test_variables_come_change_and_go():
    found, seen = after({}, a=1, b="text", c=[1])
    assert names(found) == [["a", "b", "c"], [], []]
    found, seen = after(seen, a=1, b="other", d=None)
    assert names(found) == [["d"], ["b"], ["c"]]
    assert names(after(seen, a=1, b="other", d=None)[0]) == [[], [], []]


def test_what_is_changed_in_place_is_seen():
    rows, table = [1, [2, 3]], {"k": {"inner": 1}}
    _, seen = after({}, rows=rows, table=table)
    rows[1].append(4)
    table["k"]["inner"] = 2
    assert names(after(seen, rows=rows, table=table)[0]) == [[], ["rows", "table"], []]


@pytest.mark.parametrize(
    ("value", "kind", "size", "head"),
    [
        (7, "int", None, "7"),
        ("a\nb", "str", 3, r"'a\nb'"),
        ([1, "x", (2.5, None)], "list", 3, "[1, 'x', (2.5, None)]"),
        ({"k": {1}}, "dict", 1, "{'k': {1}}"),
        (b"ab", "bytes", 2, "<bytes>"),
        (10**50, "int", None, "a large integer"),
    ],
)
def test_a_variable_is_described(value, kind, size, head):
    assert described("v", value) == {"name": "v", "type": kind, "size": size, "repr": head}


def test_long_values_are_cut_and_large_ones_cost_little():
    assert len(described("v", "x" * 10**6)["repr"]) == 81
    deep: list = []
    deep.append(deep)
    assert "list of 1" in described("v", deep)["repr"]
    assert len(described("v", list(range(10**6)))["repr"]) <= 81


def test_no_code_of_a_class_runs():
    class Loud:
        def __repr__(self):
            raise AssertionError

        __eq__ = __hash__ = __len__ = __repr__

    _, seen = after({}, it=Loud(), many=[Loud()])
    assert names(after(seen, it=Loud(), many=[Loud(), Loud()])[0])[1] == ["it", "many"]


def test_a_new_object_in_the_place_of_one_that_is_gone_is_another():
    class Thing:
        pass

    for _ in range(100):
        _, seen = after({}, it=Thing())
        assert names(after(seen, it=Thing())[0])[1] == ["it"]
    thing = Thing()
    _, seen = after({}, it=thing)
    assert names(after(seen, it=thing)[0])[1] == []


def test_of_a_million_variables_some_are_watched():
    many = ((f"v{number}", number) for number in range(1_000_000))
    found, seen = changes({}, many)
    assert len(seen) == WATCHED and len(found["added"]) == MOST
    assert next(many)[0] == f"v{WATCHED}"  # the rest was not looked at
