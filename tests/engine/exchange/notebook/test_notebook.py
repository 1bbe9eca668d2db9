"""The notebook: it runs in a stock Jupyter kernel without Taproot, says again what the run said, and hides nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from engine.corpus import Corpus
from engine.errors import InputError
from engine.exchange.export import export
from engine.exchange.notebook import packing
from engine.store import Store
from tests.engine.exchange.conftest import CELLS
from tests.engine.exchange.markdown import active, headings
from tests.engine.exchange.notebook.jupyter import run_cells, words

pytestmark = pytest.mark.sandbox


def made_notebook(store, made, documents="embed"):
    return json.loads(export(store, made.run, "ipynb", documents).text)


def test_it_is_a_valid_notebook_with_the_cells_and_outputs_of_the_root_in_order(store, made):
    notebook = made_notebook(store, made)
    nbformat.validate(nbformat.from_dict(notebook))
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert tuple(cell["source"] for cell in code[1:-1]) == CELLS
    assert "ferry to Halden" in words(code[1]["outputs"])
    assert code[0]["metadata"]["jupyter"]["source_hidden"] is True
    assert [cell["metadata"]["tags"] for cell in code[4:5]] == [["raises-exception"]]
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell["outputs"])


@pytest.mark.slow
@pytest.mark.parametrize("documents", ["embed", "refer"])
def test_it_runs_without_taproot_and_says_again_what_the_run_said(store, made, tmp_path, documents):
    notebook = made_notebook(store, made, documents)
    ran = run_cells(notebook, tmp_path)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell, (status, outputs) in list(zip(code, ran, strict=True))[1:-1]:
        assert words(outputs) == words(cell["outputs"]), cell["source"]
        assert status == ("error" if "raises-exception" in cell["metadata"]["tags"] else "ok"), cell["source"]
    assert (ran[-1][0], words(ran[-1][1])) == ("ok", "The cells give the recorded answer again: 2\n")


@pytest.mark.slow
def test_what_the_record_cannot_answer_says_so_and_other_searches_still_work(store, made, tmp_path):
    notebook = made_notebook(store, made)
    changed = [
        *[cell for cell in notebook["cells"] if cell["cell_type"] == "code"][:1],
        {"cell_type": "code", "source": "llm_query('What else?')"},
        {
            "cell_type": "code",
            "source": "print(context.search('deposit')[0].text, context.grep('crowns')[0].line)",
        },
        {"cell_type": "code", "source": "FINAL('another')"},
        {"cell_type": "code", "source": "check()"},
    ]
    _, asked, searched, final, checked = run_cells({"cells": changed}, tmp_path)
    assert asked[0] == "error" and "did not ask this" in words(asked[1]) and "What else?" in words(asked[1])
    assert searched == ("ok", searched[1]) and words(searched[1]) == "The deposit is 450 crowns. 3\n"
    assert final[0] == "ok"
    assert checked[0] == "error" and "no answer here: 2" in words(checked[1])


@pytest.mark.slow
def test_a_changed_answer_fails_the_check(store, made, tmp_path):
    notebook = made_notebook(store, made)
    first, last = (next(c for c in notebook["cells"] if c["id"] == id) for id in ("helpers", "cell-9"))
    lied = {**last, "source": last["source"]}
    define = {"cell_type": "code", "source": "docs = context[:1]"}
    ran = run_cells({"cells": [first, define, lied, {"cell_type": "code", "source": "check()"}]}, tmp_path)
    assert ran[-1][0] == "error" and "answers '1'" in words(ran[-1][1])


@pytest.mark.slow
def test_without_documents_cells_say_what_is_missing_and_the_notebook_runs_through(store, made, tmp_path):
    notebook = made_notebook(store, made, "none")
    assert "450 crowns" not in json.dumps(notebook["cells"][1])
    ran = run_cells(notebook, tmp_path)
    assert "exported with --documents none" in words(ran[1][1])
    assert ran[-1][0] == "ok" and "nothing can be checked. The recorded answer is: 2" in words(ran[-1][1])


def test_documents_that_are_too_large_or_gone_are_refused(store, made, monkeypatch, tmp_path):
    monkeypatch.setattr(packing, "EMBEDDED_BYTES", 10)
    with pytest.raises(InputError, match=r"at most 0 MB of them\. Use --documents refer"):
        export(store, made.run, "ipynb")
    shutil.copytree(made.data, tmp_path / "data", ignore=shutil.ignore_patterns("corpora", "scratch"))
    with Store(tmp_path / "data") as moved:
        monkeypatch.setattr(Path, "is_dir", lambda path: "corpora" not in path.parts)
        with pytest.raises(InputError, match=r"are not stored here\. Use --documents none"):
            export(moved, made.run, "ipynb", "refer")
        assert export(moved, made.run, "ipynb", "none").text


def test_markdown_of_the_notebook_is_no_markup_of_documents_or_models(store, made):
    notebook = made_notebook(store, made)
    texts = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    assert len(texts) > 10 and any("owned" in text for text in texts)
    for text in texts:
        assert active(text) == [] and "Not a heading" not in headings(text), text
        assert "\x1b" not in text and "\x07" not in text


def test_the_same_run_gives_the_same_notebook(store, made):
    assert export(store, made.run, "ipynb").text == export(store, made.run, "ipynb").text


def test_all_that_the_notebook_carries_imports_with_the_standard_library_alone(tmp_path):
    for file in packing.sources():
        target = tmp_path / file.relative_to(packing.ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    for name in ("__init__.py", "_re2.py"):
        (tmp_path / "re2").mkdir(exist_ok=True)
        (tmp_path / "re2" / name).write_bytes(packing.STAND_IN.read_bytes())
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import engine.exchange.notebook.session"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_its_stand_in_for_re2_counts_characters_as_re2_does(ingested):
    from re2._re2 import BytesToCharLen, CharLenToBytes

    from engine.exchange.notebook import stand_in

    corpus: Corpus = ingested({"a.txt": "naïve 東京 🙂 plain\n" * 3})
    raw, text = corpus.archive.raw(0), str(corpus[0])
    ends = [len(text[:n].encode()) for n in range(len(text) + 1)]
    for at in range(0, len(text), 5):
        for n in range(0, len(text) - at, 7):
            a, b = ends[at], ends[at + n]
            assert stand_in.BytesToCharLen(raw, a, b) == BytesToCharLen(raw, a, b) == n
            assert stand_in.CharLenToBytes(raw, a, n) == CharLenToBytes(raw, a, n) == b - a
