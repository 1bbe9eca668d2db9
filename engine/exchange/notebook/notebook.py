"""A run as a notebook: the root's cells in order with their outputs, its children as text, and a first cell that
unpacks what they need. The format is nbformat 4.5."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from engine.errors import InputError
from engine.events.record import CellRecord, RunRecord, TurnRecord
from engine.exchange.material import Material, is_small, piece_chars, root_reference
from engine.exchange.notebook.packing import pack
from engine.exchange.report import answer_parts, call_parts, node_parts, source_parts
from engine.exchange.text import escaped, fenced, line, shown, when
from engine.prompt import output_text
from engine.reply import parse
from engine.types import Json

Documents = Literal["embed", "refer", "none"]

ABOUT = """\
This notebook runs on its own: without Taproot, without a model, without the network, with Python 3.11 or newer and
Jupyter. The folded cell below unpacks the helpers of its cells (`context`, `llm_query`, `FINAL` ...), which are \
Taproot's own source, into a temporary folder. Sub-calls are answered from the record: a prompt that the recorded run \
did not ask raises an error that says so. Times and object addresses in outputs may differ.

**A model wrote these cells, and here they run without Taproot's sandbox. Read them before you run them.**"""
DOCUMENTS: dict[Documents, str] = {
    "embed": "The documents are in this notebook; searching them works as it did, also with other words.",
    "refer": "The documents are not in this notebook: it reads the stored texts of Taproot on the machine that made it.",
    "none": "The documents are not in this notebook, so cells that read them raise an error; their recorded outputs stand below.",
}
LOADER = '''\
# Taproot: unpacks the helpers, the record of this run and its documents, and gives the cells their names.
import base64 as _base64, io as _io, sys as _sys, tempfile as _tempfile, zipfile as _zipfile

if _sys.version_info < (3, 11):
    raise RuntimeError("This notebook needs Python 3.11 or newer.")
_PACKED = """
{packed}
"""
_folder = _tempfile.TemporaryDirectory(prefix="taproot-notebook-", ignore_cleanup_errors=True)
with _zipfile.ZipFile(_io.BytesIO(_base64.b64decode(_PACKED))) as _archive:
    _archive.extractall(_folder.name)
_sys.path.insert(0, _folder.name)
from engine.exchange.notebook.session import open_session as _open_session

check = _open_session(get_ipython(), _folder.name)'''
RUNNABLE = ("ok", "error")


def notebook(record: RunRecord, material: Material, documents: Documents = "embed") -> str:
    """The notebook as JSON text.

    Raises InputError where the documents cannot be put in, or there are none to refer to.
    """
    path = None if documents == "none" else material.path
    if documents != "none" and path is None:
        raise InputError(
            f"The documents of the run {record.id} are not stored here. Use --documents none to export it without them."
        )
    packed = pack(carried(record, material, documents, path), path if documents == "embed" else None)
    cells = [
        _markdown("about", "\n\n".join(_head(record, documents))),
        _code("helpers", LOADER.format(packed=packed), folded=True),
        *_body(record, documents),
        _markdown("answer", "\n\n".join([*answer_parts(record), *source_parts(record)])),
        _code("check", "check()"),
    ]
    made = {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            "taproot": {"run": record.id, "documents": documents},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(made, ensure_ascii=True, indent=1) + "\n"


def carried(record: RunRecord, material: Material, documents: Documents, path: Path | None) -> Json:
    """What the notebook's session reads: see `engine.exchange.notebook.session`."""
    cells = []
    answers: dict[str, tuple[str, float | None]] = {}
    for cell in record.root.cells:
        calls = []
        for call in cell.calls.values():
            given = call.answered
            texts = list(given.answers) if given else []
            sure = [*(given.confidences if given else ()), *[None] * len(texts)][: len(texts)]
            error = given.error if given else "the run broke off before this call was answered"
            answers |= dict(zip(call.made.hashes, zip(texts, sure, strict=True), strict=False))
            calls.append(
                {
                    **{"call": call.made.call, "kind": call.made.kind, "hashes": list(call.made.hashes)},
                    **{"answers": texts, "confidences": sure, "error": error},
                }
            )
        if cell.status in RUNNABLE:
            asked = record.question_at(record.root, cell.number)
            cells.append(
                {"number": cell.number, "code": cell.started.code, "question": asked, "calls": calls}
            )
    finals = [cell for cell in record.root.cells if cell.final and cell.final["content"] == record.answer]
    return {
        "run": record.id,
        "question": record.root.started.question,
        "earlier": material.earlier if record.started.earlier is None else record.started.earlier,
        "carried": bool(record.started.carried),
        "notes": None if path is None else record.started.notes,
        "documents": None if path is None else documents,
        "path": str(path.absolute()) if path is not None and documents == "refer" else None,
        "ref": root_reference(record, path) if path is not None else None,
        "piece_chars": piece_chars(record),
        "small_model": is_small(record),
        "cells": cells,
        "answers": answers,
        "answer": record.answer,
        "answer_cell": finals[-1].number if finals else None,
    }


def _head(record: RunRecord, documents: Documents) -> Iterator[str]:
    started = record.started
    yield f"# {escaped(line(started.question))}"
    yield (
        f"Run `{line(record.id)}` of Taproot, {when(record.began)}, over {escaped(line(started.corpus_name))}, "
        f"with {escaped(line(record.model_name))}."
    )
    yield ABOUT
    yield DOCUMENTS[documents]
    if record.started.carried:
        yield (
            f"**This run went on with variables of {', '.join(f'`{line(run)}`' for run in record.started.carried)}, which are not "
            "in this notebook: cells that use them raise a NameError here.**"
        )


def _body(record: RunRecord, documents: Documents) -> Iterator[Json]:
    for turn in record.root.turns.values():
        yield _markdown(f"turn-{turn.number}", _said(turn))
        for cell in turn.cells:
            yield from _cell(record, cell, documents)
    if notes := [f"- {escaped(note.text)}" for note in record.root.notes]:
        yield _markdown("notes", "\n".join(["Notes of the engine:", "", *notes]))


def _said(turn: TurnRecord) -> str:
    """What the model said in a turn, without its cell."""
    reply = parse(turn.text)
    thinking = turn.reply.thinking if turn.reply else ""
    parts = [f"### Turn {turn.number}"]
    parts += [f"Thinking:\n\n{fenced(thinking)}"] if thinking.strip() else []
    parts += [escaped(reply.prose)] if reply.prose.strip() else []
    parts += [fenced(turn.text)] if not turn.cells and turn.text.strip() else []
    return "\n\n".join(parts)


def _cell(record: RunRecord, cell: CellRecord, documents: Documents) -> Iterator[Json]:
    number = cell.number
    outputs = [made for output in cell.outputs if (made := shown(output))]
    if cell.status in RUNNABLE:
        fails = cell.status == "error" or documents == "none" or bool(record.started.carried)
        yield _code(
            f"cell-{number}", cell.started.code, outputs, number, ["raises-exception"] if fails else []
        )
    else:
        how = "was broken off, and run anew below" if cell.void else f"did not end by itself ({cell.status})"
        why = f"Cell {number} {how}, so it is not run here."
        text = output_text(outputs)
        parts = [why, fenced(cell.started.code, "python"), *([f"Output:\n\n{fenced(text)}"] if text else [])]
        yield _markdown(f"cell-{number}", "\n\n".join(parts))
    asked = [*call_parts(cell)]
    for child in record.children("0"):
        if child.started.cell == number and child.started.kind == "rlm":
            asked += node_parts(record, child, 4)
    if asked:
        yield _markdown(f"calls-{number}", "\n\n".join(asked))


def _markdown(name: str, text: str) -> Json:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _code(
    name: str,
    source: str,
    outputs: list[Json] | None = None,
    count: int | None = None,
    tags: list[str] | None = None,
    *,
    folded: bool = False,
) -> Json:
    metadata: Json = {"tags": [*(tags or ()), *(["hide-input"] if folded else [])]}
    if folded:
        metadata["jupyter"] = {"source_hidden": True}
    return {
        **{"cell_type": "code", "id": name, "metadata": metadata, "source": source},
        **{"execution_count": count, "outputs": outputs or []},
    }
