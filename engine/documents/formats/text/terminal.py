"""Text that was written for a terminal or a line printer: what it shows, without the codes that colour and print twice."""

from __future__ import annotations

import re

CODES = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[()][0-9A-Za-z]|[=>78cDEHMNOZ])"
)
OVERSTRUCK = re.compile(
    r"(?:([^\n\x08])\x08)(?=\1)|_\x08(?=[^\n\x08])|(?<=[^\n\x08])\x08_"
)  # bold; underlined


def shown(text: str) -> str:
    """The text as a terminal shows it: colours, titles and cursor codes left out, a letter printed on itself once."""
    if "\x08" in text:
        text = OVERSTRUCK.sub("", text)
    return CODES.sub("", text) if "\x1b" in text else text
