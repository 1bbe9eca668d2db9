"""Frames of a worker are copied field by field; whatever is not expected does not pass."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.channel import ChannelError
from engine.kernel.host import vetting

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("output_type", "name", "text", "data", "metadata", "ename", "evalue", "traceback"),
                    *("arguments", "prompts", "spans", "questions", "contexts", "kind", "documents", "items"),
                    *(
                        "error",
                        "final",
                        "variables",
                        "dropped",
                        "notes",
                        "content",
                        "sources",
                        "quotes",
                        "searched",
                        "via",
                        "parts",
                        "number",
                    ),
                ]
            ),
            inner
            | st.sampled_from(["stream", "error", "display_data", "llm", "rlm", "text", "corpus", "list"]),
            max_size=6,
        )
    ),
    max_leaves=25,
)


@given(JSON, st.sampled_from([vetting.output, vetting.call, vetting.done, vetting.reference]))
def test_any_value_is_clean_or_a_channel_error(value, check):
    try:
        check(value)
    except ChannelError:
        pass


def png(width: int, height: int) -> str:
    head = (
        b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + struct.pack("!II", width, height) + b"\x08\x02\0\0\0\0\0\0\0"
    )
    return base64.b64encode(head).decode()


def jpeg(width: int, height: int) -> str:
    frame = b"\xff\xc0\0\x11\x08" + struct.pack("!HH", height, width) + b"\3" + b"\0" * 9
    return base64.b64encode(b"\xff\xd8\xff\xe0\0\4ab" + frame + b"\0" * 16).decode()


@pytest.mark.parametrize(("mime", "make"), [("image/png", png), ("image/jpeg", jpeg)])
def test_images_are_judged_by_their_header(mime, make):
    assert vetting.image_problem(mime, make(640, 480)) == ""
    assert "pixels" in vetting.image_problem(mime, make(20_000, 20_000))
    assert "pixels" in vetting.image_problem(mime, make(0, 480))
    assert vetting.image_problem(mime, base64.b64encode(b"<svg/>" * 20).decode())
    assert vetting.image_problem(mime, "not base64 at all!") == "it is not base64"


def test_unknown_formats_and_fields_are_left_out():
    output = {
        "output_type": "display_data",
        "data": {
            "text/plain": "a",
            "text/html": "<b>",
            "image/svg+xml": "<svg/>",
            "application/javascript": "x",
        },
        "metadata": {"text/html": {"untrusted": False}},
        "transient": {},
    }
    assert vetting.output(output) == {
        "output_type": "display_data",
        "data": {"text/plain": "a", "text/html": "<b>"},
        "metadata": {"text/html": {"untrusted": True}},
    }


def test_an_output_with_nothing_to_show_is_dropped():
    output = {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>"}, "metadata": {}}
    assert vetting.output(output) is None


def test_lone_surrogates_never_reach_the_store():
    clean = vetting.output({"output_type": "stream", "name": "stdout", "text": "a\ud800b"})
    assert clean["text"].encode("utf-8") == b"a?b"


@pytest.mark.parametrize(
    "reference",
    [
        {"kind": "file", "path": "/etc/passwd"},
        {"kind": "document", "document": -1, "start": 0, "end": 1},
        {"kind": "document", "document": 1.5, "start": 0, "end": 1},
        {"kind": "corpus", "documents": [[0]]},
        {"kind": "corpus", "documents": "all"},
        {"kind": "list", "items": [{"kind": "list", "items": [{"kind": "path"}]}]},
        {"kind": "text", "text": 5},
        [],
    ],
)
def test_references_that_name_no_data_are_refused(reference):
    with pytest.raises(ChannelError):
        vetting.reference(reference)


def test_a_reference_loses_whatever_else_it_carries():
    given = {"kind": "document", "document": 1, "start": 2, "end": 3, "path": "/etc/passwd"}
    assert vetting.reference(given) == {"kind": "document", "document": 1, "start": 2, "end": 3}


END = {"error": None, "final": None, "variables": [], "spans": [], "searched": [], "dropped": 0, "notes": []}


def test_what_a_cell_read_of_clocks_and_chance_is_counts_and_digits_and_not_more_than_there_may_be():
    read = {"time": [1, 2], "chance": ["00ff"], "weather": ["fine"]}
    assert vetting.done({**END, "readings": read})["readings"] == {"time": [1, 2], "chance": ["00ff"]}
    assert vetting.done(END)["readings"] is None
    assert len(vetting.done({**END, "readings": {"time": [1] * 9_000}})["readings"]["time"]) == 1_000
    for wrong in ({"time": [-1]}, {"time": [0.5]}, {"chance": ["f"]}, {"chance": ["zz"]}, {"chance": "ff"},
                  {"chance": ["ff" * 9_000] * 2}, [1]):  # fmt: skip
        with pytest.raises(ChannelError):
            vetting.done({**END, "readings": wrong})
