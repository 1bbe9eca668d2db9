"""Backups made from the app: to a file of this machine, or to one that the browser saves; one at a time, in a thread."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from app.errors import NotFound
from app.live.job import Job
from app.safekeeping.shown import backup_state
from engine import backup
from engine.backup.write import to_json
from engine.errors import InputError, StoreError, TaprootError
from engine.paths import expanded
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

TELL_SECONDS = 0.3
PREFIX = "taproot-backup-"  # of folders in the system's temporary one, each with the process that made it


class Backups:
    """Thread-safe. Tells followers {"kind": "backup", "running": progress or None, "made", "message", "shown": trees} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._data = Path(workbench.data_dir)
        self._hub = workbench.hub
        self._job = Job(
            "backup",
            self._tell,
            busy="A backup is being made already. Wait for its end, or stop it.",
            stopped="Stopped; nothing was left of the backup.",
            kept="Nothing was backed up.",
        )
        self.stop = self._job.stop
        self._lock = threading.Lock()
        self._made: Json = None
        self._said = ""  # of what became of one, beside what its end says
        self._told = 0.0
        self._folder: Path | None = None  # of the file that the browser has not saved yet
        sweep()

    def start(self, file: str, *, over: bool = False) -> Json:
        """Begin a backup into `file` ("": one in the home folder, named by the date), over one that is there if so wished.

        Raises InputError where that cannot be done, Conflict while one is made.
        """
        target = backup.place(self._data, expanded(file.strip() or f"~/{name()}"), force=True)
        if target.exists() and not over:
            raise InputError(f"{target} exists already. Choose another name, or let it be written over.")
        self._begin(target, over)
        return {"file": str(target)}

    def start_saving(self) -> Json:
        """Begin a backup that the browser saves when it is made. Raises InputError when there is nothing to back up, Conflict."""
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{psutil.Process().pid}-"))
        try:
            target = backup.place(self._data, folder / name())
            self._begin(target, over=False, folder=folder)
        except (TaprootError, OSError):
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return {"file": target.name}

    def file(self) -> Path:
        """The file that the browser is to save. Raises NotFound when there is none."""
        with self._lock:
            made = self._made
        if not made or not made["save"]:
            raise NotFound("There is no backup to save. Make one first.")
        return Path(made["file"])

    def saved(self, file: Path) -> None:
        """Remove a file that the browser has saved; one that is made meanwhile stays."""
        with self._lock:
            if self._folder != file.parent:
                return
            self._folder, self._made, self._said = None, None, "The backup was handed to the browser."
        shutil.rmtree(file.parent, ignore_errors=True)
        self._tell()

    def say(self, problem: str) -> None:
        """Tell why a backup could not begin, where the form shows what becomes of them."""
        with self._lock:
            self._said = problem
        self._tell()

    def close(self) -> None:
        """Stop, wait for the end, and remove what was not saved."""
        self._job.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def overview(self) -> Json:
        """What a backup would pack and what became of those made.

        {"size": bytes, "free": bytes of the disk of the home folder, "name": of a new file, "running": {"file", "save", "done",
        "of", "free"} or None, "made": {"file", "save", "bytes", "runs", "corpora"} or None, "message"}
        """
        size = 0
        with contextlib.suppress(StoreError):  # something was deleted that moment
            size = backup.size(self._data)
        return {"size": size, "free": shutil.disk_usage(Path.home()).free, "name": name(), **self._state()}

    def _begin(self, target: Path, over: bool, folder: Path | None = None) -> None:
        with self._job.alone():
            free = shutil.disk_usage(target.parent).free
            now = {"file": str(target), "save": folder is not None, "done": 0, "of": 0, "free": free}
            with self._lock:
                left, self._folder = self._folder, folder
                self._said, self._made = "", None
            self._job.begin(lambda stop: self._write(target, over, now, stop), now)
        if left is not None:
            shutil.rmtree(left, ignore_errors=True)
        self._tell()

    def _write(self, target: Path, over: bool, now: Json, stop: Stop) -> None:
        def progress(done: int, of: int) -> None:
            self._job.update({**now, "done": done, "of": of})
            if time.monotonic() - self._told >= TELL_SECONDS:
                self._tell()

        try:
            made = to_json(backup.write(self._data, target, force=over, progress=progress, stop=stop))
            with self._lock:
                self._made = {**made, "save": now["save"]}
        finally:
            with self._lock:
                self._said = ""  # of another that could not begin meanwhile

    def _state(self) -> Json:
        now, message = self._job.state()
        with self._lock:
            return {"running": now, "made": None if now else self._made, "message": self._said or message}

    def _tell(self) -> None:
        self._told = time.monotonic()
        state = self._state()
        self._hub.tell("backup", **state, shown=backup_state(state))


def name() -> str:
    """What a backup of today is called."""
    return f"taproot-{time.strftime('%Y-%m-%d')}.zip"


def sweep() -> None:
    """Remove what processes left that were killed before the browser had saved it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)
