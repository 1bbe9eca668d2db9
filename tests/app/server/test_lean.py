"""The app serves events without what Gradio and sqlite_utils would load for nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.command import Taproot
from tests.benchmarks.first_answers import ready_client
from tests.benchmarks.idle import PROGRAM


@pytest.mark.skipif(sys.platform != "linux", reason="libraries of a process are told by Linux alone")
def test_neither_pandas_nor_matplotlib_is_loaded_by_an_event(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text('{"text": "unused"}\n')
    app = Taproot(tmp_path / "data", model=f"scripted:{script}", program=(sys.executable, "-c", PROGRAM))
    try:
        client = ready_client(app.url)
        assert client.predict(api_name="/corpora") and client.predict(api_name="/runs") == []
        libraries = Path(f"/proc/{app.process.pid}/maps").read_text()
    finally:
        app.end()
    assert "/numpy/" in libraries
    assert "/pandas/" not in libraries and "/matplotlib/" not in libraries


COUNTING = """
import sys
trees = []
sys.addaudithook(lambda event, words: trees.append(words) if event == "compile" and words[1] == "<unknown>" else None)

import inspect
from app.server.lean import lean

getfile = inspect.getfile
with lean():
    import gradio
print(sum("gradio" in str(source) for source, _ in trees), inspect.getfile is getfile)
"""


def test_no_component_of_gradio_is_read_as_python_when_it_is_imported() -> None:
    found = subprocess.run([sys.executable, "-c", COUNTING], capture_output=True, text=True, check=True)
    assert found.stdout.split() == ["0", "True"]
