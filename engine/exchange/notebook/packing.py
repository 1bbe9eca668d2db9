"""What a notebook carries: the source of its helpers, the record of its sub-calls, and its documents, as one archive."""

from __future__ import annotations

import ast
import base64
import io
import json
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path

import engine
from engine.corpus.archive import INDEX, SEARCH, TEXT
from engine.errors import InputError
from engine.exchange.notebook.session import DOCUMENTS, RECORD
from engine.reply.source import tree_of
from engine.types import Json

ROOT = Path(engine.__file__).parent.parent
SESSION = "engine.exchange.notebook.session"
STAND_IN = ROOT / "engine" / "exchange" / "notebook" / "stand_in.py"
EMBEDDED_BYTES = 64 << 20  # of text and index, before they are compressed
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # of every file in the archive: the same run gives the same notebook
LINE = 2_000  # characters of a line of the packed archive


def pack(record: Json, corpus: Path | None) -> str:
    """The archive in base64, in lines. `corpus`: the folder of the stored corpus to put in, None for none.

    Raises InputError where the documents are too large for a notebook, or gone.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:

        def add(name: str, data: bytes | str) -> None:
            entry = zipfile.ZipInfo(name, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)

        for file in sources():
            add(file.relative_to(ROOT).as_posix(), file.read_bytes())
        for name in ("re2/__init__.py", "re2/_re2.py"):
            add(name, STAND_IN.read_bytes())
        add(RECORD, json.dumps(record, ensure_ascii=True))
        for name, data in _documents(corpus) if corpus is not None else ():
            add(f"{DOCUMENTS}/{name}", data)
    return "\n".join(textwrap.wrap(base64.b64encode(made.getvalue()).decode("ascii"), LINE))


def sources() -> list[Path]:
    """The files of the session's module, of all modules of the engine that it needs, and the data beside these."""
    found: dict[Path, None] = {}
    _visit(SESSION, found)
    return sorted(
        {*found, *(data for folder in {file.parent for file in found} for data in folder.glob("*.json"))}
    )


def _visit(name: str, found: dict[Path, None]) -> None:
    file = _file(name)
    if file is None or file in found:
        return
    found[file] = None
    if "." in name:
        _visit(name.rpartition(".")[0], found)
    tree = tree_of(file.read_text("utf-8"))
    assert tree is not None, file
    for imported in _imports(tree):
        if imported.split(".")[0] == "engine":
            _visit(imported, found)


def _file(name: str) -> Path | None:
    path = ROOT / name.replace(".", "/")
    return next((one for one in (path / "__init__.py", path.with_suffix(".py")) if one.is_file()), None)


def _imports(tree: ast.AST) -> Iterator[str]:
    """Names that a module imports when it runs."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        yield from _imports(node)


def _documents(corpus: Path) -> Iterator[tuple[str, bytes]]:
    files = [corpus / name for name in (TEXT, INDEX, SEARCH)]
    try:
        size = sum(file.stat().st_size for file in files)
        if size > EMBEDDED_BYTES:
            raise InputError(
                f"The documents take {size / 1e6:,.0f} MB, and a notebook holds at most {EMBEDDED_BYTES / 1e6:,.0f} MB of "
                "them. Use --documents refer to name their place on this machine instead, or none."
            )
        yield from ((file.name, file.read_bytes()) for file in files)
    except OSError as error:
        raise InputError(
            f"The documents of this run cannot be read from {corpus} ({error.strerror}). Use --documents none."
        ) from error
