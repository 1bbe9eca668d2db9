"""The sets of adapters that requests are answered with: one for nodes that write cells, one for one-shot sub-calls.

An adapter that was trained to write cells may spoil the reading of sub-calls, so each has a scope. llama.cpp puts
adapters on a whole context: what needs another set is another batch, and shares nothing that was computed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from llama_cpp import llama_cpp as native

from engine.errors import InputError
from engine.types import AdapterInfo, CallRole

ROLES: tuple[CallRole, ...] = ("root", "sub")


class AdapterSets:
    """The sets that loaded adapters make, numbered from 0: one where both roles need the same."""

    def __init__(self, adapters: Sequence[tuple[Any, AdapterInfo]] = ()):
        self._loaded = [(handle, info.scale) for handle, info in adapters]
        by_role = {
            role: tuple(i for i, (_, info) in enumerate(adapters) if info.serves(role)) for role in ROLES
        }
        self._sets = list(dict.fromkeys(by_role.values()))  # places in what is loaded
        self._numbers = {role: self._sets.index(chosen) for role, chosen in by_role.items()}

    def __len__(self) -> int:
        return len(self._sets)

    def number(self, role: CallRole) -> int:
        """Return which set requests of a role are answered with."""
        return self._numbers[role]

    def put_on(self, context: Any, number: int) -> None:
        """Let what a llama.cpp context evaluates next use a set, and no other adapter. Raises InputError when
        llama.cpp refuses.
        """
        chosen = [self._loaded[place] for place in self._sets[number]]
        count = len(chosen)
        handles = (native.llama_adapter_lora_p_ctypes * count)(
            *(ctypes.cast(handle, native.llama_adapter_lora_p_ctypes) for handle, _ in chosen)
        )
        scales = (ctypes.c_float * count)(*(scale for _, scale in chosen))
        if native.llama_set_adapters_lora(context, handles, count, scales):
            raise InputError("llama.cpp cannot use these adapters on this model. Leave them out.")
