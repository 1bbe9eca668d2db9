"""The buffer types in which llama.cpp's processor backend keeps weights in another order, and leaving some of them out.

llama.cpp can only use all of them or none (`use_extra_bufts`). Some are much faster than plain memory (CPU_REPACK),
one is faulty: AMX stops the process, or computes nonsense, with quantised weights (ggml-org/llama.cpp#20824, #16315).
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

AMX = "AMX"
_LIST = b"ggml_backend_dev_get_extra_bufts"  # what ggml-backend.h calls the function that lists them


def extra() -> list[str]:
    """Return the names of the extra buffer types that models loaded from now on may use, in llama.cpp's order."""
    found = _pointers()
    return [_name(found[i]) for i in range(_length(found))]


def leave_out(names: Sequence[str]) -> list[str]:
    """Take buffer types off llama.cpp's list, for the rest of this process. Returns those that were on it.

    The list is an array that ends with a null pointer and is read at every load (`make_cpu_buft_list`).
    """
    found = _pointers()
    pointers = [found[i] for i in range(_length(found))]
    kept = [pointer for pointer in pointers if _name(pointer) not in names]
    gone = [_name(pointer) for pointer in pointers if pointer not in kept]
    for i in range(len(pointers)):
        found[i] = kept[i] if i < len(kept) else None
    return gone


def _pointers() -> Any:
    """The array of buffer types, as llama.cpp keeps it; empty where this build has no such list."""
    registry = _function("ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)(b"CPU")
    if not registry:
        return (ctypes.c_void_p * 1)()
    address = _function(
        "ggml_backend_reg_get_proc_address", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p
    )(registry, _LIST)
    if not address:
        return (ctypes.c_void_p * 1)()
    device = _function("ggml_backend_reg_dev_get", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(
        registry, 0
    )
    return ctypes.CFUNCTYPE(ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p)(address)(device)


def _length(pointers: Any) -> int:
    count = 0
    while pointers[count]:
        count += 1
    return count


def _name(pointer: int) -> str:
    name: bytes = _function("ggml_backend_buft_name", ctypes.c_char_p, ctypes.c_void_p)(pointer)
    return name.decode()


def _function(name: str, result: Any, *arguments: Any) -> Any:
    from llama_cpp._ggml import libggml

    found = getattr(libggml, name)
    found.restype, found.argtypes = result, list(arguments)
    return found
