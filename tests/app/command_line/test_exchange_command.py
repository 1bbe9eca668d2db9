"""`export` and `import` as a person types them: files, what is printed, exit statuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.command_line.main import run
from engine.store import Store
from tests.engine.store.stored import lay_out

LOG = Path(__file__).parents[2] / "engine" / "exchange" / "incoming" / "logs" / "rlms_two.jsonl"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder to be in, and a data folder with one run."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    lay_out("answered", tmp_path / "old")
    return tmp_path / "old"


def command(data, *words):
    return run([*map(str, words), "--data", str(data)])


def test_a_run_is_exported_to_a_file_of_its_name_and_never_over_another(here, capsys):
    with Store(here) as store:
        name = store.runs()[0]["run"]
    assert command(here, "export", name[:-1], "--to", "html") == 0
    assert capsys.readouterr().out == f"{name}.html\n"
    first = Path(f"{name}.html").read_bytes()
    assert command(here, "export", name, "--to", "html") == 2
    assert "--force" in capsys.readouterr().err
    assert Path(f"{name}.html").read_bytes() == first
    assert command(here, "export", name, "--to", "html", "--force") == 0
    assert command(here, "export", name, "--to", "md", "-o", "none/report.md") == 2
    assert command(here, "export", name, "--to", "md", "-o", "report.md") == 0
    assert Path("report.md").read_text().startswith("# ")
    capsys.readouterr()
    assert command(here, "export", name, "--to", "jsonl", "-o", "-") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["type"] == "metadata"


def test_bad_input_is_refused_with_a_sentence(here, capsys):
    assert command(here, "export", "nothing", "--to", "md") == 2
    assert "There is no run 'nothing'" in capsys.readouterr().err
    assert command(here, "export", "2", "3", "--to", "md") == 2
    assert "one run at a time" in capsys.readouterr().err
    assert command(here, "import", "none.jsonl") == 2
    assert "cannot be read" in capsys.readouterr().err
    assert sorted(Path().iterdir()) == []


def test_a_log_is_imported_once_and_told_with_its_counts(here, capsys):
    assert command(here, "import", LOG, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["program"], one["nodes"], one["cells"], one["calls"], one["answers"]) for one in told] == [
        ("rlms", 6, 7, 5, 6),
        ("rlms", 6, 7, 5, 6),
    ]
    assert command(here, "import", LOG) == 2
    error = capsys.readouterr().err
    assert "was imported before" in error and all(one["run"] in error for one in told)
    assert command(here, "import", LOG, "--force") == 0
    assert "6 nodes, 7 cells, 5 calls, 6 answers  How many letters mention Halden?" in capsys.readouterr().out
    assert command(here, "show", told[0]["run"]) == 0
    assert "cannot verify it" in capsys.readouterr().out
