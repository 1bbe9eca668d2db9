"""The catalogue of recommended models, models/catalogue.json: what to download, what each is good for, and the adapters
that were trained for recursive use.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeVar

from app.paths import ROOT
from engine.errors import InputError
from engine.types import Json

Kind = TypeVar("Kind")
FILE = ROOT / "models" / "catalogue.json"


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


@dataclass(frozen=True, slots=True)
class Published:
    """A LoRA adapter that was published in another form than GGUF, so that it must be converted first.

    `base`: the model it was trained on; `model`: the entry of the catalogue with that model as a GGUF; `repo` is None
    where no page was read that says it.
    """

    title: str
    base: str
    model: str
    repo: str | None
    facts: str
    license: str | None
    good_for: str
    read_in: str

    @property
    def conversion(self) -> str:
        """The command that makes a GGUF of it, with the converter of llama.cpp."""
        return (
            f"convert_lora_to_gguf.py --base-model-id {self.base} --outtype f16 --outfile ADAPTER.gguf FOLDER"
        )

    def to_json(self) -> Json:
        """The adapter as the command `models` tells it."""
        return {**asdict(self), "conversion": self.conversion}


def adapters(file: Path = FILE) -> list[Published]:
    """The adapters of the catalogue. Raises InputError when the file is damaged."""
    return _read(file, "adapters", Published)


def load(file: Path = FILE) -> list[Entry]:
    """All entries, small ones first. Raises InputError when the file is damaged."""
    return _read(file, "models", Entry)


def _read(file: Path, part: str, kind: type[Kind]) -> list[Kind]:
    try:
        return [kind(**one) for one in json.loads(file.read_text(encoding="utf-8"))[part]]
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
