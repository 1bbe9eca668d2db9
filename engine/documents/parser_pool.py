"""Parser processes as the app sees them: files go in, texts come out in order; a crash costs one file."""

from __future__ import annotations

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, BinaryIO, Protocol, cast

from engine.documents.discover import LARGEST, SourceFile
from engine.grid import NONE, Grid, vetted
from engine.sandbox import frames
from engine.sandbox.spawn import spawn

BATCH_FILES, BATCH_BYTES = 64, 2 << 20
SLOW = (
    ".pdf",
    ".docx",
    ".xlsx",
    ".xlsb",
    ".pptx",
    ".ods",
    ".odt",
    ".odp",
    ".epub",
)  # packed, or laid out anew
AHEAD = 3  # batches per process that may wait for the reader
MEMORY = 3 << 30  # bytes of one parser process
SECONDS, SECONDS_PER_MB = 60.0, 4.0
IN_TIME = 0.7  # share of the time for a file after which no further file within it is begun
MOST_BROKEN = 3  # files within a file that may break the parser
POLL_SECONDS = 0.2
PARSER = "engine.documents.parser"


@dataclass(slots=True)
class Part:
    """One document made of a file, or part `number` of `of` of a very long one.

    `passages` are byte offsets, `pages` character offsets in `text`. `inside` is the name of a file within the
    file, "" for the file itself, `size` its bytes; `sha256` is that of an attachment, and `again` says that the same
    one was there before, so that this one has no text. `kept` numbers the document of the reading before that this is.
    `grid` says which cells the lines of a workbook come from.
    """

    text: bytes
    chars: int
    format: str
    first_line: int
    pages: list[int]
    passages: list[int]
    headings: list[tuple[int, str]]
    inside: str = ""
    number: int = 1
    of: int = 1
    size: int = 0
    sha256: str = ""
    again: bool = False
    kept: int | None = None
    grid: Grid = NONE


@dataclass(slots=True)
class Result:
    """What became of a file: its parts, or the reason why there are none. `transient`: may succeed next time.

    `notices` are told of the file, `told` of files within it, and `unread` says which of those have no text, and why.
    """

    file: SourceFile
    sha256: str = ""
    parts: list[Part] = field(default_factory=list)
    reason: str = ""
    notices: list[str] = field(default_factory=list)
    told: dict[str, list[str]] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    transient: bool = False
    reading: str = ""  # the file within it that was begun last

    def forget(self) -> None:
        """Make it as it was before the file was parsed."""
        self.parts, self.reason, self.notices, self.transient, self.reading = [], "", [], False, ""
        self.told, self.unread = {}, []

    def note(self, inside: str, notices: list[Any]) -> None:
        """Take in what is to be told of the file, or of a file within it."""
        said = [str(notice)[:300] for notice in notices]
        if inside and said:
            self.told.setdefault(inside, []).extend(said)
        else:
            self.notices += said


class Before(Protocol):
    """What is known of files that were read before."""

    def by_facts(self, file: SourceFile) -> Result | None:
        """What a file gave that need not be opened."""

    def by_content(self, result: Result) -> Result | None:
        """What a file with this hash gave."""


class ParserPool:
    """A few parser processes. Use as a context manager; `sandbox` says afterwards why they had none, or ""."""

    def __init__(
        self,
        processes: int = 2,
        *,
        seconds: float = SECONDS,
        memory: int = MEMORY,
        passwords: Sequence[str] = (),
    ):
        self.sandbox = ""
        self._passwords = [*passwords]
        self._processes = processes
        self._seconds = seconds
        self._memory = memory
        self._own = threading.local()
        self._alive: set[_Parser] = set()
        self._threads = ThreadPoolExecutor(processes, thread_name_prefix="parser")
        self._closed = False
        self._lock = threading.Lock()

    def __enter__(self) -> ParserPool:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
            alive = [*self._alive]
        for parser in alive:
            parser.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def parse(
        self,
        files: Iterable[SourceFile],
        waiting_for: Callable[[], None] = lambda: None,
        before: Before | None = None,
    ) -> Iterator[Result]:
        """Yield a result for each file, in order; `waiting_for` is called while there is none.

        What `before` knows already is not parsed.
        """
        waiting: deque[Future[list[Result]]] = deque()
        for batch in batches(files):
            waiting.append(self._threads.submit(self._batch, batch, before))
            if len(waiting) >= AHEAD * self._processes:
                yield from _await(waiting.popleft(), waiting_for)
        while waiting:
            yield from _await(waiting.popleft(), waiting_for)

    def _batch(self, files: list[SourceFile], before: Before | None) -> list[Result]:
        contents = [_unparsed(file, before) for file in files]
        readable = [(result, data) for result, data in contents if data is not None]
        if len(readable) == 1 or (readable and not self._try(readable)):
            for result, data in readable:  # one of them may break the parser: find out which
                self._alone(result, data)
        return [result for result, _ in contents]

    def _alone(self, result: Result, data: bytes) -> None:
        """Parse one file. What breaks the parser is left out: a file within it, and if that is not to be told, all."""
        avoid: dict[str, str] = {}
        while True:
            result.forget()
            reason = self._try([(result, data)], say=True, avoid=avoid)
            if reason is True:
                result.transient = result.transient or bool(avoid)
                return
            if not result.reading or result.reading in avoid or len(avoid) == MOST_BROKEN:
                result.forget()
                result.reason, result.transient = str(reason), True
                return
            avoid[result.reading] = str(reason)

    def _try(
        self, contents: list[tuple[Result, bytes]], say: bool = False, avoid: dict[str, str] | None = None
    ) -> bool | str:
        """Parse files in this thread's process. Return True, or when it broke False or (`say`) the reason."""
        if self._closed:
            return "it was stopped" if say else False
        parser = getattr(self._own, "parser", None)
        if parser is None or not parser.usable:
            parser = self._own.parser = _Parser(self._memory, self._passwords)
            with self._lock:
                self._alive.add(parser)
                self.sandbox = self.sandbox or parser.sandbox
                if self._closed:
                    parser.kill()
        seconds = self._seconds + SECONDS_PER_MB * sum(len(data) for _, data in contents) / (1 << 20)
        try:
            parser.parse(contents, seconds, avoid if say else None)
            return True
        except (frames.Broken, OSError, ValueError, KeyError, TypeError, IndexError, OverflowError):
            parser.kill()
            with self._lock:
                self._alive.discard(parser)
            if not say:
                return False
            late = f"reading it took longer than {seconds:.0f} seconds"
            return late if parser.late else "its content made the parser fail"


class _Parser:
    def __init__(self, memory: int, passwords: Sequence[str]):
        self.usable, self.late, self.sandbox = True, False, ""
        self._process = spawn(["-m", PARSER], settings={"OPENBLAS_NUM_THREADS": "1"})
        self._send = cast(BinaryIO, self._process.stdin)
        self._receive = cast(BinaryIO, self._process.stdout)
        try:
            frames.write(self._send, {"memory": memory, "passwords": [*passwords]})
            self.sandbox = str(frames.read_header(self._receive)["sandbox"])[:500]
        except (OSError, frames.Broken, KeyError, TypeError):
            self.usable = False

    def parse(
        self, contents: list[tuple[Result, bytes]], seconds: float, avoid: dict[str, str] | None = None
    ) -> None:
        """Fill in the results. Raises Broken, OSError or ValueError when the process fails or lies.

        With `avoid`, for one file, the process is told which files within it to leave out, and when to stop.
        """
        if not self.usable:
            raise frames.Broken("it did not start")
        alarm = threading.Timer(seconds, self._expire)
        alarm.daemon = True
        alarm.start()
        try:
            files = [[result.file.name, len(data)] for result, data in contents]
            more = {} if avoid is None else {"avoid": avoid, "seconds": IN_TIME * seconds}
            frames.write(self._send, {"files": files, **more}, *(data for _, data in contents))
            for result, _ in contents:
                self._receive_file(result)
        finally:
            alarm.cancel()

    def _receive_file(self, result: Result) -> None:
        while "ends" not in (header := frames.read_header(self._receive)):
            if "begins" in header:
                result.reading = str(header["begins"])
                continue
            inside, sha256 = str(header["inside"]), str(header["sha256"])[:64]
            if "reason" in header:
                result.transient = result.transient or bool(header["late"])
                if inside:
                    result.unread.append((inside, str(header["reason"])[:500]))
                else:
                    result.reason = str(header["reason"])[:500]
            elif "again" in header:
                result.parts.append(Part(b"", 0, "", 1, [], [], [], inside, sha256=sha256, again=True))
            elif "part" not in header:
                result.note(inside, header["notices"])
            else:
                part = self._receive_part(header)
                part.inside, part.sha256, part.size = inside, sha256, int(header["size"])
                part.number, part.of = int(header["part"]), int(header["parts"])
                result.note(inside, header["notices"] if part.number == 1 else [])
                result.parts.append(part)

    def _receive_part(self, header: dict[str, Any]) -> Part:
        size, passages, pages = header["bytes"], header["passages"], header["pages"]
        marks = header["marks"]
        if not all(isinstance(n, int) and 0 <= n <= 8 * LARGEST for n in (size, passages, pages, marks)):
            raise ValueError("sizes")
        text = frames.read_bytes(self._receive, size)
        starts = memoryview(frames.read_bytes(self._receive, 8 * passages)).cast("Q").tolist()
        page_starts = memoryview(frames.read_bytes(self._receive, 8 * pages)).cast("Q").tolist()
        placed = memoryview(frames.read_bytes(self._receive, 8 * marks)).cast("Q")
        chars = len(str(text, "utf-8"))
        _check_offsets(starts, len(text), strict=True)
        _check_offsets(page_starts, chars + 2)
        headings = [(int(at), str(heading)) for at, heading in header["headings"]]
        line, kind = int(header["first_line"]), str(header["format"])
        grid = vetted(header["sheets"], placed)
        return Part(text, chars, kind, line, page_starts, starts, headings, grid=grid)

    def _expire(self) -> None:
        self.late = True
        self._process.kill()

    def kill(self) -> None:
        self.usable = False
        self._process.kill()
        self._process.wait()
        for stream in (self._send, self._receive):
            try:
                stream.close()
            except OSError:
                pass


def _await(future: Future[list[Result]], waiting_for: Callable[[], None]) -> list[Result]:
    while not wait([future], POLL_SECONDS).done:
        waiting_for()
    return future.result()


def _check_offsets(offsets: list[int], size: int, *, strict: bool = False) -> None:
    """Refuse offsets of a parser that lies: they must begin at 0, ascend, and stay inside."""
    if not offsets:
        if strict:
            raise ValueError("no passages")
        return
    ascending = all(a < b if strict else a <= b for a, b in pairwise(offsets))
    if offsets[0] != 0 or not ascending or offsets[-1] >= size:
        raise ValueError("offsets")


def read(file: SourceFile) -> tuple[Result, bytes | None]:
    """Read and hash one file. Without its bytes the result says why."""
    try:
        flags = (
            os.O_RDONLY
            | getattr(os, "O_NOFOLLOW", 0)
            | getattr(os, "O_NONBLOCK", 0)
            | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(os.open(file.path, flags), "rb") as stream:
            data = stream.read(LARGEST + 1)
    except PermissionError:
        return Result(file, reason="it cannot be opened: permission denied"), None
    except FileNotFoundError:
        return Result(file, reason="it vanished while the folder was read", transient=True), None
    except OSError as problem:
        return Result(file, reason=f"it cannot be opened: {problem.strerror}", transient=True), None
    if len(data) > LARGEST:
        return Result(file, reason=f"it is larger than {LARGEST >> 20} MB"), None
    result = Result(file, sha256=hashlib.sha256(data).hexdigest())
    if not data:
        result.reason = "it is empty"
        return result, None
    return result, data


def _unparsed(file: SourceFile, before: Before | None) -> tuple[Result, bytes | None]:
    """What a file gave before, else as `read`."""
    known = before.by_facts(file) if before else None
    if known is None:
        result, data = read(file)
        known = before.by_content(result) if before else None
        if known is None:
            return result, data
    return known, None


def batches(files: Iterable[SourceFile]) -> Iterator[list[SourceFile]]:
    """Group files so that small ones travel together and a large one alone."""
    batch: list[SourceFile] = []
    size = 0
    for file in files:
        weight = file.size * (8 if file.name.lower().endswith(SLOW) else 1)
        if batch and (len(batch) >= BATCH_FILES or size + weight > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(file)
        size += weight
    if batch:
        yield batch
