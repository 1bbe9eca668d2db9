"""Packages that are hidden from importers, or loaded only when something of them is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.unused import later, without


@pytest.fixture
def package(tmp_path: Path, monkeypatch) -> Iterator[str]:
    """A package with a submodule that can be imported and is not yet."""
    name = "a_heavy_package"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("value = 7\n")
    (tmp_path / name / "part.py").write_text("from a_heavy_package import value\nboth = value * 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    for module in [one for one in sys.modules if one.startswith(name)]:
        del sys.modules[module]


def test_a_package_is_hidden_in_a_block_and_there_after_it(package: str) -> None:
    with pytest.raises(ImportError), without(package):
        __import__(package)
    assert package not in sys.modules
    assert __import__(package).value == 7
    with without(package):  # it is loaded, so it stays
        assert __import__(package).value == 7


def test_a_package_is_loaded_once_something_of_it_is_used(package: str) -> None:
    later(package)
    import a_heavy_package as early  # type: ignore[import-not-found]

    assert "value" not in vars(early)
    assert early.value == 7
    import a_heavy_package as late

    assert late is not early and late.value == early.value


def test_a_part_of_a_package_loads_all_of_it(package: str) -> None:
    later(package)
    from a_heavy_package.part import both  # type: ignore[import-not-found]

    assert both == 14


def test_what_is_not_installed_stays_so() -> None:
    later("a_package_that_nobody_has")
    assert "a_package_that_nobody_has" not in sys.modules
