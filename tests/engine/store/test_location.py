from pathlib import Path

import platformdirs
import pytest

from engine.store.location import data_folder


def test_the_option_comes_first_then_the_environment_then_the_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAPROOT_DATA", str(tmp_path / "environment"))
    assert data_folder(tmp_path / "option") == tmp_path / "option"
    assert data_folder() == tmp_path / "environment"
    assert data_folder("") == tmp_path / "environment"
    monkeypatch.setenv("TAPROOT_DATA", "")
    assert data_folder() == Path(platformdirs.user_data_dir("taproot", appauthor=False))


def test_a_relative_folder_or_one_of_the_home_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert data_folder("here/../data") == tmp_path / "data"
    assert data_folder("~/data") == tmp_path / "home" / "data"
    assert not (tmp_path / "data").exists()
