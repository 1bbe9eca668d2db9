"""Language models: llama.cpp in a process of its own, or a script for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.llm.base import Model


def open_model(
    spec: str,
    *,
    n_ctx: int | None = None,
    threads: int | None = None,
    gpu_layers: int | None = None,
    strict: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> Model:
    """Open the model that `spec` names: a path to a GGUF file, or `scripted:FILE` with a JSONL script.

    `n_ctx` (tokens), `threads` and `gpu_layers` replace what the model and the machine suggest. `strict`: one reply
    at a time, the same whatever else is asked. `on_progress` receives the fraction loaded, 0 to 1. Raises InputError when the file is not a usable model, ModelError when it cannot
    be loaded.
    """
    if spec.startswith("scripted:"):
        from engine.llm.scripted import ScriptedModel

        return ScriptedModel.from_file(spec.removeprefix("scripted:"), n_ctx=n_ctx or 8192)
    from engine.llm.local import LocalModel

    return LocalModel(
        Path(spec),
        n_ctx=n_ctx,
        threads=threads,
        gpu_layers=gpu_layers,
        strict=strict,
        on_progress=on_progress,
    )
