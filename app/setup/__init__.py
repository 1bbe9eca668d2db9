"""Set up the private .venv: make it, put a llama.cpp that works here into it, install the requirements.

Standard library only, for `launch.py` runs it before anything is installed. Hands out `set_up`, `Environment`,
`Problem` and `provenance`.
"""

from app.setup.environment import Environment
from app.setup.llama.install import provenance
from app.setup.report import Problem
from app.setup.steps import set_up

__all__ = ["Environment", "Problem", "provenance", "set_up"]
