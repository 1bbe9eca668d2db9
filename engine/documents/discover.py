"""Which files a person meant: walk folders, name every file, say what is left out and why. Reads no content."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.paths import expanded

LARGEST = 256 << 20  # bytes of one file
NUMBER = re.compile(r"(\d{1,18})")
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to read: its name in the corpus, where it is, and what `stat` says of it (bytes, nanoseconds)."""

    name: str
    path: str
    size: int
    mtime: int
    ctime: int
    inode: int


@dataclass(slots=True)
class Discovery:
    """What was found: `files` in the order of their names, what was `skipped` as (name, reason), notices."""

    name: str
    roots: list[Path]
    files: list[SourceFile] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    hidden: int = 0


def discover(
    paths: Iterable[Path], cancelled: Callable[[], None] = lambda: None, leave_out: Path | None = None
) -> Discovery:
    """Find the files under `paths`, except in the folder `leave_out`.

    Raises InputError when a path does not exist or cannot be opened.
    """
    given = [expanded(path) for path in paths]
    if not given:
        raise InputError("No file or folder was given. Name at least one.")
    roots = [existing(path) for path in given]
    found = Discovery(name=_title(roots), roots=roots)
    taken: set[str] = set()
    without = str(leave_out.resolve()) if leave_out else None
    for root in dict.fromkeys(roots):
        prefix = f"{readable(root.name)}/" if len(roots) > 1 else ""
        if root.is_dir():
            _walk(found, taken, str(root), str(root), prefix, cancelled, without)
        else:
            add(found, taken, readable(root.name), str(root), root.stat())
    found.files.sort(key=lambda file: natural(file.name))
    if found.hidden:
        found.notices.append(f"{found.hidden:,} hidden files and folders were left out.")
    return found


def natural(name: str) -> tuple[list[Any], str]:
    """A sort key by which `page 2` comes before `page 10`: words and numbers in turn, then the name itself."""
    parts: list[Any] = NUMBER.split(name.casefold())
    parts[1::2] = map(int, parts[1::2])
    return parts, name


def existing(path: Path) -> Path:
    """The real path of a file or folder that can be opened. Raises InputError with the reason otherwise."""
    try:
        root = path.resolve(strict=True)
        if root.is_dir():
            os.scandir(root).close()
        elif not root.is_file():
            raise InputError(f"{path} is neither a file nor a folder.")
    except FileNotFoundError:
        raise InputError(f"There is no file or folder {path}. Check the spelling.") from None
    except PermissionError:
        raise InputError(
            f"{path} cannot be opened: permission denied. Change its permissions or copy it."
        ) from None
    except (OSError, RuntimeError, ValueError) as problem:
        raise InputError(f"{path} cannot be opened: {problem}.") from problem
    return root


def _title(roots: list[Path]) -> str:
    first = readable(roots[0].name) or str(roots[0])
    return first if len(roots) == 1 else f"{first} and {len(roots) - 1} more"


def _walk(
    found: Discovery,
    taken: set[str],
    root: str,
    folder: str,
    prefix: str,
    cancelled: Callable[[], None],
    without: str | None,
) -> None:
    pending = [(folder, prefix)]
    while pending:
        folder, prefix = pending.pop()
        cancelled()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as problem:
            found.skipped.append((prefix or ".", f"this folder cannot be opened: {problem.strerror}"))
            continue
        for entry in entries:
            name = prefix + readable(entry.name)
            if entry.name.startswith("."):
                found.hidden += 1
                continue
            try:
                if entry.is_symlink():
                    _link(found, taken, root, name, entry.path)
                elif entry.is_dir(follow_symlinks=False):
                    if entry.path == without:
                        found.notices.append(f"{name} holds Taproot's own data and was left out.")
                    else:
                        pending.append((entry.path, name + "/"))
                else:
                    add(found, taken, name, entry.path, entry.stat(follow_symlinks=False))
            except OSError as problem:
                found.skipped.append((name, f"it cannot be opened: {problem.strerror}"))


def _link(found: Discovery, taken: set[str], root: str, name: str, path: str) -> None:
    target = os.path.realpath(path)
    if not (target + os.sep).startswith(root.rstrip(os.sep) + os.sep):
        found.skipped.append((name, "it is a link to a place outside the folder, which is not followed"))
    elif Path(target).is_dir():
        found.skipped.append((name, "it is a link to a folder, which is not followed"))
    else:
        add(found, taken, name, target, Path(target).lstat())


def add(found: Discovery, taken: set[str], name: str, path: str, facts: os.stat_result) -> None:
    """Note one file under a name that is not in `taken` yet, or why it is skipped."""
    if not stat.S_ISREG(facts.st_mode):
        found.skipped.append((name, "it is not a regular file"))
    elif facts.st_size > LARGEST:
        found.skipped.append((name, f"it is larger than {LARGEST >> 20} MB ({facts.st_size >> 20} MB)"))
    else:
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name} ({number})", number + 1
        taken.add(unique)
        found.files.append(
            SourceFile(unique, path, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
        )


def readable(name: str) -> str:
    """A file name as text: bytes that are no UTF-8 and control characters become a replacement mark."""
    return CONTROL.sub("\ufffd", os.fsencode(name).decode("utf-8", "replace"))
