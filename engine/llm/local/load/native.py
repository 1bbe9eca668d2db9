"""llama.cpp through its C interface: one loaded model, from which contexts are made."""

from __future__ import annotations

import ctypes
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from llama_cpp import llama_cpp as native

from engine.errors import InputError, ModelError
from engine.llm.gguf.facts import GgufFacts
from engine.llm.gguf.fit import Fit
from engine.llm.local.adapter_sets import AdapterSets
from engine.llm.local.context import Context
from engine.llm.local.load import buffer_types
from engine.llm.local.load.load_options import SafeMode
from engine.llm.local.text.tokens import Vocabulary
from engine.types import AdapterInfo

LOG_ERROR = 3  # ggml's level
ALL_LAYERS = -1
CACHE_TYPES = {"f16": native.GGML_TYPE_F16, "q8_0": native.GGML_TYPE_Q8_0}

_lines: deque[str] = deque(maxlen=8)  # llama.cpp's last errors


@native.llama_log_callback  # type: ignore[untyped-decorator]  # made by ctypes
def _keep_line(level: int, text: bytes, _: Any) -> None:
    if level == LOG_ERROR:
        _lines.append(text.decode("utf-8", "replace").strip())


def _reason() -> str:
    """Return llama.cpp's own first words on the last error."""
    line = next((line for line in _lines if line), "it gave no reason")
    return line.partition(": ")[2].strip().rstrip(".") or line


class Native:
    """A loaded model. `exact`: it cannot forget the end of a text (recurrent and hybrid models). `offloads`:
    a GPU computes for it.

    `adapters`: LoRA files with their scales and scopes. `mode`: what of llama.cpp is left alone. Raises InputError when
    llama.cpp does not accept a file.
    """

    def __init__(
        self,
        facts: GgufFacts,
        *,
        gpu_layers: int,
        adapters: Sequence[tuple[Path, AdapterInfo]] = (),
        mode: SafeMode = SafeMode.USUAL,
        on_progress: Callable[[float], None],
    ):
        native.llama_log_set(_keep_line, ctypes.c_void_p(0))
        native.llama_backend_init()
        self._mode = mode
        if mode >= SafeMode.USUAL:
            buffer_types.leave_out([buffer_types.AMX])
        self.offloads = bool(native.llama_supports_gpu_offload()) and gpu_layers > 0
        self._model = self._load(facts, gpu_layers, on_progress)
        self.adapters = AdapterSets([(self._adapter(path), info) for path, info in adapters])
        self.vocabulary = Vocabulary(native.llama_model_get_vocab(self._model))
        model = self._model
        self.exact = bool(native.llama_model_is_recurrent(model) or native.llama_model_is_hybrid(model))

    def context(self, fit: Fit, sequences: int) -> Context:
        """Make a context as `fit` says, for at most `sequences` sequences. Raises ModelError when there is not
        enough memory.
        """
        parameters = native.llama_context_default_params()
        parameters.n_ctx = fit.pool
        parameters.n_batch = parameters.n_ubatch = fit.batch
        parameters.n_seq_max = sequences
        parameters.n_threads = parameters.n_threads_batch = fit.threads
        parameters.type_k = parameters.type_v = CACHE_TYPES[fit.cache_type]
        parameters.kv_unified = True
        parameters.swa_full = True
        if self._mode >= SafeMode.NO_FLASH:
            parameters.flash_attn_type = native.LLAMA_FLASH_ATTN_TYPE_DISABLED
        elif fit.cache_type != "f16":
            parameters.flash_attn_type = native.LLAMA_FLASH_ATTN_TYPE_ENABLED  # llama.cpp demands it
        elif not self.offloads:  # there it is on where the model and the GPU can
            parameters.flash_attn_type = int(fit.flash)
        _lines.clear()
        handle = native.llama_init_from_model(self._model, parameters)
        if not handle:
            raise ModelError(
                f"There is not enough memory for {fit.pool:,} tokens ({_reason()}). "
                "Choose a smaller window or a smaller model."
            )
        return Context(
            handle, self, self.vocabulary, exact=self.exact, batch=fit.batch, adapters=self.adapters
        )

    def _adapter(self, path: Path) -> Any:
        _lines.clear()
        adapter = native.llama_adapter_lora_init(self._model, os.fsencode(path))
        if not adapter:
            raise InputError(
                f"llama.cpp cannot put the adapter {path} on this model: {_reason()}. Choose the model it was trained on."
            )
        return adapter

    def _load(self, facts: GgufFacts, gpu_layers: int, on_progress: Callable[[float], None]) -> Any:
        def progress(fraction: float, _: Any) -> bool:
            on_progress(fraction)
            return True

        parameters = native.llama_model_default_params()
        whole = gpu_layers >= facts.layers
        parameters.n_gpu_layers = (ALL_LAYERS if whole else gpu_layers) if self.offloads else 0
        parameters.use_extra_bufts = self._mode < SafeMode.PLAIN_BUFFERS
        callback = native.llama_progress_callback(progress)
        parameters.progress_callback = callback
        model = native.llama_model_load_from_file(os.fsencode(facts.path), parameters)
        if not model:
            raise InputError(
                f"llama.cpp cannot load the model {facts.path}: {_reason()}. Choose another file, or update "
                "llama-cpp-python if the model is newer than it."
            )
        if native.llama_model_has_encoder(model) or not native.llama_model_has_decoder(model):
            raise InputError(f"The model {facts.path} cannot write text on its own. Choose a chat model.")
        return model
