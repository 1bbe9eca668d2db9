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

from app.errors import Conflict, NotFound
from engine import backup
from engine.backup.write import to_json
from engine.errors import Cancelled, InputError, StoreError, TaprootError
from engine.paths import expanded
from engine.stop import Stop
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

TELL_SECONDS = 0.3
CLOSE_SECONDS = 20.0
PREFIX = "taproot-backup-"  # of folders in the system's temporary one, each with the process that made it


class Backups:
    """Thread-safe. Tells followers {"kind": "backup", "running": progress or None, "made", "message"} as it goes on."""

    def __init__(self, workbench: Workbench):
        self._data = Path(workbench.data_dir)
        self._hub = workbench.hub
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stop = Stop()
        self._now: Json = None
        self._made: Json = None
        self._message = ""
        self._told = 0.0
        self._folder: Path | None = None  # of the file that the browser has not saved yet
        sweep()

    def start(self, file: str, *, over: bool = False) -> Json:
        """Begin a backup into `file` ("": one in the home folder, named by the date), over one that is there if so wished.

        Raises InputError where that cannot be done, Conflict while one is made.
        """
        target = expanded(file.strip() or f"~/{name()}").absolute()
        if target.is_file() and not over:
            raise InputError(f"{target} exists already. Choose another name, or let it be written over.")
        backup.place(self._data, target, force=over)
        self._begin(target, over)
        return {"file": str(target)}

    def start_saving(self) -> Json:
        """Begin a backup that the browser saves when it is made. Raises InputError when there is nothing to back up, Conflict."""
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{psutil.Process().pid}-"))
        try:
            target = backup.place(self._data, folder / name())
            self._begin(target, over=False, folder=folder)
        except TaprootError:
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

    def saved(self) -> None:
        """Remove the file that the browser has saved."""
        with self._lock:
            folder, self._folder = self._folder, None
            if self._made and self._made["save"]:
                self._made, self._message = None, "The backup was handed to the browser."
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        self._tell()

    def say(self, problem: str) -> None:
        """Tell why a backup could not begin, where the form shows what becomes of them."""
        with self._lock:
            self._message = problem
        self._tell()

    def stop(self) -> bool:
        """Stop what is being written, leaving nothing of it; False when nothing is."""
        with self._lock:
            going, stop = self._thread is not None, self._stop
        stop.request()
        return going

    def close(self) -> None:
        """Stop, wait for the end, and remove what was not saved."""
        thread = self._thread
        if self.stop() and thread is not None:
            thread.join(CLOSE_SECONDS)
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
        with self._lock:
            if self._thread is not None:
                raise Conflict("A backup is being made already. Wait for its end, or stop it.")
            left, self._folder = self._folder, folder
            self._stop, self._message, self._made = Stop(), "", None
            free = shutil.disk_usage(target.parent).free
            self._now = {"file": str(target), "save": folder is not None, "done": 0, "of": 0, "free": free}
            self._thread = threading.Thread(
                target=self._work, args=(target, over, self._stop), name="backup", daemon=True
            )
            self._thread.start()
        if left is not None:
            shutil.rmtree(left, ignore_errors=True)
        self._tell()

    def _work(self, target: Path, over: bool, stop: Stop) -> None:
        message, made = "", None

        def progress(done: int, of: int) -> None:
            with self._lock:
                self._now = {**self._now, "done": done, "of": of}
                quiet = time.monotonic() - self._told < TELL_SECONDS
            if not quiet:
                self._tell()

        try:
            made = to_json(backup.write(self._data, target, force=over, progress=progress, stop=stop))
        except Cancelled:
            message = "Stopped; nothing was left of the backup."
        except TaprootError as error:
            message = str(error)
        except Exception as error:  # a defect of ours must not leave a backup that never ends
            message = f"Taproot made a mistake ({type(error).__name__}); nothing was backed up."
        finally:
            with self._lock:
                self._made = None if made is None else {**made, "save": self._now["save"]}
                self._thread, self._now, self._message = None, None, message
            self._tell()

    def _state(self) -> Json:
        with self._lock:
            return {"running": self._now, "made": self._made, "message": self._message}

    def _tell(self) -> None:
        self._told = time.monotonic()
        self._hub.tell("backup", **self._state())


def name() -> str:
    """What a backup of today is called."""
    return f"taproot-{time.strftime('%Y-%m-%d')}.zip"


def sweep() -> None:
    """Remove what processes left that were killed before the browser had saved it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*-*"):
        process = folder.name.removeprefix(PREFIX).partition("-")[0]
        if process.isdigit() and not psutil.pid_exists(int(process)):
            shutil.rmtree(folder, ignore_errors=True)
