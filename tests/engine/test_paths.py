"""`~` in paths, also where it is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.command_line.commands.ask import split_words
from engine.errors import InputError
from engine.exchange.incoming.reading import read_log
from engine.paths import expanded
from engine.store.location import data_folder


def test_a_home_folder_is_put_in_and_what_names_none_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/anna")
    assert expanded("~/letters") == Path("/home/anna/letters")
    assert expanded("~$letter.docx") == Path("~$letter.docx")
    assert data_folder("~nobody-of-this-name/data").parts[-2:] == ("~nobody-of-this-name", "data")


def test_questions_and_files_may_begin_with_a_tilde_or_be_long(tmp_path: Path) -> None:
    assert split_words([str(tmp_path), "~30 people came?"])[1] == "~30 people came?"
    assert split_words([str(tmp_path), "Why? " * 1000])[1] == "Why? " * 1000
    with pytest.raises(InputError, match="no path: name a file or folder"):
        split_words(["Why? " * 1000])
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_log(expanded("~log.jsonl"))
