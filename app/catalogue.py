"""The catalogue of recommended models, models/catalogue.json: what to download, and what each is good for."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from engine.errors import InputError
from engine.types import Json

FILE = Path(__file__).resolve().parent.parent / "models" / "catalogue.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One model that can be downloaded. `file` is a name in the repository or a pattern.

    `about_gb` (10^9 bytes) and `license` are None where no page was read that says them; `read_in` says where
    the names were read, "" for a model that a person named.
    """

    id: str
    title: str
    size: Literal["small", "medium", "large", "own"]
    repo: str
    file: str
    about_gb: float | None = None
    parameters: str = ""
    license: str | None = None
    good_for: str = ""
    notes: str = ""
    read_in: str = ""

    def to_json(self) -> Json:
        """The entry as the page gets it."""
        return asdict(self)


def load(file: Path = FILE) -> list[Entry]:
    """All entries, small ones first. Raises InputError when the file is damaged."""
    try:
        return [Entry(**entry) for entry in json.loads(file.read_text(encoding="utf-8"))["models"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The catalogue {file} cannot be read: {error}.") from error


def find(name: str, entries: list[Entry]) -> Entry:
    """The entry that `name` means: an id or title of the catalogue, or OWNER/REPOSITORY/FILE.gguf on the Hub.

    Raises InputError with what can be named.
    """
    wanted = name.strip()
    for entry in entries:
        if wanted.lower() in (entry.id.lower(), entry.title.lower()):
            return entry
    own = re.fullmatch(
        r"(?:https://huggingface\.co/)?([\w.-]+/[\w.-]+?)(?:/(?:blob|resolve)/[\w.-]+)?[/:]([\w.*/-]+\.gguf)",
        wanted,
        re.I,
    )
    if own and ".." not in wanted:
        repo, file = own.groups()
        return Entry(re.sub(r"[^\w.-]+", "--", f"{repo}/{file}").lower(), Path(file).name, "own", repo, file)
    names = ", ".join(entry.id for entry in entries)
    raise InputError(
        f"{name[:80]!r} is not in the catalogue. It holds: {names}. Any other GGUF on the Hub is named "
        "OWNER/REPOSITORY/FILE.gguf."
    )
