"""Downloads of models: each in a fetch process of its own, started by a person's click or command.

A download that is cut off, cancelled or fails keeps what it has and goes on from there the next time, also after a
restart. Nothing here opens a connection: the app process never does.
"""

from __future__ import annotations

import json
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.errors import Conflict, NotFound
from app.models.catalogue import Entry
from app.models.download.fetch_process import PARTS
from engine.sandbox import frames
from engine.sandbox.spawn import HOMELY, spawn
from engine.types import Json

HUB = "https://huggingface.co"
SILENCE = 75.0  # seconds without a word after which a fetch process is given up
KEPT_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
VARIABLES = (
    *HOMELY,
    *("HF_TOKEN", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *KEPT_PROXIES,
    *(name.lower() for name in KEPT_PROXIES),
)
QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_XET": "1",  # a native client that would pass our guard by
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1",
    "HF_HUB_DOWNLOAD_TIMEOUT": "20",
    "DO_NOT_TRACK": "1",
}


@dataclass(frozen=True, slots=True)
class Progress:
    """How a download stands. Bytes; `speed` in bytes per second, `left` in seconds, None while unknown.

    `state`: connecting, downloading, verifying, finished, paused or failed; `kind` and `message` say why it failed.
    """

    id: str
    title: str
    state: str = "connecting"
    done: int = 0
    total: int = 0
    speed: float | None = None
    left: float | None = None
    kind: str = ""
    message: str = ""
    path: str = ""
    license: str | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ("finished", "paused", "failed")


class FetchProcess:
    """One order given to a fetch process. Iterate `reports()` once; `stop()` may be called from any thread."""

    def __init__(self, order: dict[str, Any], *, silence: float = SILENCE):
        self._silence = silence
        self._process = spawn(
            ["-B", "-m", "app.models.download.fetch_process"], variables=VARIABLES, settings=QUIET
        )
        self._reports: queue.SimpleQueue[Json] = queue.SimpleQueue()
        assert self._process.stdin is not None
        try:
            frames.write(self._process.stdin, {"endpoint": endpoint(), **order})
        except OSError:
            pass  # it died; its output ends at once
        threading.Thread(target=self._read, name="fetch", daemon=True).start()

    def reports(self) -> Iterator[Json]:
        """What the process says until it ends. A process that says nothing for too long is ended."""
        while True:
            try:
                report = self._reports.get(timeout=self._silence)
            except queue.Empty:
                self.stop()
                message = "The Hub stopped answering. What was downloaded is kept; try again."
                yield {"failed": {"kind": "offline", "message": message}}
                return
            if report is None:
                return
            yield report

    def stop(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(frames.Broken):
            for report in frames.received(self._process.stdout):
                self._reports.put(report)
        self._process.wait()
        self._reports.put(None)


class Fetches:
    """The downloads of this process into one folder. Thread-safe. `changed(progress)` is called from other threads."""

    def __init__(self, folder: Path, changed: Callable[[Progress], None], *, silence: float = SILENCE):
        self.folder = folder
        self._changed = changed
        self._silence = silence
        self._lock = threading.Lock()
        self._processes: dict[str, FetchProcess] = {}
        self._progress: dict[str, Progress] = {}
        self._entries: dict[str, Entry] = {}
        self._stopped: set[str] = set()

    def start(self, entry: Entry) -> Progress:
        """Begin a download, or go on with one. Raises Conflict while it is at work."""
        with self._lock:
            if entry.id in self._processes:
                raise Conflict(f"{entry.title} is being downloaded already.")
            order = {
                "do": "get",
                "id": entry.id,
                "title": entry.title,
                "repo": entry.repo,
                "file": entry.file,
                "folder": str(self.folder),
            }
            process = FetchProcess(order, silence=self._silence)
            self._processes[entry.id] = process
            self._stopped.discard(entry.id)
            progress = self._progress[entry.id] = Progress(entry.id, entry.title)
            self._entries[entry.id] = entry
        threading.Thread(target=self._follow, args=(entry, process), name="download", daemon=True).start()
        return progress

    def pause(self, id: str) -> None:
        """Stop a download and keep what it has. Raises NotFound when there is none at work."""
        with self._lock:
            process = self._processes.get(id)
            if process is None:
                raise NotFound("There is no download of that name at work.")
            self._stopped.add(id)
        process.stop()

    def discard(self, id: str) -> int:
        """Remove what a download has, stopping it first; return the bytes that were freed."""
        with self._lock:
            process = self._processes.get(id)
            self._stopped.add(id)
        if process is not None:
            process.stop()
        freed = 0
        note = self.folder / PARTS / f"{id}.json"
        for file in _noted(note).get("files", ()):
            part = note.with_name(f"{file['sha256']}.part")
            freed += part.stat().st_size if part.exists() else 0
            part.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
        note.with_name(f"{id}.lock").unlink(missing_ok=True)
        with self._lock:
            self._progress.pop(id, None)
        return freed

    def all(self) -> list[Progress]:
        """Downloads at work, those that ended since the start, and those that an earlier start left."""
        with self._lock:
            found = dict(self._progress)
        for note in sorted((self.folder / PARTS).glob("*.json")):
            id = note.stem
            if id not in found:
                noted = _noted(note)
                found[id] = Progress(id, str(noted.get("title") or id), "paused", total=noted.get("total", 0))
            if found[id].state in ("paused", "failed"):
                have = sum(
                    _size(note.with_name(f"{f['sha256']}.part")) for f in _noted(note).get("files", ())
                )
                found[id] = replace(found[id], done=have, total=_noted(note).get("total", found[id].total))
        return list(found.values())

    def entry(self, id: str) -> Entry | None:
        """What a download that was left is about, for going on with it."""
        with self._lock:
            if id in self._entries:
                return self._entries[id]
        noted = _noted(self.folder / PARTS / f"{id}.json")
        if not {"repo", "file"} <= set(noted):
            return None
        return Entry(id, str(noted.get("title") or id), "own", str(noted["repo"]), str(noted["file"]))

    def close(self) -> None:
        """Stop all downloads; each goes on from where it is when it is started again."""
        with self._lock:
            self._stopped.update(self._processes)
            processes = list(self._processes.values())
        for process in processes:
            process.stop()

    def _follow(self, entry: Entry, process: FetchProcess) -> None:
        now = self._progress[entry.id]
        meter = Meter()
        for report in process.reports():
            if "state" in report:
                speed = meter.speed(report["done"]) if report["state"] == "downloading" else None
                left = (report["total"] - report["done"]) / speed if speed else None
                now = replace(now, **report, speed=speed, left=left)
            elif "found" in report:
                now = replace(now, license=report["found"].get("license"))
            elif "finished" in report:
                now = replace(now, state="finished", done=now.total, speed=None, path=report["finished"])
            else:
                now = replace(now, state="failed", speed=None, left=None, **report["failed"])
            if now.over:
                break
            with self._lock:
                self._progress[entry.id] = now
            self._changed(now)
        process.stop()
        with self._lock:
            self._processes.pop(entry.id, None)
            stopped = entry.id in self._stopped
            if not now.over:
                lost = "The download process ended unexpectedly. What was downloaded is kept; try again."
                now = replace(now, state="paused" if stopped else "failed", message="" if stopped else lost)
            self._progress[entry.id] = now = replace(now, speed=None, left=None)
        self._changed(now)


class Meter:
    """Bytes per second over the last seconds."""

    def __init__(self, seconds: float = 8.0):
        self._seconds = seconds
        self._seen: list[tuple[float, int]] = []

    def speed(self, done: int) -> float | None:
        """Take a count; return the speed once two counts are far enough apart."""
        now = time.monotonic()
        self._seen = [(at, count) for at, count in self._seen if now - at <= self._seconds]
        self._seen.append((now, done))
        (first, before), span = self._seen[0], now - self._seen[0][0]
        return (done - before) / (now - first) if span >= 0.5 and done > before else None


def look(entries: list[Entry], *, silence: float = SILENCE) -> dict[str, Json]:
    """Ask the Hub about models: by id, {"files", "license", "revision"} or {"problem"}.

    Raises Unreachable when the Hub gives no answer.
    """
    models = [{"id": entry.id, "repo": entry.repo, "file": entry.file} for entry in entries]
    process = FetchProcess({"do": "look", "models": models}, silence=silence)
    found: dict[str, Json] = {}
    try:
        for report in process.reports():
            if "found" in report:
                found[report["found"].pop("id")] = report["found"]
            elif "failed" in report:
                raise Unreachable(report["failed"]["message"])
            elif "finished" in report:
                return found
        raise Unreachable("The fetch process ended unexpectedly; try again.")
    finally:
        process.stop()


class Unreachable(Conflict):
    """The Hub does not answer: a state of the world, not a mistake."""


def endpoint() -> str:
    """The Hub's address: huggingface.co, or what HF_ENDPOINT names."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB


def _noted(note: Path) -> dict[str, Any]:
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
