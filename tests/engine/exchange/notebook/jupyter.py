"""A stock Jupyter kernel that runs the cells of a notebook in order, as `jupyter nbconvert --execute` does."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.manager import KernelManager

from engine.types import Json

SECONDS = 300


def run_cells(notebook: Json, folder: Path) -> list[tuple[str, list[Json]]]:
    """Status and outputs of each code cell, by a kernel in an empty folder that cannot import Taproot."""
    with (
        tempfile.TemporaryDirectory() as place
    ):  # of its sockets: a free port may be taken before it is bound
        return _run_all(notebook, folder, f"{place}/kernel.json")


def _run_all(notebook: Json, folder: Path, connection: str) -> list[tuple[str, list[Json]]]:
    manager = KernelManager(kernel_name="python3", transport="ipc", connection_file=connection)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    manager.start_kernel(cwd=str(folder), env={**environment, "IPYTHONDIR": str(folder)})
    client = manager.client()
    client.start_channels()
    done = []
    try:
        client.wait_for_ready(timeout=SECONDS)
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                done.append(_run(client, cell["source"]))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return done


def _run(client: Any, code: str) -> tuple[str, list[Json]]:
    outputs: list[Json] = []

    def take(message: Json) -> None:
        kind, content = message["msg_type"], message["content"]
        if kind in ("stream", "display_data", "execute_result", "error"):
            outputs.append({"output_type": kind, **content})

    answer = client.execute_interactive(code, timeout=SECONDS, output_hook=take, allow_stdin=False)
    return answer["content"]["status"], outputs


def words(outputs: list[Json]) -> str:
    """The text of outputs; of an error its name and message, for tracebacks are laid out otherwise elsewhere."""
    parts = []
    for output in outputs:
        match output["output_type"]:
            case "stream":
                parts.append(output["text"])
            case "error":
                parts.append(f"{output['ename']}: {output['evalue']}\n")
            case _:
                parts.append(
                    "[picture]\n" if "image/png" in output["data"] else output["data"]["text/plain"] + "\n"
                )
    return "".join(parts)
