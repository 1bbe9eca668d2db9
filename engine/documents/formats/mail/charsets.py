"""Text of bodies and headers, whatever their charset is called, and where it is wrong or missing."""

from __future__ import annotations

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.policy import Compat32

from engine.documents.formats.encodings import NotText, decode

# What senders call by the narrower name: the wider encoding reads both.
WIDER = {
    "us-ascii": "", "ascii": "", "ansi_x3.4-1968": "", "unknown-8bit": "", "x-unknown": "", "default": "", "8bit": "",
    "iso-8859-1": "cp1252", "latin1": "cp1252", "iso8859-1": "cp1252", "iso-8859-9": "cp1254", "iso-8859-11": "cp874",
    "tis-620": "cp874", "windows-874": "cp874", "iso-8859-8-i": "iso8859_8", "iso-8859-8-e": "iso8859_8",
    "iso-8859-6-i": "iso8859_6", "iso-8859-6-e": "iso8859_6", "logical": "iso8859_8", "visual": "iso8859_8",
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "gb_2312-80": "gb18030", "cp936": "gb18030",
    "windows-936": "gb18030", "big5": "cp950", "x-x-big5": "cp950", "ks_c_5601-1987": "cp949", "euc-kr": "cp949",
    "ks_c_5601": "cp949", "ksc5601": "cp949", "windows-949": "cp949", "shift_jis": "cp932", "shift-jis": "cp932",
    "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932", "iso-2022-jp": "iso2022_jp_ext",
    "x-euc-jp": "euc_jp", "unicode-1-1-utf-7": "utf-7", "x-mac-roman": "mac_roman", "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic", "x-mac-ce": "mac_latin2", "ansi": "cp1252", "x-ansi": "cp1252",
    "koi8-ru": "koi8_u", "dos-862": "cp862", "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252",
    "utf-8mb4": "utf-8", "unicode-1-1-utf-8": "utf-8", "unicode": "utf-16",
}  # fmt: skip
LONG = 20_000  # characters of a header above which its encoded words are read one by one: together takes too long
WORD = re.compile(r"=\?[^\s?]{1,40}\?[bqBQ]\?[^\s?]{0,1000}\?=")
TOGETHER = re.compile(rb"[\x80-\xff]{2}")
NEVER = ("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem")
SEVEN_BIT = ("utf-7", "hz", "iso2022", "utf-16", "utf-32")  # ASCII bytes mean something else in these


class _AsTheyStand(Compat32):
    """Headers as the parser found them: bytes that are not ASCII are kept as surrogates."""

    def header_fetch_parse(self, name: str, value: str) -> str:
        return value


POLICY = _AsTheyStand()


def to_text(data: bytes, charset: str) -> tuple[str, str]:
    """Text of bytes that say they are in `charset` ("": they say nothing), and what is wrong with them, or "".

    UTF-8 is believed before an encoding that any bytes fit; a charset that the bytes do not fit is not believed.
    """
    encoding = _encoding(charset)
    if data.isascii() and not encoding.startswith(SEVEN_BIT):
        return data.decode("ascii"), ""
    tries = [encoding] if encoding and not _fits_all(encoding) else []
    tries += ["utf-8", *([encoding] if encoding and not tries else [])]
    for name in tries:
        try:
            return data.decode(name), ""
        except (UnicodeError, LookupError):
            continue
    if encoding and not _fits_all(encoding):
        text = data.decode(encoding, "replace")
        if text.count("\ufffd") * 50 < len(text):
            return text, f"some bytes are not valid {charset}"
    try:
        text, guessed = decode(data)
    except NotText:
        return data.decode("utf-8", "replace"), "some bytes are in no known encoding"
    return text, f"some bytes are not valid {guessed[:-1]}" if guessed.endswith("?") else ""


def header_text(value: object, charset: str = "") -> str:
    """A header for people: encoded words and bare bytes (in `charset`, if that is known) decoded, on one line."""
    raw = _bare(str(value), charset)
    parts: list[str] = []
    if len(raw) > LONG:
        raw = WORD.sub(lambda found: header_text(found[0]), raw)
        return " ".join(raw.replace("\0", "\ufffd").split())
    try:
        chunks = decode_header(raw) if "=?" in raw else [(raw, None)]
    except (HeaderParseError, ValueError):
        chunks = [(raw, None)]
    for chunk, named in chunks:
        if isinstance(chunk, str):
            parts.append(chunk)
        elif named is None:
            parts.append(chunk.decode("raw-unicode-escape", "replace"))
        else:
            parts.append(to_text(chunk, named.split("*")[0])[0])
    return " ".join("".join(parts).replace("\0", "\ufffd").split())


def _bare(value: str, charset: str) -> str:
    """A header as the parser left it, with the bytes that are not ASCII as text."""
    try:
        data = value.encode("ascii", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace").decode()
    if not charset and not TOGETHER.search(data):
        charset = "cp1252"  # too short to be guessed; signs that stand alone are letters with accents
    return to_text(data, charset)[0]


def _encoding(charset: str) -> str:
    """Python's name of a charset, "" for none or an unknown one."""
    name = charset.strip(" \"'\t;").lower().replace(" ", "")
    name = WIDER.get(name, name)
    if not name or not name.isascii() or "\0" in name or name in NEVER:
        return ""
    try:
        known = codecs.lookup(name)
        b"".decode(known.name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    return known.name


def _fits_all(encoding: str) -> bool:
    """True for encodings of one byte a character, which nearly any bytes fit."""
    try:
        return len(bytes(range(0xC0, 0xD0)).decode(encoding)) == 16
    except (UnicodeError, LookupError):
        return False
