"""Subtitles give what is said below its time, and say what they cannot give."""

from __future__ import annotations

import re

import pytest

from engine.documents.formats.detect import parse
from engine.documents.formats.unreadable import Unreadable

SUBRIP = """1
00:00:01,000 --> 00:00:03,500
<i>The berth fee</i> for quay
four is {\\an8}1,250 euros.

2
00:00:03,600 --> 00:00:05,000 X1:100 X2:200
- Since when?
- Since <font color="#ffffff">March</font> 2024,

3
00:00:05,100 --> 00:00:06,000
when 5 < 6 in <b and c>

4
00:01:20,000 --> 00:01:22,000
# 3 &amp; 4 #

"""
SAID = """[00:00:01]
The berth fee for quay four is 1,250 euros.
- Since when?
- Since March 2024, when 5 < 6 in <b and c>

[00:01:20]
# 3 &amp; 4 #
"""
WEB = """WEBVTT - Quay four
Kind: captions

STYLE
::cue { color: red }

NOTE by Ida

intro
00:01.000 --> 00:03.500 align:start
<v Ida Holm>The fee is <c.loud>1,250</c>

00:03.600 --> 00:05.000
<v Ida Holm>euros &amp; more.
<v.first Otto>Since <00:04.200>when?</v>

NOTE
of the cutter

01:00:00.000 --> 01:00:02.000
(a bell)
"""
SAID_ON_THE_WEB = """Quay four

[00:01]
Ida Holm: The fee is 1,250 euros & more.
Otto: Since when?

[01:00:00]
(a bell)
"""


@pytest.mark.parametrize(
    ("name", "data", "text", "notices"),
    [
        ("a.srt", SUBRIP, SAID, []),
        ("a.txt", SUBRIP.replace("\n", "\r\n"), SAID, []),
        ("a.srt", SUBRIP.replace("\n", "\r\r\n"), SAID, []),  # a blank line after each
        ("a.srt", re.sub(r"\n\n(?=[234]\n)", "\n", SUBRIP), SAID, []),  # and none between cues
        ("a.srt", re.sub(r"(?m)^[1-4]\n", "", SUBRIP), SAID, []),
        ("a.srt", "Made by Ida\n\n" + SUBRIP, "Made by Ida\n\n" + SAID, []),
        ("a.vtt", WEB, SAID_ON_THE_WEB, ["2 comments in it left out"]),
        ("a", "\ufeff" + WEB, SAID_ON_THE_WEB, ["2 comments in it left out"]),
        ("a.vtt", "WEBVTT\n\n1:02.000 --> 1:03.000\nOne\n\nTwo\n", "[1:02]\nOne Two\n", []),
        ("a.vtt", "WEBVTT\n\n1:02.000 --> 1:03.000\n\nNOTE x\n\n1:03.000 --> 1:04.000\n<v Ida>So</v> it is\n", "[1:03]\nIda: So\nit is\n", ["1 comment in it left out"]),
        ("a.vtt", "1:02.000 --> 1:03.000\nOne\n\n0:01.000 --> 0:02.000\ntwo\n", "[1:02]\nOne\n\n[0:01]\ntwo\n", []),
        ("a.srt", "1\n00:00:01,0 --> 00:00:02,0\nIn\n\n2\n00:00:02,0 --> 00:00:03,0\n1901\n\n", "[00:00:01]\nIn 1901\n", []),
        ("a.srt", "0:01 --> 0:04\nThe map is\n5 --> 6, or so.\n", "[0:01]\nThe map is 5 --> 6, or so.\n", []),
        ("a.srt", "0:01 --> 0:04 Hello there\n0:04 --> 0:06 X1:9 Y2:7 Ida:So\nit is\n", "[0:01]\nHello there Ida:So it is\n", []),
        ("a.vtt", f"WEBVTT\n\n0:01.0 --> 0:04.0\n&#{'9' * 5000}; So\n", "[0:01]\n\ufffd So\n", []),
        ("a.vtt", "WEBVTT\n\n0:01.0 --> 0:04.0 Hello\n0:04.0 --> 0:06.0 line:0 size:50%\nIda\n", "[0:01]\nHello Ida\n", []),
    ],
)  # fmt: skip
def test_subtitles_give_what_is_said_below_its_time(
    name: str, data: str, text: str, notices: list[str]
) -> None:
    parsed = parse(data.encode(), name)
    assert (parsed.format, parsed.text, parsed.notices) == ("subtitles", text, notices)


def cues(*said: str, seconds: float = 2.0, silence: float = 0.5) -> bytes:
    """Subtitles of one line each, one after the other."""
    times = [n * (seconds + silence) for n in range(len(said))]
    return "\n".join(
        f"{n}\n00:{at // 60:02.0f}:{at % 60:06.3f} --> 00:{(at + seconds) // 60:02.0f}:{(at + seconds) % 60:06.3f}\n{line}\n"
        for n, (at, line) in enumerate(zip(times, said, strict=True), 1)
    ).encode()


def test_a_paragraph_of_subtitles_ends_with_a_sentence_or_at_a_silence() -> None:
    half = "the fee of a berth at quay four, as it was agreed,"
    text = parse(cues(*[half, "is due on Friday."] * 8), "a.srt").text
    paragraphs = text.strip().split("\n\n")
    assert len(paragraphs) == 2 and all(
        one.endswith("Friday.") and 250 < len(one) < 350 for one in paragraphs
    )
    endless = parse(cues(*[half] * 40), "a.srt").text.strip().split("\n\n")
    assert all(450 < len(one) <= 600 for one in endless[:-1]) and len(endless) == 4
    assert parse(cues("One,", "two", silence=5), "a.srt").text == "[00:00]\nOne,\n\n[00:07]\ntwo\n".replace(
        "[00:", "[00:00:"
    )


def test_words_that_stay_on_the_screen_are_given_once() -> None:
    rolling = b"""WEBVTT

00:00.000 --> 00:02.000
the<00:00.500><c> berth</c>

00:02.000 --> 00:02.010
the berth

00:02.010 --> 00:04.000
the berth
fee<00:03.000><c> is due</c>
"""
    parsed = parse(rolling, "a.vtt")
    assert parsed.text == "[00:00]\nthe berth fee is due\n"
    assert parsed.notices == ["2 lines that stay on the screen are given once"]
    assert parse(cues("No.", "No."), "a.srt").text == "[00:00:00]\nNo. No.\n"  # said twice


def test_subtitles_say_what_is_wrong_with_them() -> None:
    damaged = cues("One", "two", "three").replace(b"00:00:02.500 -->", b"00:00:0,500 -->")
    parsed = parse(damaged, "a.srt")
    assert (parsed.text, parsed.notices) == (
        "[00:00:00]\nOne two three\n",
        ["1 time in it cannot be read"],
    )
    for nothing in (b"WEBVTT\n\nNOTE Nobody speaks.\n", b"1\n00:00:01,000 --> 00:00:02,000\n<i> </i>\n"):
        with pytest.raises(Unreadable, match="these subtitles hold no words"):
            parse(nothing, "a.vtt")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.srt", "The strata of the quay.\n"),
        ("a.vtt", "Values of the tax.\n"),
        ("a.txt", "WEBVTT is a format of subtitles.\n"),
        ("a.txt", "The cue\n00:00:01,000 --> 00:00:02,000\nholds a line.\n"),
        ("a.log", "00:00:01 -> 00:00:02 moved\n"),
        ("a.txt", "09:00 --> 10:00\nOpening\n\n10:00 --> 11:00\nTalk\n"),
        ("a.txt", "09:00 --> 10:00 Opening\nRoom 1\n10:00 --> 11:00 Talk\nRoom 2\n"),
        ("a.txt", "00:00:01.000 --> 00:00:04.000 Hello there\n00:00:04.000 --> 00:00:06.000 Ida\n"),
        ("a.txt", "1\n10:30 --> the harbour\n"),
    ],
)
def test_what_only_looks_like_subtitles_is_text(name: str, text: str) -> None:
    parsed = parse(text.encode(), name)
    assert (parsed.format, parsed.text) == ("text", text)
