"""The rules of the house: what may import what, and how large a module may grow."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(p for folder in ("engine", "app", "models") for p in (ROOT / folder).rglob("*.py"))
FILES = SOURCES + sorted(p for folder in ("engine", "app") for p in (ROOT / "tests" / folder).rglob("*.py"))
MOST_LINES = 400  # of a file
MOST_FILES = 9  # in a folder: a tenth means that a duty in it wants a room of its own


def imports(path):
    """Top names a module imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


def test_the_engine_knows_no_user_interface():
    for path in SOURCES:
        if path.is_relative_to(ROOT / "engine"):
            assert not {"gradio", "fastapi", "rich", "app", "tests"} & set(imports(path)), path


def test_pure_modules_import_only_pure_modules():
    rooms = ("prompt", "reply")
    pure = [ROOT / "engine" / name for name in ("types.py", "errors.py", "run/budget.py")]
    pure += [path for path in SOURCES if path.parent in {ROOT / "engine" / room for room in rooms}]
    for path in pure:
        found = set(imports(path)) - set(sys.stdlib_module_names)
        assert found <= {"engine"}, path


def test_no_file_is_longer_than_400_lines():
    long = {p.relative_to(ROOT).as_posix() for p in FILES if len(p.read_text().splitlines()) > MOST_LINES}
    assert long == set()


def test_no_folder_holds_more_than_nine_files():
    files = Counter(p.parent.relative_to(ROOT).as_posix() for p in FILES if p.name != "__init__.py")
    assert {folder for folder, count in files.items() if count > MOST_FILES} == set()


def test_every_folder_says_what_it_is_for():
    folders = {path.parent for path in SOURCES if path.is_relative_to(ROOT / "engine")}
    assert len(folders) > 20
    for folder in folders:
        assert ast.get_docstring(ast.parse((folder / "__init__.py").read_text())), folder


def test_listing_runs_does_not_load_llama_cpp_or_the_kernel(tmp_path):
    code = (
        "import sys; from app.command_line.main import run; "
        f"run(['runs', '--data', {str(tmp_path / 'data')!r}]); "
        "sys.exit(any(m in sys.modules for m in ('llama_cpp', 'ipykernel', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True).returncode == 0
