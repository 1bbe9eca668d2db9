"""Which encoding a text file is in. UTF-8 and byte-order marks are certain; the rest is the best guess."""

from __future__ import annotations

import codecs

SAMPLE = 48_000  # bytes that are looked at to guess
LARGEST_CONTROL_SHARE = 0.02
TEXT_CONTROLS = frozenset(b"\t\n\r\f\v\b\x1b")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSES = [
    "cp1252", "cp932", "shift_jis", "euc_jp", "iso2022_jp", "gb18030", "big5", "euc_kr", "cp949", "cp1251", "koi8_r",
    "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "iso8859_2", "iso8859_5", "iso8859_7", "iso8859_15", "cp874",
]  # fmt: skip


class NotText(Exception):
    """These bytes are not text in any encoding; the message is the reason, for a person."""


def decode(data: bytes) -> tuple[str, str]:
    """Return the text and the name of its encoding, with a `?` when some bytes had to be replaced.

    Raises NotText for binary data.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding
            except UnicodeDecodeError:
                return data.decode(encoding, "replace"), encoding + "?"
    head = data[:SAMPLE]
    if b"\0" in head:
        wide = _utf16(head)
        if wide is None:
            raise NotText("it is binary, not text")
        return data.decode(wide, "replace"), wide
    if _control_share(head) > LARGEST_CONTROL_SHARE:
        raise NotText("it is binary, not text")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    replaced = data.decode("utf-8", "replace")
    bad = replaced.count("\ufffd")
    wide_characters = sum(1 for c in replaced[:200_000] if c > "\x7f") - bad
    if wide_characters > 10 * bad:
        return replaced, "utf-8?"
    return _guess(data)


def _guess(data: bytes) -> tuple[str, str]:
    from charset_normalizer import from_bytes

    best = from_bytes(_telling(data), cp_isolation=GUESSES, enable_fallback=False).best()
    for encoding in [*([best.encoding] if best else []), "cp1252"]:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1"), "latin-1"


def _telling(data: bytes) -> bytes:
    """A sample that begins near the first byte outside ASCII: the plain part of a long text tells nothing."""
    first = next((i for i, b in enumerate(data[:2_000_000]) if b > 127), 0)
    start = data.rfind(b"\n", 0, first) + 1
    if first - start > 4000:
        start = first
    sample = data[start : start + SAMPLE]
    if start + SAMPLE < len(data):  # end at a line, not inside a character
        cut = sample.rfind(b"\n")
        sample = sample[:cut] if cut > 0 else sample
    return sample


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark shows as a NUL in every other byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.3 * len(head) / 2 and even < 0.05 * odd:
        return "utf-16-le"
    if even > 0.3 * len(head) / 2 and odd < 0.05 * even:
        return "utf-16-be"
    return None


def _control_share(head: bytes) -> float:
    controls = sum(head.count(code) for code in range(32) if code not in TEXT_CONTROLS)
    return controls / max(1, len(head))
