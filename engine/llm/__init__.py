"""Language models: llama.cpp in a process of its own, a server elsewhere, or a script for tests."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import InputError
from engine.paths import expanded

if TYPE_CHECKING:
    from engine.llm.base import Model
    from engine.llm.gguf.adapters import Adapter
    from engine.llm.gguf.fit import Fit, Wish
    from engine.stop import Stop


def open_model(
    spec: str,
    *,
    wish: Wish | None = None,
    fit: Fit | None = None,
    adapters: Sequence[Adapter] = (),
    strict: bool = False,
    data: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    stop: Stop | None = None,
) -> Model:
    """Open the model that `spec` names: a path to a GGUF file, `openai:NAME@http://host:port/v1` or the address of a
    server with one model, or `scripted:FILE` with a JSONL script.

    `wish`: what is not to be chosen by the machine; `fit`: all of it, chosen before. `adapters`: LoRA files put on
    a GGUF. `strict`: one reply at a time,
    the same whatever else is asked. `data`: the data folder, where what loading a file teaches is kept. `on_progress` receives the fraction loaded, 0 to 1. Raises InputError when the
    file is not a usable model or does not fit, ModelError when it cannot be loaded, Cancelled when `stop` is
    requested before it is.
    """
    if adapters and not expanded(spec).is_file():
        raise InputError(
            f"Adapters are put on a GGUF file, and {spec} is none. Load them where the model is."
        )
    if spec.startswith("scripted:"):
        from engine.llm.scripted import ScriptedModel

        window = wish.window if wish else None
        return ScriptedModel.from_file(spec.removeprefix("scripted:"), n_ctx=window or 8192)
    from engine.llm.remote.endpoint import is_remote, read_endpoint

    if is_remote(spec):
        from engine.llm.remote.model import RemoteModel

        window, slots = (wish.window, wish.slots) if wish else (None, None)
        return RemoteModel(
            read_endpoint(spec), window=window, at_once=slots, on_progress=on_progress, stop=stop
        )
    from engine.llm.local.model import LocalModel

    return LocalModel(
        Path(spec),
        wish=wish,
        fit=fit,
        adapters=adapters,
        strict=strict,
        data=data,
        on_progress=on_progress,
        stop=stop,
    )
