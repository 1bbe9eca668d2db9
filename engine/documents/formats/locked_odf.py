"""OpenDocument files that a password locks, as LibreOffice and others write them (OpenDocument 1.3, part 2, chapter 4).

Either each part is encrypted (AES in CBC mode, keys by PBKDF2), or the whole package is one encrypted part (AES in GCM
mode, key by Argon2id: LibreOffice 24.8 and later).
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from xml.etree.ElementTree import Element

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.documents.formats import passwords
from engine.documents.formats.office.package import Package, attribute, local
from engine.documents.formats.unreadable import Unreadable

WHOLE = "encrypted-package"  # the one part, where all are in it
READ = ("content.xml", "styles.xml", "meta.xml")  # parts with text, also those of objects in it
LARGEST = 256 << 20  # bytes of a part
MOST_ROUNDS, MOST_KIB, MOST_LANES, MOST_PASSES = 1_000_000, 1 << 18, 16, 20
UNKNOWN = "it is locked in a way that is not known here; save it without a password and add it again"
MANIFEST = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'


def unlocked(package: Package) -> bytes:
    """The file without its lock. Raises Unreadable where that takes a password that is not known, and what
    `package.DAMAGE` names where it is damaged.
    """
    manifest = package.xml("META-INF/manifest.xml")
    parts = {
        attribute(entry, "full-path"): entry
        for entry in (manifest.iter() if manifest is not None else ())
        if local(entry) == "file-entry" and _part(entry, "encryption-data") is not None
    }
    wanted = [
        name for name in parts if name in package and (name == WHOLE or name.rpartition("/")[2] in READ)
    ]
    if not wanted:
        raise Unreadable(UNKNOWN)
    data = {name: package.read(name) for name in wanted}  # once: what is unpacked is counted
    for password in passwords.candidates():
        try:
            opened = {name: _opened(data[name], parts[name], password) for name in wanted}
        except _Wrong:
            continue
        plain = opened.get(WHOLE) or _zipped(package, opened, parts)
        if Package(plain).locked():
            raise Unreadable(UNKNOWN)
        return plain
    raise Unreadable(passwords.why_locked())


class _Wrong(Exception):
    """A password does not fit."""


def _zipped(package: Package, opened: dict[str, bytes], locked: dict[str, Element]) -> bytes:
    """A package of the parts that were opened, and those that were never locked."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name in package.names:
            if name in opened or (
                name not in locked and not name.endswith("/") and not name.startswith("META-INF/")
            ):
                archive.writestr(name, opened[name] if name in opened else package.read(name))
        archive.writestr("META-INF/manifest.xml", MANIFEST)
    return target.getvalue()


def _opened(data: bytes, entry: Element, password: str) -> bytes:
    """The content of one part. Raises _Wrong, or Unreadable for a lock that is not known."""
    said = _part(entry, "encryption-data")
    algorithm, start, derivation = (
        _part(said, name) for name in ("algorithm", "start-key-generation", "key-derivation")
    )
    name = attribute(algorithm, "algorithm-name").rpartition("#")[2]
    vector = base64.b64decode(attribute(algorithm, "initialisation-vector"))
    key = _key(password, start, derivation)
    if name == "aes256-gcm":
        try:
            packed = AESGCM(key).decrypt(vector, data.removeprefix(vector), None)
        except InvalidTag as problem:
            raise _Wrong from problem
    elif name == "aes256-cbc" and len(data) % 16 == 0 and data:
        cipher = Cipher(AES(key), CBC(vector)).decryptor()
        padded = cipher.update(data) + cipher.finalize()
        packed = padded[: len(padded) - padded[-1]]
        if not _fits(packed, padded, said):
            raise _Wrong
    else:
        raise Unreadable(UNKNOWN)
    inflate = zlib.decompressobj(-15)
    try:
        content = inflate.decompress(packed, LARGEST)
    except zlib.error as problem:
        raise _Wrong from problem
    if inflate.unconsumed_tail:
        raise Unreadable("its text is larger than 256 MB")
    return content


def _fits(packed: bytes, padded: bytes, said: Element | None) -> bool:
    """Whether the first kilobyte is the one that was locked."""
    digest = hashlib.sha256 if "sha256" in attribute(said, "checksum-type").lower() else hashlib.sha1
    wanted = base64.b64decode(attribute(said, "checksum"))
    return any(digest(data[:1024]).digest() == wanted for data in (packed, padded))


def _key(password: str, start: Element | None, derivation: Element | None) -> bytes:
    name = attribute(start, "start-key-generation-name").lower()
    first = (hashlib.sha256 if "sha256" in name else hashlib.sha1)(password.encode()).digest()
    salt = base64.b64decode(attribute(derivation, "salt"))
    how = attribute(derivation, "key-derivation-name").lower()
    size = int(attribute(derivation, "key-size") or 16)
    if size != 32:
        raise Unreadable(UNKNOWN)
    if how.endswith("argon2id"):
        passes, kib, lanes = (
            int(attribute(derivation, f"argon2-{name}")) for name in ("iterations", "memory", "lanes")
        )
        if not (0 < passes <= MOST_PASSES and kib <= MOST_KIB and 0 < lanes <= MOST_LANES):
            raise Unreadable(UNKNOWN)
        try:
            return Argon2id(salt=salt, length=size, iterations=passes, lanes=lanes, memory_cost=kib).derive(
                first
            )
        except UnsupportedAlgorithm as problem:
            raise Unreadable(UNKNOWN) from problem
    rounds = int(attribute(derivation, "iteration-count") or 0)
    if not how.endswith("pbkdf2") or not 0 < rounds <= MOST_ROUNDS:
        raise Unreadable(UNKNOWN)
    return hashlib.pbkdf2_hmac("sha1", first, salt, rounds, size)


def _part(element: Element | None, name: str) -> Element | None:
    return next((child for child in element if local(child) == name), None) if element is not None else None
