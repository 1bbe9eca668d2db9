"""The parser process (`python -m engine.documents.parser`): bytes of files in, text and passages out, or a page as an image.

It reads no files of the user: the app sends it bytes. It has limits on memory, and a sandbox where there is one.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from typing import Any

from engine.documents.formats.detect import Parsed
from engine.documents.formats.passwords import know
from engine.documents.unpack import Walk, Way, why
from engine.errors import SandboxError
from engine.sandbox import Policy, confine, default_read_paths, frames
from engine.sandbox.child import begin
from engine.text import passages

PART_CHARS = 64_000_000  # a longer text becomes several documents
CODE = frozenset(
    ".py .sh .rb .pl .c .h .cpp .hpp .yml .yaml .toml .ini .conf .cfg .r .jl .ps1 .mk .lock .properties .env .tf .nix .ex .exs .nim .graphql .tcl .awk .bash .zsh .fish .csv .tsv".split()
)


def main() -> None:
    """Confine this process, say so, then answer requests until the app closes the pipe."""
    source, target = begin()
    options = frames.read_header(source)
    know(options["passwords"])
    frames.write(target, {"sandbox": confine_self(options["memory"])})
    while True:
        try:
            request = frames.read_header(source)
        except frames.Broken:
            return
        if "picture" in request:
            data = frames.read_bytes(source, request["size"])
            frames.write(target, *drawn(request["picture"], data, request["within"]))
            continue
        files = [(name, frames.read_bytes(source, size)) for name, size in request["files"]]
        for name, data in files:
            for header, payload in answer(name, data, request.get("avoid"), request.get("seconds")):
                frames.write(target, header, *payload)
            frames.write(target, {"ends": True})


def drawn(wanted: dict[str, Any], data: bytes, within: dict[str, Any] | None = None) -> tuple[Any, ...]:
    """A page as an image in one frame, or the reason why it cannot be drawn; `within` says which file in the data."""
    try:
        from engine.documents.formats.pdf.picture import draw
        from engine.documents.formats.pdf.wanted import Wanted, Within

        if within:
            place = Within(**within)
            data = Way(place.inside, place.is_it).pdf(data, place.file)
        png, marked = draw(data, Wanted(**wanted))
    except Exception as problem:
        return ({"reason": why(problem)},)
    return {"size": len(png), "marked": marked}, png


def confine_self(memory: int) -> str:
    """Limit this process to `memory` bytes and its sandbox. Return "" or why there is no sandbox."""
    _limit_memory(memory)
    try:
        confine(Policy(read=default_read_paths(), data_bytes=memory, file_bytes=0))
    except (SandboxError, OSError) as problem:
        return str(problem)
    return ""


def _limit_memory(memory: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, value in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        if hard == resource.RLIM_INFINITY or value < hard:
            resource.setrlimit(kind, (value, hard))


def answer(
    name: str, data: bytes, avoid: Mapping[str, str] | None = None, seconds: float | None = None
) -> Iterator[tuple[dict[str, Any], list[bytes]]]:
    """Yield a frame for each part of each document in a file, and for each thing in it that cannot be read.

    `avoid` maps names of files within it, which are not read, to the reasons; after `seconds` none is begun.
    """
    for found in Walk(avoid or {}, seconds).file(data, name):
        about = {"inside": found.name, "sha256": found.sha256, "size": found.size}
        if found.begins:
            yield {"begins": found.name}, []
        elif found.reason:
            yield {**about, "reason": found.reason, "late": found.late}, []
        elif found.again:
            yield {**about, "again": True}, []
        elif found.parsed is None:
            yield {**about, "notices": found.notices}, []
        else:
            try:
                parts = [*_parts(found.parsed)]
                for number, (text, pages, line) in enumerate(parts, 1):
                    header, payload = _frame(found.name or name, found.parsed.format, text, pages)
                    place = {"part": number, "parts": len(parts), "first_line": line}
                    grid = found.parsed.grid  # its lines count on through all parts
                    cells = {"sheets": [*grid.sheets], "marks": len(grid.marks)}
                    payload.append(array("Q", grid.marks).tobytes())
                    said = {"format": found.parsed.format, "notices": found.parsed.notices}
                    yield {**about, **header, **place, **cells, **said}, payload
            except MemoryError as problem:
                yield {**about, "reason": why(problem), "late": False}, []


def _frame(name: str, kind: str, text: str, pages: list[int]) -> tuple[dict[str, Any], list[bytes]]:
    """One part of a document, with its passages, as bytes and what is said of them."""
    encoded = text.encode()
    suffix = name[name.rfind(".") :].lower()
    plain = None if suffix in CODE else passages.HEADING
    heading = {"ini": passages.SECTION, "subtitles": passages.SPOKEN_AT}.get(kind, plain)
    starts, headings = passages.split(text, heading)
    offsets = array("Q", starts if len(encoded) == len(text) else _byte_offsets(text, starts))
    counts = {"pages": len(pages), "passages": len(starts), "headings": headings, "bytes": len(encoded)}
    return counts, [encoded, offsets.tobytes(), array("Q", pages).tobytes()]


def _parts(parsed: Parsed) -> Iterator[tuple[str, list[int], int]]:
    """Cut a very long text at line ends: (text, page starts, number of its first line)."""
    text, start, line = parsed.text, 0, 1
    while len(text) - start > PART_CHARS:
        end = text.rfind("\n", start, start + PART_CHARS) + 1 or start + PART_CHARS
        yield text[start:end], _pages_in(parsed.pages, start, end), line
        line += text.count("\n", start, end)
        start = end
    yield text[start:], _pages_in(parsed.pages, start, len(text) + 1), line


def _pages_in(pages: list[int], start: int, end: int) -> list[int]:
    return [page - start for page in pages if start <= page < end] if start else pages


def _byte_offsets(text: str, starts: list[int]) -> list[int]:
    offsets, at = [], 0
    for start, following in zip(starts, [*starts[1:], len(text)], strict=True):
        offsets.append(at)
        at += len(text[start:following].encode())
    return offsets


if __name__ == "__main__":
    main()
