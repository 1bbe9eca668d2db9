"""Which encoding a text file is in. UTF-8, byte-order marks and declarations that fit are believed; the rest is guessed.

A file may be of two minds: lines that are no UTF-8 among lines that are. Each kind is then read as what it is.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field

import webencodings

SAMPLE = 48_000  # bytes that are looked at to guess
LOOKED_AT = 6_000  # bytes of those in which signs that do not go together are counted
LARGEST_CONTROL_SHARE = 0.02
CONTROLS = bytes(
    code for code in range(32) if code not in b"\t\n\r\f\v\b\x1b"
)  # those that text does not hold
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What may be guessed, with how common it is: what decides where a text is too short to tell its language.
GUESSES = {
    "cp1252": 3, "iso8859-15": 1.5, "cp1250": 2, "iso8859-2": 1.8, "cp1251": 3, "koi8-r": 2, "koi8-u": 1.5, "cp1253": 2,
    "iso8859-7": 1.5, "cp1254": 2, "cp1255": 2, "cp1256": 2, "cp1257": 2, "cp1258": 1, "cp874": 2, "iso8859-5": 1,
    "iso8859-4": 1, "iso8859-6": 1, "iso8859-8": 1, "iso8859-13": 1, "iso8859-16": 0.5,
    "cp932": 2, "euc_jis_2004": 2, "gb18030": 2, "big5hkscs": 1.5, "cp949": 2, "johab": 0.3,
    "cp437": 0.8, "cp850": 1, "cp852": 0.8, "cp857": 0.5, "cp862": 0.4, "cp865": 0.5, "cp866": 1, "cp737": 0.5, "cp775": 0.5,
    "mac-roman": 0.9, "mac-latin2": 0.5, "mac-cyrillic": 0.4, "mac-greek": 0.3, "mac-turkish": 0.2,
}  # fmt: skip
ALWAYS = ("cp1252", "cp850", "mac-roman", "cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949")
MULTIBYTE = frozenset(("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949", "johab", "cp874"))
ESCAPED = re.compile(rb"\x1b(?:\$|\([BJI])|~\{")
SINGLE = ("LATIN", "CJK")  # scripts of which a sign may stand alone in a text of another
NEAR = 0.05  # of the surest guess's confidence: another must have to be thought of
UNUSED = ("Cc", "Cn", "Co", "Cs")
FEW = 5  # lines that a notice names
TRUE_UTF8 = 2  # good signs for one bad byte from which a line is broken UTF-8: by chance there are fewer
XML = re.compile(rb"""\A\s*<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)""")
META = re.compile(rb"""(?i)<meta\b[^>]*?\bcharset\s*=\s*["']?\s*([\w.:-]+)""")
COOKIE = re.compile(
    rb"(?m)\A(?:.*\n)?[ \t]*(?:#|//|/\*|;|--|%|<!--|\"|').*?coding[:=][ \t]*([-\w.]+)|@charset \"([\w-]+)\""
)


class NotText(Exception):
    """These bytes are not text in any encoding; the message is the reason, for a person."""


@dataclass(slots=True)
class Decoded:
    """A text, the name of its encoding for Python, and what a person should know of how it was read."""

    text: str
    encoding: str
    notices: list[str] = field(default_factory=list)
    replaced: bool = False  # some bytes are none in this encoding


def decode(data: bytes, declared: str = "") -> tuple[str, str]:
    """As `read`: the text and the name of its encoding, with a `?` where some bytes had to be replaced."""
    found = read(data, declared)
    return found.text, found.encoding + "?" * found.replaced


def read(data: bytes, declared: str = "") -> Decoded:
    """Read the bytes of a text; `declared` is the encoding that someone named, which the file itself may do too.

    Raises NotText for binary data.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _with(data, encoding)
    head = data[:SAMPLE]
    named = declared or declaration(head)
    if ESCAPED.search(head) and b"\0" not in head:
        escaped = _escaped(head, named)
        if escaped:
            return _with(data, escaped)
    if b"\0" in head or _control_share(head) > LARGEST_CONTROL_SHARE:
        wide = _utf16(head) or _wide(head)
        if wide is None:
            raise NotText("it is binary, not text")
        return _with(data, wide)
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        pass
    encoding = known(named)
    if encoding and encoding != "utf-8":
        try:
            return Decoded(data.decode(encoding), encoding)
        except (UnicodeDecodeError, ValueError):
            pass
    return _by_lines(data)


def declaration(head: bytes) -> str:
    """The encoding that a text names at its beginning: in XML, in HTML, in the first two lines of a source; or ""."""
    found = XML.search(head[:1000]) or META.search(head[:8000]) or COOKIE.match(head[:1000])
    return next((name for name in found.groups() if name), b"").decode("ascii", "replace") if found else ""


def known(label: str) -> str:
    """Python's name of an encoding, as browsers understand its label; "" for one that is not known."""
    found = webencodings.lookup(label.strip()) if label else None
    if found is not None and found.name not in ("replacement", "x-user-defined"):
        own: str = found.codec_info.name
        return {"gbk": "gb18030", "big5": "big5hkscs"}.get(found.name, own)
    try:
        info = codecs.lookup(label)
    except (LookupError, ValueError):
        return ""
    text = getattr(info, "_is_text_encoding", True) and info.name not in ("idna", "punycode", "undefined")
    return info.name if text and not info.name.endswith("_escape") else ""


def _with(data: bytes, encoding: str) -> Decoded:
    """The text in this encoding; bytes that are none in it are replaced, and it is said."""
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError:
        told = [f"some bytes are not valid {encoding.removesuffix('-sig')}"]
        return Decoded(data.decode(encoding, "replace"), encoding, told, replaced=True)


# --- lines of two encodings -----------------------------------------------------------------------------


def _by_lines(data: bytes) -> Decoded:
    """Read lines that are UTF-8 as such and the others as the encoding that they seem to be in."""
    lines = data.split(b"\n")
    good = 0
    broken: list[int] = []
    other: list[int] = []
    for number, line in enumerate(lines):
        if line.isascii():
            continue
        try:
            line.decode("utf-8")
            good += 1
        except UnicodeDecodeError:
            (broken if _is_broken_utf8(line) else other).append(number)
    if not other:
        return _with(data, "utf-8")
    encoding = guess(b"\n".join(lines[number] for number in other))
    if (not good and not broken) or (encoding in MULTIBYTE and good + len(broken) < len(other)):
        return _with(data, guess(data) if good or broken else encoding)
    told = []
    if broken:
        told.append("some bytes are not valid utf-8")
    places = ", ".join(f"{number + 1:,}" for number in other[:FEW]) + (" …" if len(other) > FEW else "")
    which = f"line {places} is" if len(other) == 1 else f"{len(other):,} lines ({places}) are"
    told.append(f"{which} not UTF-8 and read as {encoding}")
    strange = set(other)
    text = "\n".join(
        line.decode(encoding if number in strange else "utf-8", "replace")
        for number, line in enumerate(lines)
    )
    return Decoded(text, "utf-8", told, replaced=bool(broken))


def _is_broken_utf8(line: bytes) -> bool:
    """Whether a line is UTF-8 with a few broken bytes, rather than another encoding."""
    if line.decode("utf-8", "ignore").isascii():
        return len(line.strip()) == 1  # nothing but a stray byte
    text = line.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return sum(character > "\x7f" for character in text[:200_000]) - bad > TRUE_UTF8 * bad


# --- guessing -------------------------------------------------------------------------------------------


def guess(data: bytes) -> str:
    """The likeliest encoding of bytes that are no UTF-8: what is likely in a language, common, and writes words."""
    from chardet import detect_all

    sample = _telling(data)
    candidates = [(name, 0.0) for name in ALWAYS]
    for found in detect_all(
        sample, ignore_threshold=True, include_encodings=GUESSES, compat_names=False, max_bytes=SAMPLE
    ):
        name = found["encoding"] or ""
        if name in GUESSES:
            candidates.append((name, found["confidence"]))
    surest = max(confidence for _, confidence in candidates)
    looked_at = sample[:LOOKED_AT]
    scores: dict[str, float] = {}
    for name, confidence in candidates:
        if confidence >= NEAR * surest or name in ALWAYS:
            odd = oddities(looked_at.decode(name, "ignore"))
            score = (confidence + 0.015 * GUESSES[name]) * 0.25 ** min(odd, 40)
            scores[name] = max(score, scores.get(name, 0.0))
    for name in sorted(scores, key=scores.__getitem__, reverse=True):
        try:
            data.decode(name)
            return name
        except UnicodeDecodeError:
            continue
    return "latin-1"


def oddities(text: str) -> int:
    """How often signs stand together that no one writes so: scripts mixed in a word, symbols inside words, capitals."""
    odd = alone = 0
    together = False
    for before, sign, after in zip(" " + text, text, text[1:] + " ", strict=False):
        if sign < "\x80" or "\u3000" <= sign <= "\u303f":
            continue
        kind = unicodedata.category(sign)
        if sign in "§¶†‡‰¡¿·ƒ":
            odd += before.isalpha()
        elif kind[0] == "L":
            script = _script(sign)
            odd += any(other.isalpha() and _script(other) != script for other in (before, after))
            together |= script not in SINGLE and after.isalpha()
            alone += script not in SINGLE and not before.isalpha() and not after.isalpha()
            odd += (kind == "Lu" and (before.islower() or (before.isalpha() and after.islower()))) or (
                kind == "Ll" and before.isupper() and after.isupper()
            )
        elif kind in UNUSED or "\u2500" <= sign <= "\u259f":
            odd += 2
        elif kind in ("So", "Sm", "Sk", "No", "Sc"):
            odd += before.isalpha() or after.isalpha()
        elif kind in ("Pi", "Ps"):
            odd += before.isalpha()
        elif "\uff61" <= sign <= "\uff65":  # half-width marks of Japanese
            odd += before.isascii() and before.isalpha()
        elif kind == "Pd":
            odd += before.isalpha() and after.isalpha()
    return odd if together else odd + 2 * alone


def _script(letter: str) -> str:
    """A name for the script of a letter, the same for those that stand together in words."""
    name = unicodedata.name(letter, "").partition(" ")[0]
    if name in ("MICRO", "FEMININE", "MASCULINE"):
        return "LATIN"
    return "CJK" if name in ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "IDEOGRAPHIC") else name


def _telling(data: bytes) -> bytes:
    """A sample of the lines that hold bytes outside ASCII: the plain part of a long text tells nothing."""
    if len(data) <= SAMPLE:
        return data
    first = next((i for i, b in enumerate(data[:2_000_000]) if b > 127), 0)
    start = data.rfind(b"\n", 0, first) + 1
    if first - start > 4000:
        start = first
    sample = data[start : start + SAMPLE]
    if start + SAMPLE < len(data):  # end at a line, not inside a character
        cut = sample.rfind(b"\n")
        sample = sample[:cut] if cut > 0 else sample
    return sample


# --- wide and escaped encodings -------------------------------------------------------------------------


def _utf16(head: bytes) -> str | None:
    """UTF-16 without a mark, of a text in Latin letters, shows as a NUL in every other byte."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.3 * len(head) / 2 and even < 0.05 * odd:
        return "utf-16-le"
    if even > 0.3 * len(head) / 2 and odd < 0.05 * even:
        return "utf-16-be"
    return None


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark in any script: it decodes, and to what could be words."""
    from chardet import detect

    found = (detect(head)["encoding"] or "").lower()
    wide = [found] if found.startswith(("utf-16", "utf-32")) else ["utf-16-le", "utf-16-be"]
    for encoding in wide:
        size = 4 if "32" in encoding else 2
        try:
            text = head[: len(head) // size * size].decode(encoding)
        except UnicodeDecodeError:
            continue
        strange = sum(c not in "\t\n\r\f" and unicodedata.category(c) in UNUSED for c in text)
        if strange <= LARGEST_CONTROL_SHARE * len(text) and (found == encoding or _one_script(text)):
            return encoding
    return None


def _one_script(text: str) -> bool:
    """Whether a short text is letters of one script, a letter a sign, with line ends or spaces between."""
    letters = [c for c in text if c.isalpha()]
    return (
        len(letters) < len(text) < 200
        and len(letters) >= 0.5 * len(text)
        and len({_script(c) for c in letters}) == 1
        and all(c.isalnum() or c in "\r\n\t ,.;:-、。，：；・" for c in text)
    )


def _escaped(head: bytes, named: str) -> str | None:
    """ISO-2022 or HZ, which write other scripts in ASCII bytes between escapes."""
    from chardet import detect

    found = detect(head)["encoding"] or ""
    label = named if named.lower().startswith(("iso-2022", "hz")) else found
    name = label.lower().replace("-", "_")
    if not name.startswith(("iso2022", "iso_2022", "hz")):
        return None
    try:
        head[: head.rfind(b"\n") + 1 or len(head)].decode(label)
    except (UnicodeDecodeError, LookupError):
        return None
    return label


def _control_share(head: bytes) -> float:
    return (len(head) - len(head.translate(None, CONTROLS))) / max(1, len(head))
