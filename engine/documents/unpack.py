"""Files within files, to any depth within limits: every document found on the way, or why there is none.

Runs in the parser process only. What one file may unpack to is bounded in bytes, in number, in depth and in time, so
that no archive, however it is made, takes more than a large file would.
"""

from __future__ import annotations

import gc
import hashlib
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import PurePosixPath

from engine.documents.formats.child import Child, Opened
from engine.documents.formats.containers.opening import open_container
from engine.documents.formats.detect import Parsed, from_opened, parse
from engine.documents.formats.mail.opening import open_mail
from engine.documents.formats.unreadable import Unreadable

LARGEST = 256 << 20  # bytes of one file within
TOGETHER = 1 << 30  # bytes of all files within one file
MOST = 20_000  # files within one file
DEEPEST = 32  # files within files within files
LONGEST = 120  # characters of one part of a name
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")
LEFT_OUT = "__MACOSX"  # where macOS keeps what is no content


@dataclass(slots=True)
class Found:
    """A document, or the `reason` why there is none, at `name` below the file (the file itself: "").

    With neither, only `notices` are told. `sha256` is that of an attachment; `again` means that this file held the same one
    before, and its text is left out. `late`: it may succeed at another time.
    """

    name: str
    parsed: Parsed | None = None
    reason: str = ""
    notices: list[str] = field(default_factory=list)
    sha256: str = ""
    size: int = 0
    again: bool = False
    late: bool = False
    begins: bool = False  # nothing yet: the file of this name is being read from here on


class Walk:
    """One file and all that is in it.

    `avoid` maps names of what is not to be read to the reasons; `seconds` is when to stop going deeper.
    """

    def __init__(self, avoid: Mapping[str, str], seconds: float | None = None):
        self._avoid = avoid
        self._seconds = seconds
        self._until = time.monotonic() + seconds if seconds else float("inf")
        self._bytes, self._files = TOGETHER, MOST
        self._seen: dict[str, str] = {}  # sha256 of attachments -> why there is no text, or ""

    def file(self, data: bytes, name: str) -> Iterator[Found]:
        """Everything in a file with this name."""
        yield from self._opened(lambda: parse(data, name), name, Found("", size=len(data)), ())

    def _opened(
        self, read: Callable[[], Parsed], name: str, found: Found, above: tuple[str, ...]
    ) -> Iterator[Found]:
        try:
            result = read()
        except Exception as problem:
            found.reason = why(problem)
            yield found
            return
        children = iter(result.children)
        result.children = ()
        if result.text:
            found.parsed = result
            yield found
        held, hidden = 0, 0
        taken: set[str] = set()
        while True:
            try:
                child = next(children, None)
            except Exception as problem:
                yield _broken_off(found.name, why(problem), held)
                return
            if child is None:
                break
            if _hidden(child.name):
                hidden += 1
                continue
            if self._files <= 0:
                said = f"only the first {MOST:,} files in it were read, which is the most"
                yield _broken_off(found.name, said, held)
                return
            held += 1
            yield from self._child(child, name, found, above, taken)
        if hidden:
            yield Found(found.name, notices=[f"{hidden:,} hidden files in it were left out"])
        if not held and not result.text:
            yield Found(found.name, reason="there is no file in it")

    def _child(
        self, child: Child, name: str, holder: Found, above: tuple[str, ...], taken: set[str]
    ) -> Iterator[Found]:
        self._files -= 1
        path, own = _named(child, name, holder.name, taken)
        yield Found(path, begins=True)
        found = Found(path)
        try:
            if path in self._avoid:
                raise Unreadable(self._avoid[path])
            if time.monotonic() > self._until:
                found.late = True
                raise Unreadable(
                    f"reading the file that holds it took longer than {self._seconds:.0f} seconds"
                )
            if len(above) >= DEEPEST:
                raise Unreadable(f"it lies in {DEEPEST} files one within the other, deeper than is read")
            if child.opened:
                opened = child.opened()
                data, digest = b"", hashlib.sha256(opened.text.encode("utf-8", "replace")).hexdigest()
            else:
                data = child.read(min(LARGEST, self._bytes))
                digest = hashlib.sha256(data).hexdigest()
            self._bytes -= len(data)
            found.size = len(data)
            if digest in above:
                raise Unreadable("it is the same as a file that holds it")
        except Exception as problem:
            found.reason = why(problem)
            yield found
            return
        if child.attached or holder.sha256:  # also what is in something attached
            found.sha256 = digest
            if digest in self._seen:
                found.again, found.reason = True, self._seen[digest]
                yield found
                return
        read = (lambda: from_opened(opened)) if child.opened else (lambda: parse(data, own))
        yield from self._opened(read, own, found, (*above, digest))
        if found.sha256 and (found.parsed or found.reason):
            self._seen[digest] = found.reason


@dataclass(slots=True)
class Way:
    """The way down to a PDF at `inside` of a file, where `Walk` found a text; only what lies on it is unpacked.

    `fits` tells its bytes from others at the same place.
    """

    inside: str
    fits: Callable[[bytes], bool]
    room: int = TOGETHER  # bytes that may still be unpacked
    reason: str = ""

    def pdf(self, data: bytes, name: str) -> bytes:
        """The bytes of the PDF in a file with this name. Raises Unreadable when it is not there, or cannot be had."""
        found = self._in_file(data, name, "", DEEPEST)
        if found is None:
            raise Unreadable(self.reason or "it is not where it was in the file that holds it")
        return found

    def _in_file(self, data: bytes, name: str, path: str, deeper: int) -> bytes | None:
        if path == self.inside and _is_pdf(data, name) and self.fits(data):
            return data
        return self._in_children(lambda: parse(data, name), name, path, deeper)

    def _in_children(self, read: Callable[[], Parsed], name: str, path: str, deeper: int) -> bytes | None:
        taken: set[str] = set()
        for child in islice(read().children, MOST) if deeper else ():
            if _hidden(child.name):
                continue
            below, own = _named(child, name, path, taken)
            if below and not f"{self.inside}/".startswith(f"{below}/"):
                continue
            try:
                if child.opened:
                    found = self._in_children(partial(_opened_again, child.opened), own, below, deeper - 1)
                else:
                    data = child.read(min(LARGEST, self.room))
                    self.room -= len(data)
                    found = self._in_file(data, own, below, deeper - 1)
            except Exception as problem:
                self.reason = self.reason or why(problem)
                continue
            if found is not None:
                return found
        return None


def _opened_again(opened: Callable[[], Opened]) -> Parsed:
    return from_opened(opened())


def _is_pdf(data: bytes, name: str) -> bool:
    """Whether these bytes were read as a PDF: what may hold files is looked at as such before."""
    suffix = PurePosixPath(name).suffix.lower()
    return b"%PDF-" in data[:1024] and not (open_container(data, suffix) or open_mail(data, suffix))


def _named(child: Child, name: str, path: str, taken: set[str]) -> tuple[str, str]:
    """Of a child of the file called `name` at `path`: its path, and the name that tells its kind."""
    inner = unique(clean(child.name), taken) if child.name else ""
    return "/".join(part for part in (path, inner) if part), child.called or inner or PurePosixPath(name).stem


def _broken_off(name: str, reason: str, held: int) -> Found:
    """What to say of a file whose rest cannot be read, after so many files in it."""
    return Found(name, notices=[reason]) if held else Found(name, reason=reason)


def why(problem: Exception) -> str:
    """Why something was not read, for a person, by what went wrong."""
    if isinstance(problem, Unreadable):
        return str(problem)
    if isinstance(problem, MemoryError):
        gc.collect()
        return "reading it needs more memory than is allowed"
    if isinstance(problem, RecursionError):
        return "its parts lie one within the other deeper than can be read"
    return f"it could not be read ({type(problem).__name__})"


def clean(name: str) -> str:
    """A name from an archive or a mail as a path below the file that holds it, whatever it tries to be."""
    parts = CONTROL.sub("\ufffd", name.replace("\\", "/")).split("/")
    name = "/".join(_short(part.strip()) for part in parts if part.strip(" .") or part.strip() == "...")
    return name.encode("utf-8", "replace").decode() or "unnamed"


def _short(part: str) -> str:
    """One part of a path, with its ending."""
    if len(part) <= LONGEST:
        return part
    ending = PurePosixPath(part).suffix[:12]
    return part[: LONGEST - len(ending) - 1] + "…" + ending


def unique(name: str, taken: set[str]) -> str:
    """This name, or with a number after it when it is in `taken`; it is put there."""
    free, number = name, 2
    while free in taken:
        free, number = f"{name} ({number})", number + 1
    taken.add(free)
    return free


def _hidden(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return LEFT_OUT in parts or any(part.startswith(".") and part.strip(".") for part in parts)
