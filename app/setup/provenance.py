"""Where the llama.cpp of this environment came from, for a person who wonders about its speed."""

import sys
from pathlib import Path

from app.setup.environment import Environment


def provenance() -> str:
    """Return a sentence about the llama.cpp of the environment that this process runs in; "" where it is unknown."""
    noted = Environment(Path(sys.prefix).parent).notes().get("llama", {})
    backend = noted.get("backend")
    if noted.get("how") == "compiled":
        return f"compiled for this machine ({backend})"
    if noted.get("how") == "prebuilt":
        slower = "which may be slower than one compiled for this very processor: python3 launch.py --compile"
        return f"a prebuilt wheel ({backend}), {slower}"
    return ""
