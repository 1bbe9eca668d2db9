"""Text of e-books (.epub): their chapters in the order in which they are read."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from engine.documents.formats.encodings import NotText, decode
from engine.documents.formats.html import read_html
from engine.documents.formats.office.package import DAMAGE, Package, attribute, local
from engine.documents.formats.properties import property_line
from engine.documents.formats.unreadable import Unreadable

FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


def parse_epub(package: Package) -> tuple[str, list[str]]:
    """Return the text and notices. Raises Unreadable, and what `package.DAMAGE` names."""
    locked = _locked(package)
    box = package.xml("META-INF/container.xml")
    start = next((attribute(e, "full-path") for e in _all(box) if local(e) == "rootfile"), "")
    book = package.xml(start)
    if book is None:
        raise ValueError("no book")
    items = {attribute(e, "id"): e for e in book.iter() if local(e) == "item"}
    parts, failed = [], 0
    told: dict[str, int] = {}
    for place in (e for e in book.iter() if local(e) == "itemref"):
        item = items.get(attribute(place, "idref"))
        name = posixpath.normpath(posixpath.join(posixpath.dirname(start), unquote(attribute(item, "href"))))
        if name in locked:
            raise Unreadable("this e-book is locked by copy protection")
        try:
            text, notices = read_html(decode(package.read(name))[0])
        except (NotText, *DAMAGE):
            failed += 1
            continue
        parts += [text.strip()] if text.strip() else []
        for notice in notices:
            told[notice] = told.get(notice, 0) + 1
    notices = [f"{failed} of its chapters could not be read"] if failed else []
    notices += [f"{count:,} of its chapters: {notice}" for notice, count in told.items()]
    properties = _properties(book)
    return "\n\n".join([*parts, properties] if parts and properties else parts) + "\n", notices


def _all(root: Element | None) -> list[Element]:
    return [*root.iter()] if root is not None else []


def _locked(package: Package) -> set[str]:
    """The parts that only a reader with a key can open; fonts that are merely scrambled do not count."""
    found = set()
    for item in _all(package.xml("META-INF/encryption.xml")):
        if local(item) == "EncryptedData":
            ways = [attribute(e, "Algorithm") for e in item.iter() if local(e) == "EncryptionMethod"]
            if not any(way in FONTS for way in ways):
                found |= {unquote(attribute(e, "URI")) for e in item.iter() if local(e) == "CipherReference"}
    return found


def _properties(book: Element) -> str:
    said: dict[str, list[str]] = {}
    for item in (e for e in book.iter() if "purl.org/dc" in str(e.tag)):
        said.setdefault(local(item), []).append(item.text or "")
    return property_line(
        {
            name: ", ".join(said.get(key, []))
            for name, key in (("title", "title"), ("author", "creator"), ("publisher", "publisher"))
        },
        {"published": next(iter(said.get("date", [])), "")},
    )
