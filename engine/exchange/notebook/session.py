"""What runs inside an exported notebook: `context` and the helpers of a cell, with answers from the record.

This module and all that it imports travel in the notebook, word for word, and need the standard library only. The
notebook's first cell calls `open_session`. A cell is known by its code, a sub-call by its cell and the hashes of its
prompts; what the record does not hold raises a RuntimeError that says so.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engine import corpus as corpora
from engine.corpus import Corpus
from engine.kernel.cell import Answered
from engine.kernel.toolbox.final import CellDone
from engine.kernel.toolbox.toolbox import Toolbox
from engine.types import Json

RECORD = "record.json"
DOCUMENTS = "corpus"
MISSING = (
    "The documents are not in this notebook: it was exported with --documents none. "
    "Export the run again with --documents embed or refer to run its cells."
)
GONE = "The documents of this run are not at {path} any more. Export the run again with --documents embed."
UNKNOWN = (
    "The recorded run did not ask this, and there is no model in this notebook to answer it: {prompt}. "
    "Cells can be changed as long as they ask what was asked."
)


class Missing:
    """Stands for `context` where its documents are not there: whatever is asked of it raises, and says why."""

    def __init__(self, why: str):
        self._why = why

    def __repr__(self) -> str:
        return self._why

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(self._why)

    def __len__(self) -> int:
        raise RuntimeError(self._why)

    def __iter__(self) -> Any:
        raise RuntimeError(self._why)

    def __getitem__(self, key: Any) -> Any:
        raise RuntimeError(self._why)

    def __contains__(self, item: object) -> bool:
        raise RuntimeError(self._why)


class Session:
    """The names of the cells, put back before each of them, and the record that answers their calls."""

    def __init__(self, shell: Any, folder: Path):
        self._record: Json = json.loads((folder / RECORD).read_text("utf-8"))
        self._cell: Json = None
        self._calls = 0
        self._finals: dict[int, str] = {}
        self._ran: set[int] = set()
        corpus, context = _context(folder, self._record)
        self._toolbox = Toolbox(
            self._ask,
            shell.user_ns,
            context,
            corpora.reference,
            corpus.claims if corpus is not None else lambda text: [],
            self._record["piece_chars"],
            self._record["question"],
            self._record["earlier"],
        )
        scratch = folder / "scratch"
        scratch.mkdir(exist_ok=True)
        os.chdir(scratch)  # as in the recorded run, what a cell writes is nobody's file
        random.seed(0)
        shell.set_custom_exc((CellDone,), lambda *_, **__: None)
        shell.events.register("pre_run_cell", self._begin)
        shell.events.register("post_run_cell", self._end)

    def check(self) -> None:
        """Say whether the cells gave the recorded answer. Raises RuntimeError where they gave another one."""
        answer, cell = self._record["answer"], self._record["answer_cell"]
        left = [one["number"] for one in self._record["cells"] if one["number"] not in self._ran]
        if left:
            print(f"Not run here: {', '.join(f'cell {number}' for number in left)}.")
        if answer is None:
            print("The recorded run has no answer.")
        elif cell is None:
            print(f"The model wrote the recorded answer as text, without a cell: {answer}")
        elif self._record["documents"] is None:
            print(f"Without the documents nothing can be checked. The recorded answer is: {answer}")
        elif self._record["carried"] and self._finals.get(cell) != answer:
            print(
                f"Variables of earlier runs are missing here, so nothing can be checked. The recorded answer is: {answer}"
            )
        elif cell not in self._finals:
            raise RuntimeError(f"Cell {cell} gave the recorded answer, and no answer here: {answer}")
        elif self._finals[cell] != answer:
            raise RuntimeError(
                f"Here cell {cell} answers {self._finals[cell]!r}; the recorded answer is {answer!r}."
            )
        else:
            print(f"The cells give the recorded answer again: {answer}")

    def _begin(self, info: Any) -> None:
        code = getattr(info, "raw_cell", "").strip()
        same = [one for one in self._record["cells"] if one["code"].strip() == code]
        self._cell = next((one for one in same if one["number"] not in self._ran), same[-1] if same else None)
        self._calls = 0
        self._toolbox.begin(self._cell["question"] if self._cell is not None else None)

    def _end(self, result: Any) -> None:
        if isinstance(result.error_in_exec, CellDone):
            result.error_in_exec = None  # FINAL ends a cell and is no error of it
        self._toolbox.end(ok=bool(result.success))
        if self._cell is not None:
            number = self._cell["number"]
            self._ran.add(number)
            if self._toolbox.final is not None:
                self._finals[number] = self._toolbox.final["content"]

    def _ask(self, name: str, arguments: dict[str, Json]) -> Sequence[str]:
        """The recorded answers of a call. Raises RuntimeError for one that failed, or was never made."""
        prompts = arguments["prompts"] if name == "llm" else arguments["questions"]
        hashes = [hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() for text in prompts]
        self._calls += 1
        quoted = arguments.get("quotes") is not None and (
            arguments.get("asked") or (self._record["small_model"] and arguments.get("choices") is None)
        )
        call = self._recorded(name, hashes)
        if call is not None and call["error"]:
            raise RuntimeError(call["error"])
        if call is not None:
            answers = list(zip(call["answers"], call["confidences"], strict=True))
        else:
            known = self._record["answers"]
            for text, key in zip(prompts, hashes, strict=True):
                if key not in known:
                    raise RuntimeError(UNKNOWN.format(prompt=repr(text[:200])))
            answers = [known[key] for key in hashes]
        return [Answered(text, confidence, quoted=bool(quoted)) for text, confidence in answers]

    def _recorded(self, name: str, hashes: list[str]) -> Json:
        """The call of the present cell with these prompts: that with the same number, else the first."""
        calls = self._cell["calls"] if self._cell is not None else []
        same = [one for one in calls if one["kind"] == name and one["hashes"] == hashes]
        return next((one for one in same if one["call"] == self._calls), same[0] if same else None)


def _context(folder: Path, record: Json) -> tuple[Corpus | None, Any]:
    """The corpus of the run and the part of it that its root worked on."""
    if record["documents"] is None:
        return None, Missing(MISSING)
    path = folder / DOCUMENTS if record["documents"] == "embed" else Path(record["path"])
    if not path.is_dir():
        return None, Missing(GONE.format(path=path))
    corpus = Corpus.open(path, record["notes"])
    return corpus, corpora.resolve(record["ref"], corpus)


def open_session(shell: Any, folder: str | Path) -> Callable[[], None]:
    """Give the cells of a notebook their names; `folder` holds what was unpacked. Returns `check`."""
    return Session(shell, Path(folder)).check
