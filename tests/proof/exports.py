"""Show that exports hold outside of Taproot, with figures.

    python -m tests.proof.exports [--jupyter PYTHON] [--nodes N] [--json]

1. notebook: a real run over the sample documents is exported and run by plain `jupyter nbconvert --execute` in an
   environment that holds nbconvert and ipykernel and no Taproot; each cell's output is compared with the recorded one.
2. page: a run of 2,001 nodes is opened from disk in Chromium without network; requests, seconds until its tree stands,
   seconds until a search has found one node.
3. log: the run is exported as a log of rlms and imported again; counts of both.

`--jupyter`: the Python of an environment with nbconvert and ipykernel; without it one is made, which needs a registry.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from playwright.sync_api import sync_playwright

from engine.engine import Engine
from engine.events.record import RunRecord
from engine.exchange.export import export, read_record, write
from engine.exchange.incoming.reading import import_log, read_log
from engine.exchange.page.page import page as page_of
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from engine.store import Store
from engine.types import Json, Settings
from tests.app.conftest import ARGUMENTS, NAMES
from tests.engine.exchange.notebook.jupyter import words
from tests.engine.exchange.page.large import large
from tests.engine.run.conftest import cell

SAMPLE = Path(__file__).resolve().parents[2] / "app" / "sample" / "documents"
CELLS = (
    "print(context)\ncontext.search('deposit of the lease', 5)",
    "context.passages('How much is the deposit for the Mill Lane shop?', 4)",
    "leases = context.matching('(?i)\\\\blease\\\\b')\nprint(leases.names)\nleases.grep(r'(?i)deposit[^.]*', 10)",
    "said = map_query('How much is the deposit?', leases)\nsaid",
    "rows = context.column('amount|total')\nprint(len(rows), sum(number(row) or 0 for row in rows[:500]))",
    "child = rlm_query('Who is the landlord?', leases[0])\nprint(child)",
    "[(d.name, d.pages, len(d), d.count('the')) for d in context][:12]",
    "FINAL(best(said), leases.grep('(?i)deposit', 3))",
)


def reply(request: Request) -> str:
    """What the scripted model says: cells for the root and its child, the first amount of a piece for a sub-call."""
    last = request.messages[-1].content
    if "How much is the deposit?" in last and "Question:" in last:
        amounts = [word for word in last.split() if any(c.isdigit() for c in word) and "," in word]
        return amounts[0].strip(".,;") if amounts else "NONE"
    said = sum(message.role == "assistant" for message in request.messages)
    if "Who is the landlord?" in request.messages[1].content:
        return cell("FINAL(context.grep('(?i)landlord[^.]*')[0].match)")
    return cell(CELLS[said])


def make_run(folder: Path) -> tuple[Path, str]:
    """A data folder with one run over the sample documents, and its id."""
    with Engine(folder / "data", ScriptedModel(reply, n_ctx=32_768)) as engine:
        answer = engine.ask(
            "How much is the deposit for the Mill Lane shop?", engine.add([SAMPLE]), Settings()
        )
    return folder / "data", answer.run


def jupyter(folder: Path) -> Path:
    """A new environment with nbconvert and ipykernel; its Python."""
    venv.create(folder / "jupyter", with_pip=True)
    python = folder / "jupyter" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "nbconvert", "ipykernel"], check=True)
    return python


def notebook(data: Path, run: str, python: Path, folder: Path) -> Json:
    """Run the notebook elsewhere and compare."""
    (folder / "elsewhere").mkdir()
    file = folder / "elsewhere" / "run.ipynb"
    with Store(data) as store:
        write(export(store, run, "ipynb").text, file)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    alone = subprocess.run([python, "-I", "-c", "import engine"], capture_output=True, cwd=file.parent)
    begun = time.monotonic()
    done = subprocess.run(
        [python, "-m", "nbconvert", "--to", "notebook", "--execute", file.name, "--output", "ran.ipynb"],
        **{"cwd": file.parent, "env": environment, "capture_output": True, "text": True},
    )
    seconds = time.monotonic() - begun
    if done.returncode:
        raise SystemExit(f"nbconvert failed:\n{done.stderr}")
    before, after = (json.loads((file.parent / name).read_text()) for name in ("run.ipynb", "ran.ipynb"))
    pairs = [
        (words(one["outputs"]), words(_joined(other["outputs"])))
        for one, other in zip(before["cells"], after["cells"], strict=True)
        if one["id"].startswith("cell-") and one["cell_type"] == "code"
    ]
    return {
        "taproot_can_be_imported_there": alone.returncode == 0,
        "notebook_bytes": file.stat().st_size,
        "seconds": round(seconds, 1),
        "cells": len(pairs),
        "cells_with_the_recorded_output": sum(one == other for one, other in pairs),
        "check": words(_joined(after["cells"][-1]["outputs"])).strip(),
    }


def _joined(outputs: list[Json]) -> list[Json]:
    """Outputs with their texts in one piece, as nbconvert does not leave them."""
    for output in outputs:
        for place, name in ((output, "text"), (output.get("data", {}), "text/plain")):
            if isinstance(place.get(name), list):
                place[name] = "".join(place[name])
    return outputs


def page(nodes: int, folder: Path) -> Json:
    """Open a large page from disk, offline."""
    file = folder / "large.html"
    begun = time.monotonic()
    file.write_text(page_of(large(nodes)), "utf-8")
    made = time.monotonic() - begun
    asked: list[str] = []
    problems: list[str] = []
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        tab = browser.new_context(offline=True).new_page()
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("pageerror", lambda error: problems.append(str(error)))
        begun = time.monotonic()
        tab.goto(file.as_uri())
        tab.wait_for_selector("[role=treeitem]")
        opened = time.monotonic() - begun
        begun = time.monotonic()
        tab.get_by_role("searchbox").fill(f"answer {(nodes - 1) // 10 - 1}.7")
        tab.wait_for_function("document.querySelectorAll('[role=treeitem]').length === 1")
        searched = time.monotonic() - begun
        title = tab.title()
        browser.close()
    return {
        "nodes": nodes,
        "bytes": file.stat().st_size,
        "seconds_to_make": round(made, 2),
        "seconds_to_open": round(opened, 2),
        "seconds_to_search": round(searched, 2),
        "requests_besides_the_file": len([url for url in asked if not url.startswith(("file:", "data:"))]),
        "errors": problems,
        "scripts_of_documents_that_ran": int(title == "owned"),
    }


def log(data: Path, run: str, folder: Path) -> Json:
    """Export as a log of rlms, import it, count both."""
    with Store(data) as store:
        write(export(store, run, "jsonl").text, folder / "run.jsonl")
        (again,) = import_log(store, read_log(folder / "run.jsonl"))
        before, after = (counts(read_record(store.events(one))) for one in (run, again))
    return {"exported": before, "imported": after, "equal": before == after}


def counts(record: RunRecord) -> Json:
    """Nodes, cells, calls and answers of a run."""
    nodes = record.nodes.values()
    return {
        "nodes": len(nodes),
        "cells": sum(len(node.cells) for node in nodes),
        "calls": sum(node.started.parent is not None for node in nodes),
        "answers": sum(node.answer is not None for node in nodes),
        "answer": record.answer,
    }


def main() -> int:
    """Print the figures; 0 where all of them are as they should be."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jupyter", type=Path, metavar="PYTHON")
    parser.add_argument("--nodes", type=int, default=2001)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data, run = make_run(folder)
        python = options.jupyter.absolute() if options.jupyter else jupyter(folder)
        found = {
            "notebook": notebook(data, run, python, folder),
            "page": page(options.nodes, folder),
            "log": log(data, run, folder),
        }
    print(json.dumps(found, indent=None if options.json else 2, ensure_ascii=False))
    ran, shown = found["notebook"], found["page"]
    good = (
        not ran["taproot_can_be_imported_there"]
        and ran["cells"] == ran["cells_with_the_recorded_output"] == len(CELLS)
        and ran["check"].startswith("The cells give the recorded answer again")
        and not (
            shown["requests_besides_the_file"] or shown["errors"] or shown["scripts_of_documents_that_ran"]
        )
        and found["log"]["equal"]
    )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
