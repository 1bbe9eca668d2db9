"""The steps of a set-up, each of which finds out what an earlier one left done."""

import re
from pathlib import Path

from app.setup.base_model import add_base, is_wanted, make_default
from app.setup.environment import Environment
from app.setup.llama.install import provide_llama
from app.setup.pip import Pip
from app.setup.report import Problem, say


def set_up(environment: Environment, *, testing: bool = False, compiling: bool = False) -> None:
    """Make or repair `.venv` until it holds what is needed. Raises Problem where that cannot be.

    `testing`: with what the tests need. `compiling`: with a llama.cpp compiled for this very machine.
    """
    needs = environment.root / ("requirements-dev.txt" if testing else "requirements.txt")
    if environment.holds(needs) and not is_wanted(environment, testing=testing) and not compiling:
        return
    try:
        with environment.only_one_set_up() as lock:
            environment.make()
            pip = Pip(environment.python, environment.root, lock)
            if is_wanted(environment, testing=testing):  # first, for llama.cpp is tried with it
                add_base(environment, pip)
            if compiling or not environment.holds(needs):
                _install(environment, pip, needs, compiling)
            make_default(environment)
    except KeyboardInterrupt:
        raise Problem(
            "Set-up was interrupted. Start the same command again: it goes on where it stopped."
        ) from None
    except OSError as error:
        raise Problem(
            f"Set-up failed: {error}. Check free space and rights of {environment.root}, then start again."
        ) from error


def _install(environment: Environment, pip: Pip, needs: Path, compiling: bool) -> None:
    say("installing what Taproot needs (once)")
    llama = re.search(r"^llama-cpp-python\S*", (environment.root / "requirements.txt").read_text(), re.M)
    if llama:
        provide_llama(environment, pip, llama[0], compiling=compiling)

    def watch(line: str) -> None:
        step = re.match(r"\s*(Collecting|Building wheel for|Installing collected)\s+(\S+)", line)
        if step:
            say(f"{step[1].lower()} {step[2]}")

    pip.must("install", "--no-compile", "-r", str(needs), watch=watch)
    environment.compile_bytecode()
    environment.note_installed(needs, environment.root / "requirements.txt")  # the others include this one
    say("set-up is done")
