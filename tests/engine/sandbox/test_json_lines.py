"""The lines between app and model process, when one side is gone."""

from __future__ import annotations

import os

import pytest

from engine.sandbox.json_lines import Writer, lines_of


def test_values_come_out_as_they_went_in():
    read, write = os.pipe()
    writer = Writer(os.fdopen(write, "wb"))
    writer.send({"text": "é\n\u2028"})
    writer.send([1, None])
    writer.close()
    with os.fdopen(read, "rb") as file:
        assert list(lines_of(file)) == [{"text": "é\n\u2028"}, [1, None]]


def test_what_a_dead_reader_did_not_take_hinders_neither_sending_nor_closing():
    read, write = os.pipe()
    writer = Writer(os.fdopen(write, "wb"))
    os.close(read)
    with pytest.raises(OSError, match="Broken pipe"):
        writer.send({"n": 1})
    writer.close()
    with pytest.raises(OSError, match="closed"):
        writer.send({"n": 2})
