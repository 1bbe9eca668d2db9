"""A tiny project with the real launch.py and app/setup, and ways to start it as a user with no other packages would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOWHERE = "http://127.0.0.1:9"  # nothing listens there
CLI = "import sys\n\ndef run(arguments):\n    import {module}\n    print('ran', arguments, {module}.VALUE)\n    return 0\n"


def make_clone(root):
    """Make the project in a folder. Its one requirement is a local package."""
    (root / "app").mkdir(parents=True)
    shutil.copy(ROOT / "launch.py", root)
    for room in ("command_line", "setup"):
        shutil.copytree(
            ROOT / "app" / room, root / "app" / room, ignore=shutil.ignore_patterns("__pycache__")
        )
    (root / "app" / "__init__.py").touch()
    (root / "app" / "command_line" / "main.py").write_text(CLI.format(module="trellis_one"))
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


def launch(root, *arguments, **environment):
    """Run launch.py to its end, from another folder."""
    return subprocess.run(
        [base_python(), str(root / "launch.py"), *arguments],
        capture_output=True,
        text=True,
        cwd="/",
        env=bare_environment(**environment),
        timeout=300,
    )


def bare_environment(**variables):
    """The environment of a user who set up neither pip nor Python, with an index of wheels that is not there."""
    dropped = ("PIP_", "PYTHON", "VIRTUAL_ENV", "TAPROOT_", "CMAKE_ARGS")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(dropped)}
    return {**kept, "TAPROOT_WHEELS": NOWHERE, **variables}


def base_python():
    """The interpreter behind this virtual environment."""
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
