"""XML as a reader wants it: letters that are written as numbers (`&#252;`) written out, markup left as it stands."""

from __future__ import annotations

import re

BEGINS = re.compile(r"\s*<(?:\?xml\b|!DOCTYPE\b|!--|[A-Za-z_][\w.:-]*[\s/>])")
SUFFIXES = (
    ".xml",
    ".svg",
    ".xsl",
    ".xslt",
    ".xsd",
    ".rss",
    ".atom",
    ".opml",
    ".kml",
    ".gpx",
    ".tei",
    ".xlf",
    ".tmx",
    ".plist",
)
NO_LETTER = re.compile(r"&#[0-9]{100,};?")  # Python makes no number of some thousand digits
LEFT_ALONE = re.compile(
    r"(?s)<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));"
)


def is_xml(text: str, suffix: str) -> bool:
    """Whether a text is XML: it says so in its first line, or it is called so and begins with markup."""
    head = text[:300]
    return head.lstrip().startswith("<?xml") or (suffix in SUFFIXES and BEGINS.match(head) is not None)


def readable(text: str) -> str:
    """Write out characters that are given by number, but for those of ASCII, which may be markup."""
    return LEFT_ALONE.sub(_written_out, text) if "&#" in text else text


def bounded(text: str) -> str:
    """Make what is given by a number that no letter has U+FFFD, as HTML does, so that the rest can be written out."""
    return NO_LETTER.sub("\ufffd", text) if "&#" in text else text


def _written_out(found: re.Match[str]) -> str:
    if not found[1] and not found[2]:
        return found[0]
    code = int(found[1], 16) if found[1] else int(found[2])
    return chr(code) if 0xA0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else found[0]
