"""Large values are stored once, by the sha256 of their bytes; payloads hold a reference in their place.

    {"$blob": sha256, "mime": str, "bytes": int}

Images of a display (base64 in Jupyter's output format) are kept as their bytes, other strings above LARGE_TEXT bytes
as UTF-8. A payload may hold text of documents and outputs of untrusted cells, so a key of that name that was already
there is escaped with one more "$": a cell cannot forge a reference. Pure functions, apart from the two that take a
connection.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from engine.types import Json

LARGE_TEXT = 64 * 1024  # bytes of UTF-8
IMAGES = frozenset({"image/png", "image/jpeg"})
KEY = "$blob"
ESCAPED = re.compile(r"\$+blob")


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes with their sha256 (hex) and MIME type."""

    sha256: str
    mime: str
    data: bytes

    def is_sound(self) -> bool:
        """Say whether the bytes are those that the name stands for."""
        return hashlib.sha256(self.data).hexdigest() == self.sha256


def split(value: Json) -> tuple[Json, list[Blob]]:
    """Return the value with references in place of large strings and images, and the blobs taken out.

    `join` undoes it, except that white space within the base64 of an image is not kept.
    """
    blobs: list[Blob] = []

    def put(mime: str, data: bytes) -> Json:
        blob = Blob(hashlib.sha256(data).hexdigest(), mime, data)
        blobs.append(blob)
        return {KEY: blob.sha256, "mime": mime, "bytes": len(data)}

    def walk(node: Json, key: str) -> Json:
        if isinstance(node, dict):
            return {_escape(name): walk(item, name) for name, item in node.items()}
        if isinstance(node, list | tuple):
            return [walk(item, "") for item in node]
        if not isinstance(node, str):
            return node
        if key in IMAGES and (image := _image(node)) is not None:
            return put(key, image)
        # A character takes at most 4 bytes, so short strings need no encoding to know that they are small.
        if len(node) * 4 > LARGE_TEXT:
            data = node.encode("utf-8", "surrogatepass")
            if len(data) > LARGE_TEXT:
                return put("text/plain", data)
        return node

    return walk(value, ""), blobs


def join(value: Json, load: Callable[[str], bytes], image: Callable[[str], Json] | None = None) -> Json:
    """Undo `split`: put large strings and images back and unescape keys. `load` gives the bytes of a sha256.

    With `image`, what it makes of the sha256 stands in place of an image.
    """
    if isinstance(value, list):
        return [join(item, load, image) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(sha256 := value.get(KEY), str):
        if image is not None and value["mime"] in IMAGES:
            return image(sha256)
        data = load(sha256)
        if value["mime"] in IMAGES:
            return base64.b64encode(data).decode("ascii")
        return data.decode("utf-8", "surrogatepass")
    return {_unescape(name): join(item, load, image) for name, item in value.items()}


def references(value: Json) -> Iterator[str]:
    """Yield the sha256 of every blob that a stored payload refers to, in order, with repetitions."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if isinstance(sha256 := value.get(KEY), str):
            yield sha256
            return
        for item in value.values():
            yield from references(item)


def save(db: sqlite3.Connection, run: str, blobs: Iterable[Blob]) -> None:
    """Store blobs that are not there yet and note that `run` uses them. Belongs in the event's transaction."""
    for blob in blobs:
        db.execute(
            "INSERT OR IGNORE INTO blob (sha256, mime, data) VALUES (?, ?, ?)",
            (blob.sha256, blob.mime, blob.data),
        )
        db.execute("INSERT OR IGNORE INTO blob_use (run, sha256) VALUES (?, ?)", (run, blob.sha256))


def _escape(name: Json) -> Json:
    return f"${name}" if isinstance(name, str) and ESCAPED.fullmatch(name) else name


def _unescape(name: str) -> str:
    return name[1:] if ESCAPED.fullmatch(name) else name


def _image(text: str) -> bytes | None:
    compact = "".join(text.split())
    try:
        data = base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError):
        return None
    # Only what encodes back to the same text may be kept as bytes; a cell may send anything under this name.
    return data if data and base64.b64encode(data).decode("ascii") == compact else None
