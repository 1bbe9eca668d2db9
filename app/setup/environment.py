"""The private environment `.venv`: whether it is ours, whether it stands, and what a finished set-up noted in it.

Only a `.venv` that holds our note `taproot-setup.json` is ever changed or emptied; the note is written before
anything else, so that a set-up that was broken off is known again.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.setup.report import Problem, say

NOTE = "taproot-setup.json"
VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


class Environment:
    """The `.venv` beside launch.py, in the folder `root`."""

    def __init__(self, root: Path) -> None:
        """Only names things; nothing is read or made."""
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    # --- what a finished set-up noted ---------------------------------------------------------------------

    def notes(self) -> dict[str, Any]:
        """What set-ups noted so far; {} where there is no note that can be read."""
        try:
            noted = json.loads((self.folder / NOTE).read_text())
        except (OSError, ValueError):
            return {}
        return noted if isinstance(noted, dict) else {}

    def note(self, **values: Any) -> None:
        """Add to the notes, whole or not at all."""
        self._write({**self.notes(), **values})

    def holds(self, *needs: Path) -> bool:
        """Whether `.venv` stands and holds what these requirements files ask for."""
        noted = self.notes()
        listed = all(noted.get(file.name) == self.wanted(file) for file in needs)
        return listed and not self.obstacle() and self.python.exists() and self.stands()

    def wanted(self, needs: Path) -> str:
        """The hash of a requirements file with requirements.txt, which the others build on."""
        text = b"".join(file.read_bytes() for file in sorted({needs, self.root / "requirements.txt"}))
        return hashlib.sha256(text).hexdigest()

    def note_installed(self, *needs: Path) -> None:
        """Note that these requirements files are installed."""
        self.note(**{file.name: self.wanted(file) for file in needs})

    def _write(self, notes: dict[str, Any]) -> None:
        whole = self.folder / (NOTE + ".part")
        whole.write_text(json.dumps(notes))
        whole.replace(self.folder / NOTE)

    # --- whose it is --------------------------------------------------------------------------------------

    def obstacle(self) -> str:
        """Why `.venv` must be left alone and what to do, or "" where it is ours or not there."""
        rest = "Set-up leaves it alone. Rename or remove it, or put Taproot in a folder without one; then start again."
        if self.folder.is_symlink():
            return f"{self.folder} is a symbolic link to {self.folder.readlink()}. {rest}"
        if not self.folder.exists():
            return ""
        if not self.folder.is_dir():
            return f"{self.folder} is not a folder. {rest}"
        note = self.folder / NOTE
        if any(self.folder.iterdir()) and (note.is_symlink() or not note.is_file()):
            return f"{self.folder} was not made by Taproot. {rest}"
        return ""

    def stands(self) -> bool:
        """Whether it was made at this place and for this Python: a moved folder or an upgrade leaves a dead one."""
        try:
            config = (self.folder / "pyvenv.cfg").read_text()
        except OSError:
            return False
        made = re.search(r"^command = (.*)$", config, re.M)
        here = made is None or made[1].endswith(" " + str(self.folder))
        return here and f"version = {VERSION}." in config

    def has(self, distribution: str) -> bool:
        """Whether a version of a distribution is installed, by its name with underscores."""
        return any(any(folder.glob(f"{distribution}-*.dist-info")) for folder in self._packages())

    def find(self, pattern: str) -> Path | None:
        """The first installed file that a pattern names, None where there is none."""
        return next((file for folder in self._packages() for file in sorted(folder.glob(pattern))), None)

    def _packages(self) -> list[Path]:
        return list(self.folder.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages"))

    def compile_bytecode(self) -> None:
        """Compile what is installed on all cores; pip would do it on one, for a third of the set-up's time.

        What cannot be compiled (some packages hold such files for their own tests) stays as it is.
        """
        command = [str(self.python), "-m", "compileall", "-q", "-j", "0", *map(str, self._packages())]
        subprocess.run(command, capture_output=True)

    # --- making it ----------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def only_one_set_up(self) -> Iterator[int]:
        """Let one process at a time work on `.venv`; others wait. Gives the file descriptor of the lock.

        A child that inherits the descriptor keeps the lock when this process is killed.
        """
        if os.name == "nt":
            yield -1
            return
        import fcntl

        path = self.root / ".setup.lock"
        if path.is_symlink():
            raise Problem(
                f"{path} is a symbolic link; set-up writes no such file. Remove it and start again."
            )
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("another set-up is at work; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)

    def make(self) -> None:
        """Create `.venv` unless a working one stands. Raises Problem where it may not or cannot be made."""
        obstacle = self.obstacle()
        if obstacle:
            raise Problem(obstacle)
        if self.stands() and self._works():
            return
        say(f"creating {self.folder}")
        try:
            import ensurepip  # noqa: F401
            import venv
        except ImportError as error:
            raise Problem(
                "This Python has no venv module. On Debian or Ubuntu: apt install python3-venv "
                f"(or python{VERSION}-venv). Then start again."
            ) from error
        self.folder.mkdir(exist_ok=True)
        self._write({})
        self._empty()
        try:
            venv.create(self.folder, with_pip=True, symlinks=os.name != "nt")
        except subprocess.CalledProcessError as error:
            raise Problem(
                f"Creating {self.folder} failed: {error}. Check free space and rights, then start again."
            ) from error

    def _empty(self) -> None:
        for entry in self.folder.iterdir():
            if entry.name == NOTE:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()

    def _works(self) -> bool:
        code = "import sys, pip; print(f'{sys.version_info[0]}.{sys.version_info[1]}')"
        try:
            done = subprocess.run([str(self.python), "-c", code], capture_output=True, text=True, timeout=60)
        except (OSError, subprocess.TimeoutExpired):
            return False
        return done.stdout.strip() == VERSION
