"""A zipped office file, opened with limits: parts as bytes or XML, and how they point at each other."""

from __future__ import annotations

import io
import posixpath
import zipfile
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from engine.documents.formats import passwords
from engine.documents.formats.properties import property_line
from engine.documents.formats.unreadable import Unreadable

LARGEST = 256 << 20  # bytes of one unpacked part
LARGEST_TOTAL = 768 << 20  # bytes of all unpacked parts
MOST = 20_000  # parts
DUBLIN = "{http://purl.org/dc/elements/1.1/}"
TERMS = "{http://purl.org/dc/terms/}"
CORE = "{http://schemas.openxmlformats.org/package/2006/metadata/core-properties}"
DAMAGE = (
    zipfile.BadZipFile,
    ElementTree.ParseError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
)


class Package:
    """The parts of a zipped file. Raises BadZipFile or Unreadable."""

    def __init__(self, data: bytes):
        self._archive = zipfile.ZipFile(io.BytesIO(data))
        self._left = LARGEST_TOTAL
        infos = self._archive.infolist()
        if len(infos) > MOST:
            raise Unreadable(f"it holds more than {MOST:,} parts")
        self._infos = {info.filename: info for info in infos}
        self.names = list(self._infos)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def read(self, name: str) -> bytes:
        """Unpack one part. Raises Unreadable when it is too large or protected by a password."""
        info = self._infos[name]
        if info.flag_bits & 1:
            raise Unreadable(passwords.why_locked())
        with self._archive.open(info) as file:
            data = file.read(min(LARGEST, self._left) + 1)
        if len(data) > min(LARGEST, self._left):
            raise Unreadable("its text is larger than 256 MB")
        self._left -= len(data)
        return data

    def xml(self, name: str) -> Element | None:
        """The root of an XML part; None where there is no such part. Raises ValueError for entities of its own."""
        if name not in self._infos:
            return None
        data = self.read(name)
        plain = data.replace(b"\0", b"") if b"\0" in data[:4] else data  # UTF-16
        if b"<!ENTITY" in plain:
            raise ValueError("entities do not belong in an office file")
        return ElementTree.fromstring(data)

    def locked(self) -> bool:
        """Whether this is an OpenDocument file whose parts need a password."""
        manifest = self.xml("META-INF/manifest.xml")
        return manifest is not None and any(local(item) == "encryption-data" for item in manifest.iter())

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """What a part points at: id -> (last word of the kind, name of the part)."""
        folder, file = posixpath.split(name)
        root = self.xml(f"{folder}/_rels/{file}.rels" if folder else f"_rels/{file}.rels")
        found = {}
        for item in root if root is not None else ():
            if item.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/" + folder, item.get("Target", "")))
                kind = item.get("Type", "").rsplit("/", 1)[-1]
                found[item.get("Id", "")] = (kind, target.lstrip("/"))
        return found

    def properties(self) -> str:
        """The line of properties of a file of Microsoft Office or its like."""
        try:
            root = self.xml("docProps/core.xml")
        except DAMAGE:
            return ""
        if root is None:
            return ""

        def said(*names: str) -> str:
            return next((text for name in names if (text := root.findtext(name) or "")), "")

        return property_line(
            {
                "title": said(DUBLIN + "title"),
                "author": said(DUBLIN + "creator"),
                "subject": said(DUBLIN + "subject"),
                "keywords": said(CORE + "keywords"),
                "description": said(DUBLIN + "description"),
                "last changed by": said(CORE + "lastModifiedBy"),
            },
            {"created": said(TERMS + "created"), "changed": said(TERMS + "modified")},
        )


def local(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def attribute(element: Element | None, name: str) -> str:
    """The attribute of this name in any namespace, else ""."""
    if element is None:
        return ""
    if name in element.attrib:
        return element.attrib[name]
    ending = "}" + name
    return next((value for key, value in element.attrib.items() if key.endswith(ending)), "")
