"""Run the pip of .venv, and turn its last words into a sentence that says what to do."""

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

from app.setup.report import Problem

OFFLINE = (
    r"NewConnectionError|Temporary failure|Name or service|ConnectTimeout|ConnectionRefused|No matching dist"
)


class Pip:
    """pip of an environment's `python`, run in the folder `root`. `lock`: a descriptor that it inherits, or -1."""

    def __init__(self, python: Path, root: Path, lock: int = -1) -> None:
        """Nothing is started yet."""
        self._python = python
        self._root = root
        self._lock = lock

    def run(
        self,
        *arguments: str,
        watch: Callable[[str], object] = len,
        variables: Mapping[str, str] | None = None,
    ) -> tuple[int, str]:
        """Run pip to its end. `watch` gets each line as it comes. Returns the exit status and all lines."""
        process = subprocess.Popen(
            [str(self._python), "-m", "pip", "--disable-pip-version-check", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            cwd=str(self._root),
            env={**os.environ, **(variables or {})},
            pass_fds=(self._lock,) if self._lock >= 0 else (),
        )
        lines = []
        try:
            for line in process.stdout or ():
                lines.append(line)
                watch(line)
            return process.wait(), "".join(lines)
        except BaseException:
            process.terminate()
            process.wait()
            raise

    def must(self, *arguments: str, watch: Callable[[str], object] = len) -> None:
        """Run pip to its end. Raises Problem where it fails."""
        code, log = self.run(*arguments, watch=watch)
        if code:
            raise Problem(explain(log))


def explain(log: str) -> str:
    """Say in a sentence why pip failed, what to do, and what it said last."""
    if re.search(r"No space left", log):
        return "The disk is full: free about 2 GB and start again."
    if re.search(OFFLINE, log):
        return (
            "The packages could not be downloaded: is this machine online? Set-up needs the network once, "
            "Taproot itself never does. Connect (or set pip's proxy options) and start again. "
            f"The last lines were:\n{last_lines(log)}"
        )
    return f"Installing failed. The last lines were:\n{last_lines(log)}\nMend that and start again."


def last_lines(log: str) -> str:
    """The end of what pip said, indented."""
    return "\n".join("  " + line[:400] for line in log.splitlines()[-8:])
