"""Language models: llama.cpp in a process of its own, or a script for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.llm.base import Model
    from engine.llm.fit import Fit, Wish


def open_model(
    spec: str,
    *,
    wish: Wish | None = None,
    fit: Fit | None = None,
    strict: bool = False,
    on_progress: Callable[[float], None] | None = None,
) -> Model:
    """Open the model that `spec` names: a path to a GGUF file, or `scripted:FILE` with a JSONL script.

    `wish`: what is not to be chosen by the machine; `fit`: all of it, chosen before. `strict`: one reply at a time,
    the same whatever else is asked. `on_progress` receives the fraction loaded, 0 to 1. Raises InputError when the
    file is not a usable model or does not fit, ModelError when it cannot be loaded.
    """
    if spec.startswith("scripted:"):
        from engine.llm.scripted import ScriptedModel

        window = wish.window if wish else None
        return ScriptedModel.from_file(spec.removeprefix("scripted:"), n_ctx=window or 8192)
    from engine.llm.local import LocalModel

    return LocalModel(Path(spec), wish=wish, fit=fit, strict=strict, on_progress=on_progress)
