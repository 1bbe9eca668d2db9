"""How a person wants models loaded: options of the command line, then variables of the environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from engine.errors import InputError
from engine.llm.gguf.adapters import Adapter
from engine.llm.gguf.fit import Wish

# Fields of a wish by the names of their options and, in capitals after TAPROOT_, of their variables.
NUMBERS = ("window", "gpu_layers", "threads", "batch", "slots")
CACHE_TYPE = "cache_type"
PREFIX = "TAPROOT_"


def wish_of(options: argparse.Namespace, environment: Mapping[str, str] = os.environ) -> Wish:
    """What was asked for; an option counts more than its variable. Raises InputError that names what is wrong."""
    values: dict[str, int | str | None] = {}
    for name in (*NUMBERS, CACHE_TYPE):
        option = getattr(options, "context_window" if name == "window" else name, None)
        if option is not None:
            values[name] = option
        elif stated := environment.get(PREFIX + name.upper(), "").strip():
            values[name] = stated if name == CACHE_TYPE else _number(PREFIX + name.upper(), stated)
    return Wish(**values)  # type: ignore[arg-type]


def adapters_of(options: argparse.Namespace) -> tuple[Adapter, ...]:
    """The LoRA adapters that were named. Raises InputError for a scale or a scope that cannot be."""
    return tuple(Adapter.read(spec) for spec in getattr(options, "lora", None) or ())


def _number(variable: str, text: str) -> int:
    if not text.isdigit():
        raise InputError(
            f"the variable {variable} holds {text!r}, which is not a whole number; correct or unset it"
        )
    return int(text)
