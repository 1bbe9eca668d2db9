"""The attacks are fired by groups that there are."""

from __future__ import annotations

import pytest

from tests.proof.attacks import GROUPS, arguments


def test_groups_are_those_of_attacks_and_sieges() -> None:
    assert {"read", "network", "floods", "left behind"} <= set(GROUPS)
    assert arguments([]) == [] and arguments(["read", "left behind"]) == ["read", "left behind"]


@pytest.mark.parametrize("given", [["raed"], ["read", "all"], ["--read"]])
def test_an_unknown_group_is_an_error(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        arguments(given)
    assert end.value.code == 2 and given[-1] in capsys.readouterr().err
